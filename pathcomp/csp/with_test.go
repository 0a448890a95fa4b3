// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// TestWithLooksAtEveryBound opens an arc that is dear and slow, and better only
// in what another bound is about, when the least of that is known already.
func TestWithLooksAtEveryBound(t *testing.T) {
	t.Parallel()
	arcs := []csp.Arc{{From: 0, To: 1, Cost: 1, Delay: 1, Loss: 5}, {From: 1, To: 2, Cost: 1, Delay: 1, Loss: 5}, {From: 0, To: 2, Cost: 100, Delay: 100, Loss: 1}}
	for name, bound := range map[string]func(tour *csp.Tour, short bool){
		"hops": func(tour *csp.Tour, short bool) { tour.MaxHops = map[bool]uint32{true: 1, false: 2}[short] },
		"loss": func(tour *csp.Tour, short bool) { tour.MaxLoss = map[bool]uint32{true: 1, false: 10}[short] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := csp.NewGraph(3, arcs)
			if err != nil {
				t.Fatal(err)
			}
			s := csp.NewSolver(g, csp.Options{Open: func(arc, _ uint32) bool { return arc < 2 }})
			s.Prepare(2)
			tour := csp.Tour{From: 0, MaxDelay: 200, Legs: []csp.Leg{{To: 2}}}
			tour.Legs[0].Usable = below(2)
			bound(&tour, false)
			if r, _ := s.FindTour(tour, nil); !r.Found || r.Cost != 2 {
				t.Fatalf("over both arcs: %+v", r)
			}
			s = s.With(g.With(nil), nil, []uint32{2}, func(uint32, uint32) bool { return true })
			tour.Legs[0].Usable = below(3)
			bound(&tour, true)
			if r, _ := s.FindTour(tour, nil); !r.Found || r.Cost != 100 {
				t.Errorf("over the arc that was opened: %+v", r)
			}
		})
	}
}

// below lets arcs of lower numbers through.
type below uint32

func (b below) Usable(arc uint32) bool { return arc < uint32(b) }
