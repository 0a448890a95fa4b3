// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// pairInstance is an instance with risks.
type pairInstance struct {
	instance
	risks [][]uint32 // by arc
	nodes bool
}

// randomPairs pairs many arcs to links, gives most links a risk, and some of
// them risks in common.
func randomPairs(r *rand.Rand, nodes, arcs int, most uint32) pairInstance {
	in := pairInstance{instance: randomInstance(r, nodes, arcs, most), nodes: r.IntN(3) == 0}
	groups := r.IntN(4) == 0
	bare := r.IntN(8) == 0
	for i := 0; i < len(in.arcs); i++ {
		link := []uint32{uint32(1000 + i)}
		if bare && r.IntN(3) == 0 {
			link = nil
		}
		if groups {
			for range r.IntN(3) {
				link = append(link, r.Uint32N(uint32(nodes)))
			}
		}
		in.risks = append(in.risks, link)
		if r.IntN(2) == 0 {
			back := in.arcs[i]
			back.From, back.To = back.To, back.From
			if r.IntN(4) == 0 {
				back.Cost = r.Uint32N(most)
			}
			i++
			in.arcs = append(in.arcs[:i], append([]csp.Arc{back}, in.arcs[i:]...)...)
			in.usable = append(in.usable[:i], append(filter{r.IntN(5) > 0}, in.usable[i:]...)...)
			in.risks = append(in.risks, link)
		}
	}
	return in
}

// randomQuery has one or two nodes at each end, which may be the same.
func randomQuery(r *rand.Rand, nodes int, most uint32) csp.PairQuery {
	node := func() uint32 { return r.Uint32N(uint32(nodes)) }
	q := csp.PairQuery{From: [2]uint32{node(), node()}, To: [2]uint32{node(), node()}, MaxDelay: r.Uint32N(most)}
	if r.IntN(2) == 0 {
		q.From[1] = q.From[0]
	}
	if r.IntN(2) == 0 {
		q.To[1] = q.To[0]
	}
	return q
}

func pairSolver(t interface{ Fatal(...any) }, in pairInstance) *csp.PairSolver {
	g, err := csp.NewGraph(in.instance.nodes, in.arcs)
	if err != nil {
		t.Fatal(err)
	}
	risks := csp.NewRisks(g, func(arc uint32) []uint32 { return in.risks[arc] }, in.nodes)
	return csp.NewPairSolver(csp.NewSolver(g, csp.Options{}), risks)
}

// walk is a simple path.
type walk struct {
	arcs  []uint32
	risks map[uint32]bool
	nodes map[uint32]bool
	cost  uint64
}

// walks lists the simple paths within a bound.
func (in pairInstance) walks(from, to, maxDelay uint32) []walk {
	var found []walk
	var arcs []uint32
	onPath := make([]bool, in.instance.nodes)
	var visit func(at uint32, cost, delay uint64)
	visit = func(at uint32, cost, delay uint64) {
		if delay > uint64(maxDelay) {
			return
		}
		if at == to {
			found = append(found, in.walk(from, arcs))
			return
		}
		onPath[at] = true
		for i, a := range in.arcs {
			if a.From == at && in.usable[i] && !onPath[a.To] {
				arcs = append(arcs, uint32(i))
				visit(a.To, cost+uint64(a.Cost), delay+uint64(a.Delay))
				arcs = arcs[:len(arcs)-1]
			}
		}
		onPath[at] = false
	}
	visit(from, 0, 0)
	return found
}

func (in pairInstance) walk(from uint32, arcs []uint32) walk {
	w := walk{arcs: append([]uint32(nil), arcs...), risks: map[uint32]bool{}, nodes: map[uint32]bool{from: true}}
	for _, i := range arcs {
		w.cost += uint64(in.arcs[i].Cost)
		w.nodes[in.arcs[i].To] = true
		for _, r := range in.risks[i] {
			w.risks[r] = true
		}
	}
	return w
}

// disjoint says whether two paths have no risk in common.
func (in pairInstance) disjoint(q csp.PairQuery, a, b walk) bool {
	for r := range a.risks {
		if b.risks[r] {
			return false
		}
	}
	for n := range a.nodes {
		shared := q.From[0] == q.From[1] && q.From[0] == n || q.To[0] == q.To[1] && q.To[0] == n
		if in.nodes && b.nodes[n] && !shared {
			return false
		}
	}
	return true
}

// brutePair tries every pair of simple paths; MaxUint64: there is none.
func (in pairInstance) brutePair(q csp.PairQuery) uint64 {
	least := uint64(math.MaxUint64)
	for turn := range 2 {
		first := in.walks(q.From[0], q.To[turn], q.MaxDelay)
		second := in.walks(q.From[1], q.To[1-turn], q.MaxDelay)
		for _, a := range first {
			for _, b := range second {
				if sum := a.cost + b.cost; sum < least && in.disjoint(q, a, b) {
					least = sum
				}
			}
		}
	}
	return least
}

// pairFault says what is wrong with the paths of an answer; "": nothing.
func (in pairInstance) pairFault(q csp.PairQuery, got csp.PairResult) string {
	var ends [2]uint32
	var walks [2]walk
	for i, path := range got.Paths {
		at := q.From[i]
		seen := map[uint32]bool{at: true}
		var cost, delay uint64
		for _, k := range path {
			a := in.arcs[k]
			if a.From != at || !in.usable[k] || seen[a.To] {
				return "a path is broken or not simple"
			}
			at = a.To
			seen[at] = true
			cost += uint64(a.Cost)
			delay += uint64(a.Delay)
		}
		ends[i] = at
		if cost != uint64(got.Cost[i]) || delay != uint64(got.Delay[i]) {
			return "a path does not sum to the answer"
		}
		if delay > uint64(q.MaxDelay) {
			return "a path is too slow"
		}
		walks[i] = in.walk(q.From[i], path)
	}
	if ends != q.To && (ends != [2]uint32{q.To[1], q.To[0]} || q.From[0] == q.From[1]) {
		return "the paths end elsewhere"
	}
	if !in.disjoint(q, walks[0], walks[1]) {
		return "the paths are not disjoint"
	}
	return ""
}

func TestPairBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	counts, branched := map[csp.PairStatus]int{}, 0
	for graph := range 6000 {
		nodes := 1 + r.IntN(8)
		in := randomPairs(r, nodes, nodes/2+r.IntN(3*nodes/2+2), 12)
		for i := range in.usable {
			in.usable[i] = in.usable[i] || graph%2 == 0
		}
		s := pairSolver(t, in)
		for range 5 {
			q := randomQuery(r, nodes, 25)
			q.Budget = math.MaxInt
			got := s.Find(q, in.usable)
			if got.Searches > 2 {
				branched++
			}
			want := in.brutePair(q)
			switch {
			case want == math.MaxUint64 && got.Status == csp.PairNone && got.LowerBound == want:
			case want == got.Sum() && got.Status == csp.PairOptimal && got.LowerBound == want:
				if fault := in.pairFault(q, got); fault != "" {
					t.Fatalf("graph %d %+v, %+v: %+v: %s", graph, in, q, got, fault)
				}
			default:
				t.Fatalf("graph %d %+v, %+v: %+v, want %d", graph, in, q, got, want)
			}
			q.Budget = 1 + r.IntN(12)
			got = s.Find(q, in.usable)
			counts[got.Status]++
			if fault := in.budgetFault(q, got, want); fault != "" {
				t.Fatalf("graph %d %+v, %+v: %+v: %s", graph, in, q, got, fault)
			}
		}
	}
	if branched < 500 || counts[csp.PairUnknown] == 0 || counts[csp.PairFeasible] == 0 {
		t.Errorf("%d were not settled by the first flow, with a small budget by status %v: the graphs test little", branched, counts)
	}
}

// budgetFault says what is wrong with an answer to a query with a small budget.
func (in pairInstance) budgetFault(q csp.PairQuery, got csp.PairResult, want uint64) string {
	if got.LowerBound > want {
		return "the lower bound is above the answer"
	}
	switch got.Status {
	case csp.PairNone:
		if want != math.MaxUint64 {
			return "there is a pair"
		}
	case csp.PairOptimal, csp.PairFeasible:
		if got.Sum() < want || got.Status == csp.PairOptimal && got.Sum() != want {
			return "not the least sum"
		}
		return in.pairFault(q, got)
	case csp.PairUnknown:
	}
	return ""
}

// TestPairs are cases to read.
func TestPairs(t *testing.T) {
	t.Parallel()
	const large = csp.MaxPath / 2
	// The cheapest path 0-1-2-3 is a trap: whoever takes it leaves no second.
	trap := []csp.Arc{
		{From: 0, To: 1, Cost: 1, Delay: 1}, {From: 1, To: 2, Cost: 1, Delay: 1}, {From: 2, To: 3, Cost: 1, Delay: 1},
		{From: 0, To: 2, Cost: 6, Delay: 1}, {From: 1, To: 3, Cost: 5, Delay: 1},
	}
	// Two paths by way of 1, one leg slow in each half.
	waist := []csp.Arc{
		{From: 0, To: 1, Cost: 1, Delay: 9}, {From: 0, To: 1, Cost: 3, Delay: 1},
		{From: 1, To: 2, Cost: 1, Delay: 9}, {From: 1, To: 2, Cost: 2, Delay: 1},
	}
	tests := []struct {
		name   string
		arcs   []csp.Arc
		risks  map[uint32][]uint32 // beside the links
		nodes  bool
		query  csp.PairQuery
		status csp.PairStatus
		paths  [2][]uint32
	}{
		{"trap", trap, nil, true, csp.PairQuery{To: [2]uint32{3, 3}, MaxDelay: 2}, csp.PairOptimal, [2][]uint32{{0, 4}, {3, 2}}},
		{"too slow", trap, nil, true, csp.PairQuery{To: [2]uint32{3, 3}, MaxDelay: 1}, csp.PairNone, [2][]uint32{}},
		{"risk in common", trap, map[uint32][]uint32{0: {77}, 2: {77}}, false, csp.PairQuery{To: [2]uint32{3, 3}, MaxDelay: 9}, csp.PairNone, [2][]uint32{}},
		{"risk of one path", trap, map[uint32][]uint32{0: {77}, 4: {77}}, false, csp.PairQuery{To: [2]uint32{3, 3}, MaxDelay: 9}, csp.PairOptimal, [2][]uint32{{0, 4}, {3, 2}}},
		{"ways on exchanged", waist, nil, false, csp.PairQuery{To: [2]uint32{2, 2}, MaxDelay: 10}, csp.PairOptimal, [2][]uint32{{0, 3}, {1, 2}}},
		{"one node", waist, nil, true, csp.PairQuery{To: [2]uint32{2, 2}, MaxDelay: 99}, csp.PairNone, [2][]uint32{}},
		{"two gateways", trap, nil, true, csp.PairQuery{To: [2]uint32{1, 2}, MaxDelay: 9}, csp.PairOptimal, [2][]uint32{{0}, {3}}},
		{"nothing to do", trap, nil, true, csp.PairQuery{MaxDelay: 0}, csp.PairOptimal, [2][]uint32{}},
		{"too expensive", []csp.Arc{
			{From: 0, To: 1, Cost: large}, {From: 1, To: 2, Cost: large + 1}, {From: 0, To: 2, Cost: large},
		}, nil, false, csp.PairQuery{To: [2]uint32{2, 2}, MaxDelay: 9}, csp.PairNone, [2][]uint32{}},
		{"just not too expensive", []csp.Arc{
			{From: 0, To: 1, Cost: large}, {From: 1, To: 2, Cost: large}, {From: 0, To: 2, Cost: csp.MaxPath},
		}, nil, false, csp.PairQuery{To: [2]uint32{2, 2}, MaxDelay: 9}, csp.PairOptimal, [2][]uint32{{0, 1}, {2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := pairInstance{instance: instance{nodes: 4, arcs: tt.arcs}, nodes: tt.nodes}
			for i := range tt.arcs {
				in.risks = append(in.risks, append([]uint32{uint32(1000 + i)}, tt.risks[uint32(i)]...))
			}
			got := pairSolver(t, in).Find(tt.query, nil)
			if diff := cmp.Diff(tt.paths, got.Paths); diff != "" || got.Status != tt.status {
				t.Errorf("%+v: %s", got, diff)
			}
		})
	}
}

// TestPairAllocates says what an answer allocates once its solver is warm: the
// paths, and nothing for the search, where the flow alone settles it.
func TestPairAllocates(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 19))
	in := randomPairs(r, 200, 800, 50)
	in.nodes = false
	s := pairSolver(t, in)
	q := csp.PairQuery{To: [2]uint32{7, 7}, MaxDelay: csp.MaxPath}
	var f csp.Filter = in.usable
	if n := testing.AllocsPerRun(20, func() { s.Find(q, f) }); n > 2 {
		t.Errorf("%v allocations, want one a path", n)
	}
}
