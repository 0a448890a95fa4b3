// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/heaptest"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
)

// noon is the time of benchmarks, always.
func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// session is a day's demand for 1 Mbit/s.
func session(n *topology.Network, q pathbench.Query) pathcomp.Demand {
	return pathcomp.Demand{
		From: pathcomp.Terminal{Node: n.Nodes[q.From].Name}, To: pathcomp.Terminal{Node: n.Nodes[q.To].Name},
		Kbps: [2]uint64{1000, 1000}, Class: "gold", BookingPermille: 1000,
		Window: pathcomp.Window{From: noon(), Until: noon().Add(24 * time.Hour)},
	}
}

// busiest returns the link that most of the queries take.
func busiest(b *testing.B, core *pathcomp.Core, queries []pathbench.Query) topology.Link {
	b.Helper()
	n := core.Network()
	taken := map[topology.ArcName]int{}
	for _, q := range queries {
		if a, refusal := core.Steer(session(n, q)); refusal == nil {
			for _, arc := range a.Links[0] {
				taken[arc]++
			}
		}
	}
	var best topology.Link
	most := 0
	for _, l := range n.Links {
		if count := taken[topology.LinkArc(l.Name, 0)] + taken[topology.LinkArc(l.Name, 1)]; count > most {
			best, most = l, count
		}
	}
	return best
}

// sold is a network with so many sessions over its busiest link, and the others
// that were sold meanwhile.
func sold(b *testing.B, g *pathbench.Graph, queries []pathbench.Query, count int) (*pathcomp.Core, topology.Link, map[string]pathcomp.Claim) {
	b.Helper()
	n := pathbench.Network(g)
	ledger := pathcomp.NewLedger(noon)
	core, err := pathcomp.NewCore(n, ledger, noon)
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range queries { // as Run does
		core.Prepare(context.Background(), n.Nodes[q.To].Name)
	}
	link := busiest(b, core, queries)
	claims := map[string]pathcomp.Claim{}
	for i := 0; len(ledger.OwnersOn(topology.LinkArc(link.Name, 0))) < count && i < 500*count; i++ {
		c := pathcomp.Claim{Owner: fmt.Sprint(i), Demand: session(n, queries[i%len(queries)]), Rank: i % 3}
		a, refusal := core.Steer(c.Demand)
		if refusal != nil {
			continue
		}
		if err := ledger.Reserve(c.Owner, a); err != nil {
			b.Fatal(err)
		}
		ledger.Settle([]pathcomp.Booking{{Seq: ledger.Known() + 1, Owner: c.Owner, Class: a.Class, Window: a.Window, Uses: a.Uses}})
		claims[c.Owner] = c
	}
	return core, link, claims
}

// BenchmarkRepair plans where 1,000 sessions over one link go when it fails.
func BenchmarkRepair(b *testing.B) {
	g, queries := large(b, 10_000)
	core, link, claims := sold(b, g, queries, 1000)
	link.Down = true
	for _, steered := range []bool{true, false} {
		if !steered { // what was sold was searched for
			for _, c := range claims {
				if _, refusal := core.Search(c.Demand); refusal != nil && refusal.Cause == pathcomp.NoPath {
					b.Fatal(refusal)
				}
			}
		}
		b.Run(map[bool]string{true: "steered", false: "igp"}[steered], func(b *testing.B) {
			var hit, moved int
			b.ReportAllocs()
			before := pathbench.ProcessTime()
			for b.Loop() {
				fork := core.Fork()
				if err := fork.Update(pathcomp.Update{Links: []topology.Link{link}}); err != nil {
					b.Fatal(err)
				}
				var affected []pathcomp.Claim
				for _, owner := range fork.Affected() {
					affected = append(affected, claims[owner])
				}
				hit, moved = len(affected), 0
				for _, m := range fork.Repair(affected, steered) {
					if m.Refusal == nil {
						moved++
					}
				}
			}
			b.ReportMetric(float64((pathbench.ProcessTime()-before).Milliseconds())/float64(b.N), "cpu-ms/failure")
			b.ReportMetric(float64(hit), "affected")
			b.ReportMetric(float64(moved), "moved")
			b.ReportMetric(float64(len(claims)), "sessions")
		})
	}
}

// large returns csp10k where it is there, else a provider made up.
func large(b *testing.B, nodes int) (*pathbench.Graph, []pathbench.Query) {
	b.Helper()
	if dir, ok := casesDir(); ok && nodes == 10_000 {
		g, queries, _ := load(b, dir, "csp10k")
		return g, queries
	}
	p := provider(b, nodes, 1)
	return p.Graph, providerQueries(b, p, 2000)
}

// BenchmarkFork forks a network of 50,000 nodes, fails a link and asks for a
// path.
func BenchmarkFork(b *testing.B) {
	p := provider(b, 50_000, 1)
	n := pathbench.Network(p.Graph)
	core, err := pathcomp.NewCore(n, pathcomp.NewLedger(noon), noon)
	if err != nil {
		b.Fatal(err)
	}
	d := session(n, pathbench.Query{From: p.Sites[0], To: p.Gateways[0]})
	core.Prepare(context.Background(), d.To.Node)
	link := n.Links[0]
	link.Down = true
	b.ReportAllocs()
	for b.Loop() {
		fork := core.Fork()
		if err := fork.Update(pathcomp.Update{Links: []topology.Link{link}}); err != nil {
			b.Fatal(err)
		}
		if _, refusal := fork.Steer(d); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkPrepare computes the bounds to 100 nodes of a network of 50,000.
func BenchmarkPrepare(b *testing.B) {
	p := provider(b, 50_000, 1)
	n := pathbench.Network(p.Graph)
	var gateways []topology.NodeName
	for _, i := range append(p.Gateways, p.Sites...)[:100] {
		gateways = append(gateways, n.Nodes[i].Name)
	}
	for b.Loop() {
		b.StopTimer()
		core, err := pathcomp.NewCore(n, pathcomp.NewLedger(noon), noon)
		if err != nil {
			b.Fatal(err)
		}
		began := pathbench.ProcessTime()
		b.StartTimer()
		core.Prepare(context.Background(), gateways...)
		b.ReportMetric((pathbench.ProcessTime() - began).Seconds(), "cpu-s/100-gateways")
	}
}

// BenchmarkMemory weighs what a network of 50,000 nodes takes.
func BenchmarkMemory(b *testing.B) {
	p := provider(b, 50_000, 1)
	n := pathbench.Network(p.Graph)
	arcs := float64(2 * len(n.Links))
	var graph, whole, destination float64
	for b.Loop() {
		empty := float64(heaptest.Now().Octets)
		g, err := csp.NewGraph(p.Graph.Nodes, p.Graph.Arcs)
		if err != nil {
			b.Fatal(err)
		}
		graph = float64(heaptest.Now().Octets) - empty
		runtime.KeepAlive(g)
		empty = float64(heaptest.Now().Octets)
		core, err := pathcomp.NewCore(n, pathcomp.NewLedger(noon), noon)
		if err != nil {
			b.Fatal(err)
		}
		whole = float64(heaptest.Now().Octets) - empty
		core.Prepare(context.Background(), n.Nodes[0].Name)
		one := float64(heaptest.Now().Octets)
		core.Prepare(context.Background(), n.Nodes[1].Name, n.Nodes[2].Name)
		destination = (float64(heaptest.Now().Octets) - one) / 2
		runtime.KeepAlive(core)
	}
	b.ReportMetric(graph/arcs, "graph-B/arc")
	b.ReportMetric(whole/arcs, "snapshot-B/arc")
	b.ReportMetric(destination, "destination-B")
}
