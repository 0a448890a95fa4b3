// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

func solver(t testing.TB, in instance, budget int) *csp.Solver {
	t.Helper()
	g, err := csp.NewGraph(in.nodes, in.arcs)
	if err != nil {
		t.Fatal(err)
	}
	return csp.NewSolver(g, csp.Options{Budget: budget})
}

func TestBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for graph := range 100_000 {
		nodes := 1 + r.IntN(9)
		in := randomInstance(r, nodes, r.IntN(3*nodes+2), 12)
		s := solver(t, in, []int{0, 1, 2, 1 << 30}[r.IntN(4)])
		for range 3 {
			q := csp.Query{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), MaxDelay: r.Uint32N(40)}
			if r.IntN(3) > 0 {
				s.Prepare(q.To)
			}
			got, path := s.Find(q, in.usable, nil)
			if fault := in.fault(q, got, path, in.bruteForce(q)); fault != "" {
				t.Fatalf("graph %d %+v, %+v: %+v %v: %s", graph, in, q, got, path, fault)
			}
		}
	}
}

func TestJoksch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for graph := range 300 {
		nodes := 10 + r.IntN(291)
		in := randomInstance(r, nodes, nodes*2+r.IntN(nodes*2), 30)
		s := solver(t, in, []int{0, 5, 1 << 30}[r.IntN(3)])
		q := csp.Query{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), MaxDelay: r.Uint32N(120)}
		if r.IntN(3) > 0 {
			s.Prepare(q.To)
		}
		got, path := s.Find(q, in.usable, nil)
		if fault := in.fault(q, got, path, in.joksch(q)); fault != "" {
			t.Fatalf("graph %d of %d nodes, %+v: %+v %v: %s", graph, nodes, q, got, path, fault)
		}
	}
}

// TestProperties holds what must be so on graphs that no oracle could solve.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		nodes := rapid.IntRange(2, 120).Draw(t, "nodes")
		in := randomInstance(r, nodes, nodes+r.IntN(4*nodes), rapid.Uint32Range(1, 1000).Draw(t, "most"))
		q := csp.Query{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), MaxDelay: rapid.Uint32Range(0, 5000).Draw(t, "bound")}
		g, err := csp.NewGraph(in.nodes, in.arcs)
		if err != nil {
			t.Fatal(err)
		}
		find := func(s *csp.Solver, q csp.Query, f csp.Filter) csp.Result {
			got, path := s.Find(q, f, nil)
			every := in
			if f == nil {
				every.usable = slices.Repeat(filter{true}, len(in.arcs))
			}
			if fault := every.pathFault(q, got, path); got.Found && fault != "" {
				t.Fatalf("%+v: %+v %v: %s", q, got, path, fault)
			}
			got.Expansions, got.Tight, got.Cold = 0, false, false
			return got
		}
		s := csp.NewSolver(g, csp.Options{})
		got := find(s, q, in.usable)
		for _, budget := range []int{1, 7, 1 << 30} {
			other := csp.NewSolver(g, csp.Options{Budget: budget})
			if cold := find(other, q, in.usable); cold != got {
				t.Fatalf("budget %d: %+v, else %+v", budget, cold, got)
			}
			other.Prepare(q.To)
			if warm := find(other, q, in.usable); warm != got {
				t.Fatalf("warm: %+v, cold %+v", warm, got)
			}
		}
		free := find(s, csp.Query{From: q.From, To: q.To, MaxDelay: csp.MaxPath}, in.usable)
		if got.Found && (!free.Found || got.Cost < free.Cost) {
			t.Fatalf("%+v is cheaper than without a bound, %+v", got, free)
		}
		if wider := find(s, csp.Query{From: q.From, To: q.To, MaxDelay: q.MaxDelay + 1 + r.Uint32N(100)}, in.usable); got.Found && (!wider.Found || wider.Cost > got.Cost) {
			t.Fatalf("a larger bound costs more: %+v, %+v", wider, got)
		}
		if more := find(s, q, nil); got.Found && (!more.Found || more.Cost > got.Cost) {
			t.Fatalf("more arcs cost more: %+v, %+v", more, got)
		}
		if least, ok := s.LeastDelay(q.From, q.To, nil); ok {
			if at := find(s, csp.Query{From: q.From, To: q.To, MaxDelay: least}, nil); !at.Found {
				t.Fatalf("nothing at the least delay %d", least)
			}
			if least > 0 {
				if below := find(s, csp.Query{From: q.From, To: q.To, MaxDelay: least - 1}, nil); below.Found {
					t.Fatalf("found %+v below the least delay %d", below, least)
				}
			}
		}
		renamed(t, r, in, q, got)
		pruned(t, r, in, q, s, got)
	})
}

// renamed checks that the numbers of nodes and arcs do not matter.
func renamed(t *rapid.T, r *rand.Rand, in instance, q csp.Query, want csp.Result) {
	to := r.Perm(in.nodes)
	order := r.Perm(len(in.arcs))
	other := instance{nodes: in.nodes}
	for _, i := range order {
		a := in.arcs[i]
		a.From, a.To = uint32(to[a.From]), uint32(to[a.To])
		other.arcs = append(other.arcs, a)
		other.usable = append(other.usable, in.usable[i])
	}
	g, err := csp.NewGraph(other.nodes, other.arcs)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := csp.NewSolver(g, csp.Options{}).Find(csp.Query{From: uint32(to[q.From]), To: uint32(to[q.To]), MaxDelay: q.MaxDelay}, other.usable, nil)
	if got.Found != want.Found || got.Cost != want.Cost || got.Delay != want.Delay {
		t.Fatalf("with other numbers %+v, want %+v", got, want)
	}
}

// pruned checks that an arc off the path does not matter.
func pruned(t *rapid.T, r *rand.Rand, in instance, q csp.Query, s *csp.Solver, want csp.Result) {
	_, path := s.Find(q, in.usable, nil)
	without := append(filter(nil), in.usable...)
	for i := range without {
		without[i] = without[i] && r.IntN(4) > 0
	}
	for _, i := range path {
		without[i] = true
	}
	got, _ := s.Find(q, without, nil)
	if want.Found && (!got.Found || got.Cost != want.Cost || got.Delay != want.Delay) {
		t.Fatalf("without arcs off the path %+v, want %+v", got, want)
	}
	if !want.Found && got.Found {
		t.Fatalf("found %+v with fewer arcs", got)
	}
}

func TestNewGraphNamesABadArc(t *testing.T) {
	t.Parallel()
	if _, err := csp.NewGraph(2, []csp.Arc{{From: 0, To: 1}, {From: 1, To: 2}}); err == nil {
		t.Error("an arc to a node that is not there was taken")
	}
}

func TestSumsBeyondMaxPath(t *testing.T) {
	t.Parallel()
	const large = 0xFFFFFFFF
	g, err := csp.NewGraph(3, []csp.Arc{
		{From: 0, To: 1, Cost: large, Delay: 1}, {From: 1, To: 2, Cost: 5, Delay: large},
		{From: 0, To: 1, Cost: 7, Delay: 2}, {From: 1, To: 2, Cost: 9, Delay: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, path := csp.NewSolver(g, csp.Options{}).Find(csp.Query{From: 0, To: 2, MaxDelay: large}, nil, nil)
	if !got.Found || got.Cost != 16 || got.Delay != 5 || len(path) != 2 {
		t.Errorf("found %+v by %v, want cost 16 and delay 5", got, path)
	}
}

func TestConcurrentFind(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 7))
	in := randomInstance(r, 60, 240, 50)
	s := solver(t, in, 3)
	q := make([]csp.Query, 200)
	want := make([]csp.Result, len(q))
	for i := range q {
		q[i] = csp.Query{From: r.Uint32N(60), To: r.Uint32N(60), MaxDelay: r.Uint32N(300)}
		want[i], _ = solver(t, in, 3).Find(q[i], in.usable, nil)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var path []uint32
			for i := range q {
				var got csp.Result
				if got, path = s.Find(q[i], in.usable, path[:0]); got != want[i] {
					t.Errorf("%+v: %+v, alone %+v", q[i], got, want[i])
				}
			}
		})
	}
	group.Wait()
}

func TestFindDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	in := randomInstance(r, 200, 800, 50)
	s := solver(t, in, 4)
	queries := make([]csp.Query, 50)
	for i := range queries {
		queries[i] = csp.Query{From: r.Uint32N(200), To: r.Uint32N(200), MaxDelay: r.Uint32N(300)}
		if i%2 > 0 {
			s.Prepare(queries[i].To)
		}
	}
	path := make([]uint32, 0, 1000)
	var f csp.Filter = in.usable
	if n := testing.AllocsPerRun(20, func() {
		for _, q := range queries {
			_, path = s.Find(q, f, path[:0])
		}
	}); n >= 1 {
		t.Errorf("%v allocations in %d queries after warm-up", n, len(queries))
	}
}
