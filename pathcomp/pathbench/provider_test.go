// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

func provider(t testing.TB, nodes int, seed uint64) *pathbench.Provider {
	t.Helper()
	p, err := pathbench.NewProvider(nodes, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func providerQueries(t testing.TB, p *pathbench.Provider, count int) []pathbench.Query {
	t.Helper()
	queries, err := p.Queries(count, 1)
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

func TestProviderIsDeterministic(t *testing.T) {
	t.Parallel()
	first, again := provider(t, 1000, 7), provider(t, 1000, 7)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed gives another network: %s", diff)
	}
	if diff := cmp.Diff(providerQueries(t, first, 100), providerQueries(t, again, 100)); diff != "" {
		t.Errorf("the same seed gives other queries: %s", diff)
	}
	if cmp.Equal(first.Graph, provider(t, 1000, 8).Graph) {
		t.Error("another seed gives the same network")
	}
}

func TestProviderNeedsItsTiers(t *testing.T) {
	t.Parallel()
	if _, err := pathbench.NewProvider(19, 1); err == nil {
		t.Error("19 nodes were taken")
	}
}

// TestProviderIsOneNetwork holds what benchmarks rely on: sizes, arcs there and
// back, and no node whose loss parts two others.
func TestProviderIsOneNetwork(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{20, 33, 100, 500} {
		p := provider(t, nodes, 3)
		g := p.Graph
		if g.Nodes != nodes || len(g.Mbps) != len(g.Arcs) || len(p.Gateways) < 2 || len(p.Sites) == 0 {
			t.Fatalf("%d nodes: %d nodes, %d arcs, %d rates, %d gateways, %d sites", nodes, g.Nodes, len(g.Arcs), len(g.Mbps), len(p.Gateways), len(p.Sites))
		}
		for i := 0; i < len(g.Arcs); i += 2 {
			there, back := g.Arcs[i], g.Arcs[i+1]
			if there != (csp.Arc{From: back.To, To: back.From, Cost: back.Cost, Delay: back.Delay}) || there.From == there.To {
				t.Fatalf("%d nodes: arcs %+v and %+v are no link", nodes, there, back)
			}
		}
		graph, err := csp.NewGraph(nodes, g.Arcs)
		if err != nil {
			t.Fatal(err)
		}
		for lost := range uint32(nodes) {
			to := (lost + 1) % uint32(nodes)
			for from, d := range graph.DistancesTo(to, without{g, lost}) {
				if d == csp.Unreachable && uint32(from) != lost {
					t.Fatalf("%d nodes: no way from %d to %d without %d", nodes, from, to, lost)
				}
			}
		}
	}
}

// without lets all arcs through but those of a node.
type without struct {
	graph *pathbench.Graph
	node  uint32
}

func (w without) Usable(arc uint32) bool {
	a := w.graph.Arcs[arc]
	return a.From != w.node && a.To != w.node
}

// TestProviderQueries holds that most queries have an answer, that it is not
// always the cheapest way, and that what is said to have none has none.
func TestProviderQueries(t *testing.T) {
	t.Parallel()
	p := provider(t, 1000, 1)
	graph, err := csp.NewGraph(p.Graph.Nodes, p.Graph.Arcs)
	if err != nil {
		t.Fatal(err)
	}
	solver, plain := csp.NewSolver(graph, csp.Options{}), csp.NewDijkstra(graph)
	queries := providerQueries(t, p, 1000)
	found, bound := 0, 0
	for i, q := range queries {
		got, _ := solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, p.Graph.Usable(q.Mbps), nil)
		least, ok := plain.Distance(q.From, q.To, p.Graph.Usable(q.Mbps))
		if got.Found && (i%20 == 19 || !ok || got.Cost < least) {
			t.Fatalf("query %d %+v: found %+v, cheapest without a bound %d", i, q, got, least)
		}
		if got.Found {
			found++
			if got.Cost > least {
				bound++
			}
		}
	}
	if found < 700 || found > 950 || bound < 50 {
		t.Errorf("of 1000 queries %d have an answer, %d of them not the cheapest way", found, bound)
	}
	t.Logf("of 1000 queries %d have an answer, %d of them not the cheapest way; %d arcs", found, bound, len(p.Graph.Arcs))
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	p := provider(t, 50, 1)
	queries := providerQueries(t, p, 40)
	var graph, asked bytes.Buffer
	if err := pathbench.WriteGraph(&graph, p.Graph); err != nil {
		t.Fatal(err)
	}
	if err := pathbench.WriteQueries(&asked, queries); err != nil {
		t.Fatal(err)
	}
	g, err := pathbench.ReadGraph(&graph)
	if err != nil {
		t.Fatal(err)
	}
	q, err := pathbench.ReadQueries(&asked, g.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Graph, g) + cmp.Diff(queries, q); diff != "" {
		t.Errorf("what was read differs: %s", diff)
	}
}
