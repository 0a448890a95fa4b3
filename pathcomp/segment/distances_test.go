// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

func TestCacheForgets(t *testing.T) {
	t.Parallel()
	const nodes = 20
	var arcs []csp.Arc
	for i := range uint32(nodes) {
		arcs = append(arcs, csp.Arc{From: i, To: (i + 1) % nodes, Cost: 1})
	}
	g, err := csp.NewGraph(nodes, arcs)
	if err != nil {
		t.Fatal(err)
	}
	v := View{Graph: g, Arcs: slices.Repeat([]ArcState{{IGP: true}}, nodes), Nodes: slices.Repeat([]NodeState{{Transit: true}}, nodes)}
	v.Arcs[3].IGP, v.Nodes[11].Transit = false, false
	const most = 6 // destinations: two generations of 3
	c := newCache(v, most*4*nodes)
	busy := &c.To(0)[0]
	for round := range 3 {
		for to := range uint32(nodes) {
			if diff := cmp.Diff(g.DistancesTo(to, forwarding{v, to}), c.To(to)); diff != "" {
				t.Fatalf("round %d, to %d: (-want +got)\n%s", round, to, diff)
			}
			if n := len(c.young) + len(c.old); n > most {
				t.Fatalf("round %d, to %d: %d destinations are kept, at most %d may be", round, to, n, most)
			}
			if &c.To(0)[0] != busy {
				t.Fatalf("round %d, to %d: what is always in use was forgotten", round, to)
			}
		}
	}
}

func TestForwardingEndsWhereTransitDoes(t *testing.T) {
	t.Parallel()
	g, err := csp.NewGraph(3, []csp.Arc{{From: 0, To: 1, Cost: 1}, {From: 1, To: 2, Cost: 1}})
	if err != nil {
		t.Fatal(err)
	}
	v := View{Graph: g, Arcs: slices.Repeat([]ArcState{{IGP: true}}, 2), Nodes: make([]NodeState, 3)}
	c := newCache(v, mostCached)
	if diff := cmp.Diff([]uint32{1, 0, csp.Unreachable}, c.To(1)); diff != "" {
		t.Errorf("to a node that is no transit: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]uint32{csp.Unreachable, 1, 0}, c.To(2)); diff != "" {
		t.Errorf("through it: (-want +got)\n%s", diff)
	}
}
