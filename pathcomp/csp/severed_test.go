// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// ladder has nodes in two rows, each joined to the next of both rows there and
// back, so that there are many ways of different cost and delay.
func ladder(length uint32) instance {
	in := instance{nodes: int(2 * length)}
	link := func(a, b, cost, delay uint32) {
		in.arcs = append(in.arcs, csp.Arc{From: a, To: b, Cost: cost, Delay: delay}, csp.Arc{From: b, To: a, Cost: cost, Delay: delay})
		in.usable = append(in.usable, true, true)
	}
	for i := uint32(0); i+2 < 2*length; i += 2 {
		link(i, i+2, 1, 2)
		link(i, i+3, 2, 1)
		link(i+1, i+2, 2, 2)
		link(i+1, i+3, 3, 1)
	}
	return in
}

// TestSevered holds that a search soon knows when no usable arcs join its ends,
// and lets no bound on expansions keep it from a path that there is.
func TestSevered(t *testing.T) {
	t.Parallel()
	const length, few = 60, 8
	tests := []struct {
		name string
		cut  uint32 // no arc from a node below it to one that is not is usable
		way  bool   // but one
		want bool
	}{
		{"at the destination", 2*length - 2, false, false},
		{"at the source", 4, false, false},
		{"in the middle", length, false, false},
		{"but for one arc", length, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := ladder(length)
			for i, a := range in.arcs {
				if a.From < tt.cut && a.To >= tt.cut {
					in.usable[i], tt.way = tt.way, false
				}
			}
			s := solver(t, in, 1<<30)
			s.Prepare(2*length - 1)
			q := csp.Query{From: 0, To: 2*length - 1, MaxDelay: 100}
			got, path := s.Find(q, in.usable, nil)
			if got.Found != tt.want || !got.Found && got.Expansions > few {
				t.Errorf("got %+v, want found %t, if not with at most %d expansions", got, tt.want, few)
			}
			if fault := in.fault(q, got, path, in.joksch(q)); fault != "" {
				t.Error(fault)
			}
			turn, _ := s.FindTour(csp.Tour{From: 0, Legs: []csp.Leg{{To: q.To, Usable: in.usable}, {To: q.From, Turn: true}}, MaxDelay: 300}, nil)
			if turn.Found != tt.want {
				t.Errorf("round trip %+v, want found %t", turn, tt.want)
			}
		})
	}
}
