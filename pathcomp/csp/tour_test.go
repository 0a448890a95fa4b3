// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// sums are what a path adds up to.
type sums struct{ cost, delay, loss, hops uint64 }

func (s sums) less(o sums) bool {
	return s.cost < o.cost || s.cost == o.cost && s.delay < o.delay
}

func (s sums) plus(o sums) sums {
	return sums{s.cost + o.cost, s.delay + o.delay, s.loss + o.loss, max(s.hops, o.hops)}
}

// withLoss gives the arcs of an instance losses.
func (in instance) withLoss(r *rand.Rand, most uint32) instance {
	for i := range in.arcs {
		in.arcs[i].Loss = r.Uint32N(most)
	}
	return in
}

// simplePaths calls each for every simple path that passes the nodes of over in
// their order and ends at the last.
func (in instance) simplePaths(from uint32, over []uint32, each func(sums)) {
	onPath := make([]bool, in.nodes)
	var walk func(at uint32, left []uint32, s sums)
	walk = func(at uint32, left []uint32, s sums) {
		for len(left) > 0 && left[0] == at {
			left = left[1:]
		}
		if len(left) == 0 {
			each(s)
			return
		}
		onPath[at] = true
		for i, a := range in.arcs {
			if a.From == at && in.usable[i] && !onPath[a.To] {
				walk(a.To, left, s.plus(sums{uint64(a.Cost), uint64(a.Delay), uint64(a.Loss), 0}).hop(s.hops))
			}
		}
		onPath[at] = false
	}
	walk(from, over, sums{})
}

func (s sums) hop(before uint64) sums { s.hops = before + 1; return s }

// keeps says whether the sums are within a tour's bounds.
func keeps(t csp.Tour, s sums) bool {
	return s.delay <= uint64(t.MaxDelay) && (t.MaxLoss == 0 || s.loss <= uint64(t.MaxLoss)) && (t.MaxHops == 0 || s.hops <= uint64(t.MaxHops))
}

// bestTour tries every pair of simple paths, or every one where the tour does
// not turn.
func (in instance) bestTour(t csp.Tour) (best sums, found bool) {
	var there, back []uint32
	for _, l := range t.Legs {
		if l.Turn || back != nil {
			back = append(back, l.To)
		} else {
			there = append(there, l.To)
		}
	}
	try := func(s sums) {
		if keeps(t, s) && (!found || s.less(best)) {
			best, found = s, true
		}
	}
	var backs []sums
	if back != nil {
		in.simplePaths(there[len(there)-1], back, func(s sums) { backs = append(backs, s) })
	}
	in.simplePaths(t.From, there, func(s sums) {
		if back == nil {
			try(s)
		}
		for _, b := range backs {
			try(s.plus(b))
		}
	})
	return best, found
}

// tourFault says what is wrong with the arcs of an answer; "": nothing.
func (in instance) tourFault(t csp.Tour, got csp.Result, arcs []uint32) string {
	at, leg, s := t.From, 0, sums{}
	var path sums
	seen := []uint32{at}
	turn := func() {
		for leg < len(t.Legs) && t.Legs[leg].To == at {
			if leg++; leg < len(t.Legs) && t.Legs[leg].Turn {
				s, path, seen = s.plus(path), sums{}, []uint32{at}
			}
		}
	}
	turn()
	for _, i := range arcs {
		a := in.arcs[i]
		if a.From != at || !in.usable[i] {
			return "the path is broken"
		}
		if slices.Contains(seen, a.To) {
			return "the path is not simple"
		}
		at = a.To
		seen = append(seen, at)
		path = path.plus(sums{uint64(a.Cost), uint64(a.Delay), uint64(a.Loss), 0}).hop(path.hops)
		turn()
	}
	s = s.plus(path)
	switch {
	case leg < len(t.Legs):
		return "the tour does not pass every end"
	case s.cost != uint64(got.Cost) || s.delay != uint64(got.Delay):
		return "the path does not sum to the answer"
	case !keeps(t, s):
		return "a bound is broken"
	}
	return ""
}

// randomTour has waypoints, a way back, and several bounds, or some of these.
func randomTour(r *rand.Rand, in instance) csp.Tour {
	node := func() uint32 { return r.Uint32N(uint32(in.nodes)) }
	t := csp.Tour{From: node(), MaxDelay: r.Uint32N(40)}
	for range r.IntN(3) {
		t.Legs = append(t.Legs, csp.Leg{To: node(), Usable: in.usable})
	}
	t.Legs = append(t.Legs, csp.Leg{To: node(), Usable: in.usable})
	if r.IntN(2) == 0 {
		t.Legs = append(t.Legs, csp.Leg{To: t.From, Usable: in.usable, Turn: true})
	}
	if r.IntN(2) == 0 {
		t.MaxLoss = 1 + r.Uint32N(30)
	}
	if r.IntN(2) == 0 {
		t.MaxHops = 1 + r.Uint32N(5)
	}
	return t
}

func TestToursAgainstEveryPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	found := 0
	for graph := range 40_000 {
		nodes := 1 + r.IntN(6)
		in := randomInstance(r, nodes, r.IntN(3*nodes+2), 12).withLoss(r, 10)
		s := solver(t, in, []int{0, 1, 2, 1 << 30}[r.IntN(4)])
		tour := randomTour(r, in)
		if r.IntN(3) > 0 {
			for _, l := range tour.Legs {
				s.Prepare(l.To)
			}
		}
		got, arcs := s.FindTour(tour, nil)
		want, ok := in.bestTour(tour)
		if got.Found != ok || ok && (uint64(got.Cost) != want.cost || uint64(got.Delay) != want.delay) || got.GaveUp {
			t.Fatalf("graph %d %+v, %+v: got %+v %v, want %+v %v", graph, in, tour, got, arcs, want, ok)
		}
		if ok {
			found++
			if fault := in.tourFault(tour, got, arcs); fault != "" {
				t.Fatalf("graph %d %+v, %+v: got %+v %v: %s", graph, in, tour, got, arcs, fault)
			}
		}
	}
	if found < 5_000 {
		t.Errorf("only %d tours exist: too few to tell", found)
	}
}

// joksch2 is the dynamic programme over integer delays, losses and hops: the
// least cost to each node at which a path can be with just these.
func (in instance) joksch2(t csp.Tour) (cost uint64, found bool) {
	const far = ^uint64(0)
	rows := map[[3]uint32][]uint64{}
	row := func(k [3]uint32) []uint64 {
		if rows[k] == nil {
			rows[k] = slices.Repeat([]uint64{far}, in.nodes)
		}
		return rows[k]
	}
	row([3]uint32{})[t.From] = 0
	for h := range t.MaxHops + 1 {
		for d := range t.MaxDelay + 1 {
			for l := range t.MaxLoss + 1 {
				here := row([3]uint32{h, d, l})
				if c := here[t.Legs[0].To]; c != far && (!found || c < cost) {
					cost, found = c, true
				}
				for i, a := range in.arcs {
					if c := here[a.From]; c != far && in.usable[i] && h < t.MaxHops && d+a.Delay <= t.MaxDelay && l+a.Loss <= t.MaxLoss {
						next := row([3]uint32{h + 1, d + a.Delay, l + a.Loss})
						next[a.To] = min(next[a.To], c+uint64(a.Cost))
					}
				}
			}
		}
	}
	return cost, found
}

func TestSeveralBoundsAgainstJoksch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	found := 0
	for graph := range 300 {
		nodes := 10 + r.IntN(60)
		in := randomInstance(r, nodes, nodes*2+r.IntN(nodes*2), 8).withLoss(r, 4)
		s := solver(t, in, []int{0, 5, 1 << 30}[r.IntN(3)])
		tour := csp.Tour{
			From: r.Uint32N(uint32(nodes)), Legs: []csp.Leg{{To: r.Uint32N(uint32(nodes)), Usable: in.usable}},
			MaxDelay: r.Uint32N(40), MaxLoss: 1 + r.Uint32N(12), MaxHops: 1 + r.Uint32N(9),
		}
		if r.IntN(2) == 0 {
			s.Prepare(tour.Legs[0].To)
		}
		got, arcs := s.FindTour(tour, nil)
		want, ok := in.joksch2(tour)
		if got.Found != ok || ok && uint64(got.Cost) != want {
			t.Fatalf("graph %d of %d nodes, %+v: got %+v, want %d %v", graph, nodes, tour, got, want, ok)
		}
		if ok {
			found++
			if fault := in.tourFault(tour, got, arcs); fault != "" {
				t.Fatalf("graph %d, %+v: %+v %v: %s", graph, tour, got, arcs, fault)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d paths exist: too few to tell", found)
	}
}

func TestFastestAgainstEveryPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	for graph := range 10_000 {
		nodes := 1 + r.IntN(7)
		in := randomInstance(r, nodes, r.IntN(3*nodes+2), 12)
		s := solver(t, in, 0)
		from, to := r.Uint32N(uint32(nodes)), r.Uint32N(uint32(nodes))
		if r.IntN(2) == 0 {
			s.Prepare(to)
		}
		got, arcs := s.FindFastest(csp.Tour{From: from, Legs: []csp.Leg{{To: to, Usable: in.usable}}}, nil)
		var want sums
		ok := false
		in.simplePaths(from, []uint32{to}, func(p sums) {
			if !ok || p.delay < want.delay || p.delay == want.delay && p.cost < want.cost {
				want, ok = p, true
			}
		})
		if got.Found != ok || ok && (uint64(got.Cost) != want.cost || uint64(got.Delay) != want.delay) {
			t.Fatalf("graph %d %+v, %d to %d: got %+v, want %+v %v", graph, in, from, to, got, want, ok)
		}
		if fault := in.tourFault(csp.Tour{From: from, Legs: []csp.Leg{{To: to}}, MaxDelay: csp.MaxPath}, got, arcs); ok && fault != "" {
			t.Fatalf("graph %d %+v: %+v %v: %s", graph, in, got, arcs, fault)
		}
	}
}

// TestWithKeepsAnswersRight changes metrics and closes and opens arcs again and
// again: answers on bounds that were kept are those of a new solver.
func TestWithKeepsAnswersRight(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 18))
	kept, asked := 0, 0
	for range 150 {
		nodes := 2 + r.IntN(100)
		in := randomInstance(r, nodes, nodes+r.IntN(3*nodes), 20).withLoss(r, 5)
		g, err := csp.NewGraph(in.nodes, in.arcs)
		if err != nil {
			t.Fatal(err)
		}
		open := slices.Clone(in.usable)
		opening := func(open []bool) func(arc, to uint32) bool {
			return func(arc, _ uint32) bool { return open[arc] }
		}
		s := csp.NewSolver(g, csp.Options{Open: opening(open)})
		for to := range uint32(nodes) {
			s.Prepare(to)
		}
		for range 10 {
			var changed []csp.Metrics
			var numbers, opened []uint32
			open = slices.Clone(open)
			for range r.IntN(3) {
				if len(in.arcs) == 0 {
					break
				}
				i := r.Uint32N(uint32(len(in.arcs)))
				a := &in.arcs[i]
				a.Cost, a.Delay, a.Loss = r.Uint32N(20), r.Uint32N(20), r.Uint32N(5)
				changed, numbers = append(changed, csp.Metrics{Arc: i, Cost: a.Cost, Delay: a.Delay, Loss: a.Loss}), append(numbers, i)
				k := r.Uint32N(uint32(len(in.arcs)))
				if open[k] = !open[k]; open[k] {
					opened = append(opened, k)
				}
			}
			g = g.With(changed)
			s = s.With(g, numbers, opened, opening(open))
			kept, asked = kept+s.Known(), asked+nodes
			in.usable = open
			fresh := solver(t, in, 0)
			for range 20 {
				tour := csp.Tour{From: r.Uint32N(uint32(nodes)), MaxDelay: r.Uint32N(150), Legs: []csp.Leg{{To: r.Uint32N(uint32(nodes)), Usable: in.usable}}}
				if r.IntN(3) == 0 {
					tour.MaxLoss, tour.MaxHops = 1+r.Uint32N(20), 1+r.Uint32N(10)
				}
				got, arcs := s.FindTour(tour, nil)
				want, _ := fresh.FindTour(tour, nil)
				if got.Found != want.Found || got.Cost != want.Cost || got.Delay != want.Delay && tour.MaxLoss == 0 {
					t.Fatalf("%+v: got %+v, a new solver %+v", tour, got, want)
				}
				if fault := in.tourFault(tour, got, arcs); got.Found && fault != "" {
					t.Fatalf("%+v: %+v %v: %s", tour, got, arcs, fault)
				}
			}
		}
	}
	if kept == 0 || kept == asked {
		t.Errorf("bounds of %d of %d destinations were kept: this shows nothing", kept, asked)
	}
}

func TestWithLeavesTheOldGraph(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(19, 20))
	in := randomInstance(r, 300, 900, 50)
	g, err := csp.NewGraph(in.nodes, in.arcs)
	if err != nil {
		t.Fatal(err)
	}
	next := g.With([]csp.Metrics{{Arc: 7, Cost: 99, Delay: 98, Loss: 97}})
	for i, want := range in.arcs {
		if got := g.Arc(uint32(i)); got != want {
			t.Fatalf("arc %d of the old graph is %+v, was %+v", i, got, want)
		}
		if i == 7 {
			want.Cost, want.Delay, want.Loss = 99, 98, 97
		}
		if got := next.Arc(uint32(i)); got != want {
			t.Errorf("arc %d is %+v, want %+v", i, got, want)
		}
	}
}
