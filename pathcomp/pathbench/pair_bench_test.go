// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// pairGraph is a graph with the risks of its arcs.
type pairGraph struct {
	name   string
	nodes  int
	arcs   []csp.Arc
	link   []uint32   // by arc
	groups [][]uint32 // shared risk link groups, by arc
	edges  []uint32   // nodes that sessions end at
}

// connect adds a link, both ways.
func (g *pairGraph) connect(a, b, cost, delay uint32, groups ...uint32) {
	link := uint32(len(g.arcs))
	g.arcs = append(g.arcs, csp.Arc{From: a, To: b, Cost: cost, Delay: delay}, csp.Arc{From: b, To: a, Cost: cost, Delay: delay})
	g.link = append(g.link, link, link)
	g.groups = append(g.groups, groups, groups)
}

// dualHomed makes a core on a plane, in which nodes are linked to near ones,
// pairs of aggregation nodes, each on two near core nodes, and PEs, each on
// both nodes of a pair. Links of the core that leave a place the same way share a
// duct. Some links have a cost that has nothing to do with their length.
func dualHomed(nodes int) pairGraph {
	r := rand.New(rand.NewPCG(21, 22))
	g := pairGraph{name: fmt.Sprint("dual-homed", nodes), nodes: nodes}
	core := nodes / 40
	pairs := nodes / 12
	x, y := make([]float64, nodes), make([]float64, nodes)
	place := func(i int, near int, spread float64) {
		x[i], y[i] = r.Float64()*5000, r.Float64()*5000
		if near >= 0 {
			x[i], y[i] = x[near]+r.NormFloat64()*spread, y[near]+r.NormFloat64()*spread
		}
	}
	micros := func(a, b int) uint32 { return 10 + uint32(math.Hypot(x[a]-x[b], y[a]-y[b])) }
	link := func(a, b int) {
		delay := micros(a, b)
		cost := 10 + delay/10
		if r.IntN(3) == 0 {
			cost = []uint32{10, 40, 100, 400}[r.IntN(4)]
		}
		if max(a, b) >= core {
			g.connect(uint32(a), uint32(b), cost, delay)
			return
		}
		direction := int(math.Atan2(y[b]-y[a], x[b]-x[a])/math.Pi*3 + 3)
		back := (direction + 3) % 6
		g.connect(uint32(a), uint32(b), cost, delay, uint32(1e6+a*6+direction%6), uint32(1e6+b*6+back))
	}
	for i := range core {
		place(i, -1, 0)
	}
	near := func(at, n int) []int {
		others := make([]int, 0, core)
		for i := range core {
			if i != at {
				others = append(others, i)
			}
		}
		slices.SortFunc(others, func(a, b int) int { return int(micros(at, a)) - int(micros(at, b)) })
		return others[:n]
	}
	for i := range core {
		link(i, (i+1)%core)
		for _, k := range near(i, 3) {
			link(i, k)
		}
	}
	for i := range pairs {
		a, b := core+2*i, core+2*i+1
		place(a, r.IntN(core), 200)
		place(b, a, 20)
		homes := near(a, 2)
		link(a, homes[0])
		link(b, homes[1])
		link(a, b)
	}
	for i := core + 2*pairs; i < nodes; i++ {
		a := core + 2*r.IntN(pairs)
		place(i, a, 50)
		link(i, a)
		link(i, a+1)
		g.edges = append(g.edges, uint32(i))
	}
	return g
}

// measured takes a graph from a file. Arcs there and back are a link.
func measured(name string, read *pathbench.Graph) pairGraph {
	r := rand.New(rand.NewPCG(23, 24))
	g := pairGraph{name: name, nodes: read.Nodes, arcs: read.Arcs}
	open := map[[2]uint32][]uint32{}
	for i, a := range g.arcs {
		link, back := uint32(i), [2]uint32{a.To, a.From}
		if waiting := open[back]; len(waiting) > 0 {
			link, open[back] = waiting[0], waiting[1:]
		} else {
			ends := [2]uint32{a.From, a.To}
			open[ends] = append(open[ends], link)
		}
		g.link = append(g.link, link)
		g.groups = append(g.groups, nil)
		if link != uint32(i) {
			group := uint32(1e6) + r.Uint32N(uint32(len(g.arcs)/5))
			g.groups[i] = []uint32{group}
			g.groups[link] = g.groups[i]
		}
	}
	for i := range uint32(g.nodes) {
		g.edges = append(g.edges, i)
	}
	return g
}

// queries asks for pairs between random nodes, one or two at each end, with a
// bound of 1.3 to 2 times the least delay.
func (g *pairGraph) queries(s *csp.Solver, n int) []csp.PairQuery {
	r := rand.New(rand.NewPCG(25, 26))
	var out []csp.PairQuery
	node := func() uint32 { return g.edges[r.IntN(len(g.edges))] }
	for len(out) < n {
		a, z := node(), node()
		q := csp.PairQuery{From: [2]uint32{a, a}, To: [2]uint32{z, z}}
		if r.IntN(3) == 0 {
			q.To[1] = node()
		}
		if r.IntN(6) == 0 {
			q.From[1] = node()
		}
		var most uint32
		for i := range 2 {
			least, _ := s.LeastDelay(q.From[i], q.To[i], nil)
			most = max(most, least)
		}
		q.MaxDelay = uint32(float64(most) * (1.3 + 0.7*r.Float64()))
		if a != z {
			out = append(out, q)
		}
	}
	return out
}

// BenchmarkPair finds disjoint pairs. The shares and searches do not depend on
// the machine.
func BenchmarkPair(b *testing.B) {
	graphs := []pairGraph{dualHomed(1000), dualHomed(10_000)}
	if dir, ok := casesDir(); ok {
		for _, c := range cases() {
			g, _, _ := load(b, dir, c.name)
			graphs = append(graphs, measured(c.name, g))
		}
	}
	for i := range graphs {
		g := &graphs[i]
		graph, err := csp.NewGraph(g.nodes, g.arcs)
		if err != nil {
			b.Fatal(err)
		}
		solver := csp.NewSolver(graph, csp.Options{})
		queries := g.queries(solver, 100)
		links := func(arc uint32) []uint32 { return []uint32{g.link[arc]} }
		groups := func(arc uint32) []uint32 { return append(links(arc), g.groups[arc]...) }
		b.Run(g.name+"/link", func(b *testing.B) { pairs(b, csp.NewPairSolver(solver, csp.NewRisks(graph, links, false)), queries) })
		b.Run(g.name+"/node", func(b *testing.B) { pairs(b, csp.NewPairSolver(solver, csp.NewRisks(graph, links, true)), queries) })
		b.Run(g.name+"/srlg", func(b *testing.B) { pairs(b, csp.NewPairSolver(solver, csp.NewRisks(graph, groups, false)), queries) })
		b.Run(g.name+"/srlg+node", func(b *testing.B) { pairs(b, csp.NewPairSolver(solver, csp.NewRisks(graph, groups, true)), queries) })
	}
}

func pairs(b *testing.B, s *csp.PairSolver, queries []csp.PairQuery) {
	b.Helper()
	for _, q := range queries {
		q.Budget = 1
		s.Find(q, nil) // warms the bounds up
	}
	var counts [4]int
	searches, most, gap := 0, 0, 0.0
	times := make([]float64, len(queries))
	for i, q := range queries { // the numbers, and the times once warm
		begin := time.Now()
		r := s.Find(q, nil)
		times[i] = float64(time.Since(begin).Nanoseconds()) / 1000
		counts[r.Status]++
		searches += r.Searches
		most = max(most, r.Searches)
		if r.Status == csp.PairFeasible {
			gap = max(gap, float64(r.Sum())/float64(r.LowerBound)-1)
		}
	}
	slices.Sort(times)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Find(queries[i%len(queries)], nil)
		i++
	}
	share := func(s csp.PairStatus) float64 { return float64(counts[s]) / float64(len(queries)) }
	b.ReportMetric(share(csp.PairOptimal), "optimal")
	b.ReportMetric(share(csp.PairNone), "none")
	b.ReportMetric(share(csp.PairFeasible), "feasible")
	b.ReportMetric(share(csp.PairUnknown), "unknown")
	b.ReportMetric(gap*100, "max-gap-%")
	b.ReportMetric(float64(searches)/float64(len(queries)), "searches/query")
	b.ReportMetric(float64(most), "max-searches")
	b.ReportMetric(times[len(times)/2], "p50-µs")
	b.ReportMetric(times[len(times)*99/100], "p99-µs")
}
