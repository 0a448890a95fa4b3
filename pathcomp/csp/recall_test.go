// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// TestRecalledAnswersAreTheBest asks one solver the same while arcs come and go. What
// was asked before makes no difference, also among ways that are equally good.
func TestRecalledAnswersAreTheBest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	for graph := range 2000 {
		nodes := 2 + r.IntN(7)
		in := randomInstance(r, nodes, r.IntN(3*nodes+2), 12)
		s := solver(t, in, 0)
		s.Prepare(0)
		q := csp.Query{From: uint32(1 + r.IntN(nodes-1)), MaxDelay: r.Uint32N(40)}
		for range 12 {
			refused := []int{1 << 30, 8, 3}[r.IntN(3)]
			for i := range in.usable {
				in.usable[i] = r.IntN(refused) > 0
			}
			got, path := s.FindTour(csp.Tour{From: q.From, MaxDelay: q.MaxDelay, Legs: []csp.Leg{{To: q.To, Usable: in.usable}}}, nil)
			if fault := in.fault(q, got, path, in.bruteForce(q)); fault != "" {
				t.Fatalf("graph %d %+v, %+v: %+v %v: %s", graph, in, q, got, path, fault)
			}
			fresh := solver(t, in, 0)
			fresh.Prepare(0)
			if _, want := fresh.FindTour(csp.Tour{From: q.From, MaxDelay: q.MaxDelay, Legs: []csp.Leg{{To: q.To, Usable: in.usable}}}, nil); !slices.Equal(path, want) {
				t.Fatalf("graph %d %+v, %+v: %v, a solver that was asked nothing before has %v", graph, in, q, path, want)
			}
		}
	}
}

// asked counts what a filter is asked, of a graph with all arcs in use.
type asked struct{ arcs *int }

func (a asked) Usable(uint32) bool {
	*a.arcs++
	return true
}

func TestARecalledAnswerIsNotSearched(t *testing.T) {
	t.Parallel()
	arcs := []csp.Arc{
		{From: 0, To: 1, Cost: 1, Delay: 9}, {From: 0, To: 1, Cost: 2, Delay: 5},
		{From: 1, To: 2, Cost: 1, Delay: 9}, {From: 1, To: 2, Cost: 3, Delay: 5},
	}
	s := solver(t, instance{nodes: 3, arcs: arcs}, 0)
	s.Prepare(2)
	count := 0
	tour := csp.Tour{From: 0, MaxDelay: 14, Legs: []csp.Leg{{To: 2, Usable: asked{&count}}}}
	first, path := s.FindTour(tour, nil)
	if first.Cost != 3 || first.Expansions == 0 || len(path) != 2 {
		t.Fatalf("first: %+v %v", first, path)
	}
	count = 0
	if again, _ := s.FindTour(tour, nil); again.Cost != 3 || again.Expansions != 0 || count != 2 {
		t.Errorf("again: %+v, asked for %d arcs", again, count)
	}
	cheaper := s.With(s.Graph().With([]csp.Metrics{{Arc: 3, Cost: 0, Delay: 5}}), []uint32{3}, nil, nil)
	if r, _ := cheaper.FindTour(tour, nil); r.Cost != 1 {
		t.Errorf("after an arc has become cheaper: %+v", r)
	}
}

// TestAnswersAskedByTurnsAreRecalled asks a thousand things again and again: they do
// not drive each other out, though some would have the same place.
func TestAnswersAskedByTurnsAreRecalled(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(23, 24))
	const nodes = 9
	var arcs []csp.Arc
	for i := range uint32(nodes - 1) {
		arcs = append(arcs, csp.Arc{From: i + 1, To: i, Cost: 1, Delay: 2000}, csp.Arc{From: i + 1, To: i, Cost: 2, Delay: 1000})
	}
	s := solver(t, instance{nodes: nodes, arcs: arcs}, 0)
	s.Prepare(0)
	tours := make([]csp.Tour, 1000)
	for i := range tours {
		from := 2 + r.Uint32N(nodes-2)
		tours[i] = csp.Tour{From: from, MaxDelay: 1000*from + r.Uint32N(1000*from), Legs: []csp.Leg{{To: 0}}}
	}
	searched := [2]int{}
	for round := range searched {
		for _, tour := range tours {
			got, _ := s.FindTour(tour, nil)
			if fast := (2000*tour.From - tour.MaxDelay + 999) / 1000; got.Cost != tour.From+fast {
				t.Fatalf("%+v: %+v, want %d arcs, %d of them fast", tour, got, tour.From, fast)
			}
			if got.Expansions > 0 {
				searched[round]++
			}
		}
	}
	if searched[0] < 100 || searched[0] > 200 || searched[1] > 0 {
		t.Errorf("searched %d of 1000, and %d of them again", searched[0], searched[1])
	}
}

// TestOneAnswerForManyBounds asks for a way of delay 10 within bounds that all have it,
// and for none: a search is for a wider bound only.
func TestOneAnswerForManyBounds(t *testing.T) {
	t.Parallel()
	arcs := []csp.Arc{
		{From: 0, To: 1, Cost: 1, Delay: 50}, {From: 0, To: 1, Cost: 2, Delay: 5},
		{From: 1, To: 2, Cost: 1, Delay: 50}, {From: 1, To: 2, Cost: 3, Delay: 5},
	}
	s := solver(t, instance{nodes: 3, arcs: arcs}, 0)
	s.Prepare(2)
	for _, tt := range []struct {
		bound  uint32
		found  bool
		search bool
	}{
		{30, true, true}, {10, true, false}, {29, true, false}, {40, true, true}, {35, true, false}, {30, true, false},
		{9, false, true}, {8, false, false}, {0, false, false}, {9, false, false}, {40, true, false},
	} {
		asks := 0
		r, path := s.FindTour(csp.Tour{From: 0, MaxDelay: tt.bound, Legs: []csp.Leg{{To: 2, Usable: asked{&asks}}}}, nil)
		if r.Found != tt.found || r.Found && (r.Cost != 5 || r.Delay != 10 || len(path) != 2) {
			t.Errorf("within %d: %+v %v", tt.bound, r, path)
		}
		if searched := r.Expansions > 0; tt.found && searched != tt.search {
			t.Errorf("within %d: %d expansions, want some: %v", tt.bound, r.Expansions, tt.search)
		}
	}
}
