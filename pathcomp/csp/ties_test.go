// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// firstOf tries every simple path for the best by less; of those as good it is one
// with the fewest arcs, the first by their numbers.
func (in instance) firstOf(from, to, maxDelay uint32, less func(x, y best) bool) []uint32 {
	var first []uint32
	var least best
	found := false
	onPath := make([]bool, in.nodes)
	var walk func(at uint32, path []uint32, sum best)
	walk = func(at uint32, path []uint32, sum best) {
		if sum.delay > uint64(maxDelay) {
			return
		}
		if at == to {
			earlier := cmp.Or(cmp.Compare(len(path), len(first)), slices.Compare(path, first)) < 0
			if !found || less(sum, least) || sum == least && earlier {
				first, least, found = slices.Clone(path), sum, true
			}
			return
		}
		onPath[at] = true
		for i, a := range in.arcs {
			if a.From == at && in.usable[i] && !onPath[a.To] {
				walk(a.To, append(path, uint32(i)), best{sum.cost + uint64(a.Cost), sum.delay + uint64(a.Delay)})
			}
		}
		onPath[at] = false
	}
	walk(from, nil, best{})
	return first
}

// TestTiesGoToTheFirst finds, among ways that are equally good, the same with bounds
// that are known and without, with any budget, and on bounds that were kept when arcs
// changed.
func TestTiesGoToTheFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	long := 0
	for graph := range 10_000 {
		nodes := 2 + r.IntN(6)
		in := randomInstance(r, nodes, nodes+r.IntN(3*nodes), 3)
		tour := csp.Tour{From: r.Uint32N(uint32(nodes)), MaxDelay: r.Uint32N(12)}
		to := r.Uint32N(uint32(nodes))
		tour.Legs = []csp.Leg{{To: to, Usable: in.usable}}
		want := in.firstOf(tour.From, to, tour.MaxDelay, best.less)
		fastest := in.firstOf(tour.From, to, csp.MaxPath, func(x, y best) bool {
			return x.delay < y.delay || x.delay == y.delay && x.cost < y.cost
		})
		long += len(want) / 2
		for _, s := range solversOf(t, r, in, to) {
			for range 2 { // what is remembered is the same too
				if _, got := s.FindTour(tour, []uint32{99}); !slices.Equal(got[1:], want) {
					t.Fatalf("graph %d %+v, %+v: %v, want %v", graph, in, tour, got[1:], want)
				}
			}
			if _, got := s.FindFastest(tour, []uint32{99}); !slices.Equal(got[1:], fastest) {
				t.Fatalf("graph %d %+v, %+v: fastest %v, want %v", graph, in, tour, got[1:], fastest)
			}
		}
	}
	if long < 1000 {
		t.Errorf("paths are too short to tell: %d", long)
	}
}

// solversOf returns solvers of one graph that know different things.
func solversOf(t *testing.T, r *rand.Rand, in instance, to uint32) []*csp.Solver {
	t.Helper()
	cold, warm, hasty := solver(t, in, 0), solver(t, in, 0), solver(t, in, 1)
	warm.Prepare(to)
	hasty.Prepare(to)
	was := instance{nodes: in.nodes, arcs: slices.Clone(in.arcs)}
	var metrics []csp.Metrics
	var numbers []uint32
	for i, a := range in.arcs {
		if r.IntN(3) == 0 {
			was.arcs[i].Cost, was.arcs[i].Delay = r.Uint32N(3), r.Uint32N(3)
			metrics, numbers = append(metrics, csp.Metrics{Arc: uint32(i), Cost: a.Cost, Delay: a.Delay}), append(numbers, uint32(i))
		}
	}
	changed := solver(t, was, 0)
	changed.Prepare(to)
	return []*csp.Solver{cold, warm, hasty, changed.With(changed.Graph().With(metrics), numbers, nil, nil)}
}
