// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// TestBackAgainstJoksch asks for what the bounds on the whole graph do not tell: a third
// of the arcs is not usable, some have become dearer since, and the budget is spent soon.
func TestBackAgainstJoksch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	searched, found, none := 0, 0, 0
	for graph := range 300 {
		nodes := 20 + r.IntN(100)
		in := randomInstance(r, nodes, nodes*2+r.IntN(nodes*3), 40)
		s := solver(t, in, 1+r.IntN(3))
		to := r.Uint32N(uint32(nodes))
		s.Prepare(to)
		var changes []csp.Metrics
		var numbers []uint32
		for i := range in.arcs {
			if in.usable[i] = r.IntN(3) > 0; r.IntN(10) == 0 {
				a := &in.arcs[i]
				a.Cost, a.Delay = a.Cost+r.Uint32N(9), a.Delay+r.Uint32N(9)
				changes, numbers = append(changes, csp.Metrics{Arc: uint32(i), Cost: a.Cost, Delay: a.Delay}), append(numbers, uint32(i))
			}
		}
		s = s.With(s.Graph().With(changes), numbers, nil, nil)
		cold := solver(t, in, 0)
		for range 5 {
			q := csp.Query{From: r.Uint32N(uint32(nodes)), To: to, MaxDelay: r.Uint32N(120)}
			got, path := s.Find(q, in.usable, nil)
			if fault := in.fault(q, got, path, in.joksch(q)); fault != "" {
				t.Fatalf("graph %d of %d nodes, %+v: %+v %v: %s", graph, nodes, q, got, path, fault)
			}
			tour := csp.Tour{From: q.From, MaxDelay: q.MaxDelay, Legs: []csp.Leg{{To: to, Usable: in.usable}}}
			_, path = s.FindTour(tour, nil)
			if _, want := cold.FindTour(tour, nil); !slices.Equal(path, want) {
				t.Fatalf("graph %d of %d nodes, %+v: %v, without bounds %v", graph, nodes, q, path, want)
			}
			switch {
			case !got.Tight || got.Cold:
			case got.Found:
				searched, found = searched+1, found+1
			default:
				searched, none = searched+1, none+1
			}
		}
	}
	if found < 100 || none < 10 {
		t.Errorf("%d searches found a path and %d none: this shows little", found, none)
	}
	t.Logf("%d searches went back", searched)
}

// closing lets arcs through that are usable, but for some after it was asked so often.
type closing struct {
	usable  filter
	closes  []uint32
	after   int
	touched bool
}

func (c *closing) Usable(arc uint32) bool {
	if c.after > 0 {
		c.after--
		return c.usable[arc]
	}
	if c.usable[arc] && slices.Contains(c.closes, arc) {
		c.touched = true
		return false
	}
	return c.usable[arc]
}

// TestAnswerThatVanishes closes arcs of the best path while it is searched for. As long as
// there is another path, the search must find one.
func TestAnswerThatVanishes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	vanished := 0
	for graph := range 150 {
		nodes := 20 + r.IntN(60)
		in := randomInstance(r, nodes, nodes*3, 40)
		s := solver(t, in, 1)
		q := csp.Query{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), MaxDelay: r.Uint32N(200)}
		s.Prepare(q.To)
		best, path := s.Find(q, in.usable, nil)
		if !best.Found || len(path) == 0 {
			continue
		}
		left := in
		left.usable = slices.Clone(in.usable)
		for _, arc := range path {
			left.usable[arc] = false
		}
		if other, _ := s.Find(q, left.usable, nil); !other.Found {
			continue
		}
		for after := 1; ; after++ {
			f := &closing{usable: in.usable, closes: path, after: after}
			got, arcs := s.Find(q, f, nil)
			if fault := in.fault(q, got, arcs, bestOf(got)); !got.Found || fault != "" {
				t.Fatalf("graph %d, %+v, closed after %d: %+v %v: %s", graph, q, after, got, arcs, fault)
			}
			if !f.touched {
				break
			}
			vanished++
		}
	}
	if vanished < 1000 {
		t.Errorf("an arc was asked for after it was closed %d times: this shows little", vanished)
	}
}

func bestOf(r csp.Result) best { return best{uint64(r.Cost), uint64(r.Delay)} }

// TestLargeMetrics has costs and delays whose sums and products come near to all that 64
// bits hold, or are longer than any path.
func TestLargeMetrics(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(35, 36))
	metric := func() uint32 {
		return r.Uint32N(1<<r.IntN(32)) + r.Uint32N(2)<<31
	}
	went, found := 0, 0
	for graph := range 8000 {
		nodes := 3 + r.IntN(6)
		in := randomInstance(r, nodes, nodes+r.IntN(3*nodes), 12)
		scale := r.IntN(3)
		for i := range in.arcs {
			if a := &in.arcs[i]; scale > 0 {
				a.Cost = metric() >> (2 * r.IntN(3))
			}
			if a := &in.arcs[i]; scale < 2 {
				a.Delay = metric() >> (2 * r.IntN(3))
			}
		}
		s := solver(t, in, 1)
		q := csp.Query{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), MaxDelay: metric()}
		s.Prepare(q.To)
		want := in.bruteForce(csp.Query{From: q.From, To: q.To, MaxDelay: min(q.MaxDelay, csp.MaxPath)})
		if want.cost > csp.MaxPath {
			want = noPath()
		}
		got, path := s.Find(q, in.usable, nil)
		if fault := in.fault(q, got, path, want); fault != "" {
			t.Fatalf("graph %d %+v, %+v: %+v %v: %s, want %+v", graph, in, q, got, path, fault, want)
		}
		if got.Tight {
			went++
		}
		if got.Found && len(path) > 1 {
			found++
		}
	}
	if went < 200 || found < 800 {
		t.Errorf("%d searches went back, %d paths of some arcs: this shows little", went, found)
	}
}
