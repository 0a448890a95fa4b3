// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// TestCorridor finds the nodes on shortest ways under distances of before some arcs were
// lost and others became dearer, and compares them with what whole searches tell.
func TestCorridor(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(41, 42))
	var c csp.Corridor
	wide, none := 0, 0
	for graph := range 1000 {
		nodes := 2 + r.IntN(60)
		in := randomInstance(r, nodes, nodes+r.IntN(3*nodes), 5)
		was, err := csp.NewGraph(in.nodes, in.arcs)
		if err != nil {
			t.Fatal(err)
		}
		to := r.Uint32N(uint32(nodes))
		least := was.DistancesTo(to, nil)
		for i := range in.arcs {
			if r.IntN(5) == 0 {
				in.arcs[i].Cost += r.Uint32N(4)
			}
		}
		g, err := csp.NewGraph(in.nodes, in.arcs)
		if err != nil {
			t.Fatal(err)
		}
		distances := g.DistancesTo(to, in.usable)
		for range 10 {
			from := r.Uint32N(uint32(nodes))
			var want []csp.Place
			if distances[from] != csp.Unreachable {
				for node, ok := range in.onShortest(from, to, distances) {
					if ok {
						want = append(want, csp.Place{Node: uint32(node), Distance: distances[node]})
					}
				}
			}
			got := c.Find(g, from, to, least, in.usable)
			if !slices.Equal(got, want) {
				t.Fatalf("graph %d, %d to %d: %v, want %v", graph, from, to, got, want)
			}
			if len(got) == 0 {
				none++
			} else if len(got) > 5 {
				wide++
			}
		}
	}
	if wide < 500 || none < 500 {
		t.Errorf("%d corridors with more than 5 nodes, %d without a way: this shows little", wide, none)
	}
}

// onShortest says of each node whether a shortest way from one leads over it.
func (in instance) onShortest(from, to uint32, distances []uint32) []bool {
	on := make([]bool, in.nodes)
	on[from] = true
	for changed := true; changed; {
		changed = false
		for i, a := range in.arcs {
			if in.usable[i] && on[a.From] && a.From != to && !on[a.To] && distances[a.To] != csp.Unreachable &&
				uint64(distances[a.From]) == uint64(distances[a.To])+uint64(a.Cost) {
				on[a.To], changed = true, true
			}
		}
	}
	return on
}
