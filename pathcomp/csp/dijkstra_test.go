// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// bellmanFord relaxes all usable arcs until nothing changes: the distances to a
// node.
func (in instance) bellmanFord(to uint32) []uint32 {
	dist := make([]uint32, in.nodes)
	for i := range dist {
		dist[i] = csp.Unreachable
	}
	dist[to] = 0
	for changed := true; changed; {
		changed = false
		for i, a := range in.arcs {
			next := uint64(dist[a.To]) + uint64(a.Cost)
			if in.usable[i] && next <= csp.MaxPath && next < uint64(dist[a.From]) {
				dist[a.From], changed = uint32(next), true
			}
		}
	}
	return dist
}

// TestDijkstra asks one Dijkstra again and again, on costs from 0 to the
// largest there are.
func TestDijkstra(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 8))
		nodes := rapid.IntRange(1, 60).Draw(t, "nodes")
		in := randomInstance(r, nodes, r.IntN(4*nodes), rapid.SampledFrom([]uint32{1, 2, 30, 1 << 20, csp.Unreachable}).Draw(t, "most"))
		g, err := csp.NewGraph(in.nodes, in.arcs)
		if err != nil {
			t.Fatal(err)
		}
		plain := csp.NewDijkstra(g)
		for to := range uint32(nodes) {
			want := in.bellmanFord(to)
			if diff := cmp.Diff(want, g.DistancesTo(to, in.usable)); diff != "" {
				t.Fatalf("to %d: %s", to, diff)
			}
			for from := range uint32(nodes) {
				got, ok := plain.Distance(from, to, in.usable)
				if ok != (want[from] != csp.Unreachable) || ok && got != want[from] {
					t.Fatalf("from %d to %d: %d %t, want %d", from, to, got, ok, want[from])
				}
			}
		}
	})
}
