// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// flowArc is an arc of a residual graph: arc 2k and its reverse, 2k+1.
type flowArc struct {
	from, to int
	cost     int64
	room     int
}

// bellmanFord sends two units from a source before From to a sink behind To:
// the least cost of two paths, disjoint by link or by node, without a bound;
// MaxUint64: there are none.
func (in pairInstance) bellmanFord(q csp.PairQuery) uint64 {
	n := in.instance.nodes
	source, sink := 2*n, 2*n+1
	var arcs []flowArc
	add := func(from, to int, cost int64, room int) {
		arcs = append(arcs, flowArc{from, to, cost, room}, flowArc{to, from, -cost, 0})
	}
	for v := range uint32(n) {
		room := 2
		if in.nodes && (q.From[0] != q.From[1] || q.From[0] != v) && (q.To[0] != q.To[1] || q.To[0] != v) {
			room = 1
		}
		add(2*int(v), 2*int(v)+1, 0, room)
	}
	for i, a := range in.arcs {
		if in.usable[i] {
			add(2*int(a.From)+1, 2*int(a.To), int64(a.Cost), 1)
		}
	}
	for i := range 2 {
		add(source, 2*int(q.From[i]), 0, 1)
		add(2*int(q.To[i])+1, sink, 0, 1)
	}
	var sum int64
	for range 2 {
		dist := make([]int64, 2*n+2)
		via := make([]int, 2*n+2)
		for i := range dist {
			dist[i] = math.MaxInt64
		}
		dist[source] = 0
		for changed := true; changed; {
			changed = false
			for k, a := range arcs {
				if a.room > 0 && dist[a.from] != math.MaxInt64 && dist[a.from]+a.cost < dist[a.to] {
					dist[a.to], via[a.to], changed = dist[a.from]+a.cost, k, true
				}
			}
		}
		if dist[sink] == math.MaxInt64 {
			return math.MaxUint64
		}
		sum += dist[sink]
		for at := sink; at != source; at = arcs[via[at]].from {
			arcs[via[at]].room--
			arcs[via[at]^1].room++
		}
	}
	return uint64(sum)
}

// linksOnly leaves the links as the only risks, one for each link.
func (in pairInstance) linksOnly() pairInstance {
	risks := make([][]uint32, len(in.risks))
	for i := range risks {
		risks[i] = []uint32{uint32(i)}
		if len(in.risks[i]) > 0 && in.risks[i][0] >= 1000 {
			risks[i][0] = in.risks[i][0]
		}
	}
	in.risks = risks
	return in
}

// TestPairWithoutBound compares with another way to the same flow, on graphs
// that are too large for brute force. The first flow has to settle all of them.
func TestPairWithoutBound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	found := 0
	for graph := range 600 {
		nodes := 2 + r.IntN(60)
		in := randomPairs(r, nodes, nodes+r.IntN(2*nodes), 30).linksOnly()
		s := pairSolver(t, in)
		for range 3 {
			q := randomQuery(r, nodes, 1)
			q.MaxDelay = csp.MaxPath
			got, want := s.Find(q, in.usable), in.bellmanFord(q)
			if got.LowerBound != want || got.Searches != 2 || got.Status != csp.PairNone && got.Status != csp.PairOptimal {
				t.Fatalf("graph %d, %+v: %+v, want %d", graph, q, got, want)
			}
			if want != math.MaxUint64 {
				found++
				if fault := in.pairFault(q, got); fault != "" || got.Sum() != want {
					t.Fatalf("graph %d, %+v: %+v, want %d: %s", graph, q, got, want, fault)
				}
			}
		}
	}
	if found < 400 {
		t.Errorf("only %d pairs were found: the graphs test little", found)
	}
}

// TestPairProperties holds what must be so on graphs that brute force could not
// solve.
func TestPairProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 15))
		nodes := rapid.IntRange(2, 80).Draw(t, "nodes")
		in := randomPairs(r, nodes, nodes+r.IntN(2*nodes), rapid.Uint32Range(2, 1000).Draw(t, "most"))
		s := pairSolver(t, in)
		q := randomQuery(r, nodes, rapid.Uint32Range(1, 5000).Draw(t, "bound"))
		find := func(q csp.PairQuery) csp.PairResult {
			got := s.Find(q, in.usable)
			if again := s.Find(q, in.usable); !cmp.Equal(got, again) {
				t.Fatalf("%+v, then %+v", got, again)
			}
			if got.Status == csp.PairOptimal || got.Status == csp.PairFeasible {
				if fault := in.pairFault(q, got); fault != "" {
					t.Fatalf("%+v: %+v: %s", q, got, fault)
				}
				if got.LowerBound > got.Sum() {
					t.Fatalf("%+v is below its bound", got)
				}
			}
			return got
		}
		q.Budget = 20_000
		got := find(q)
		if flow := in.linksOnlyIfBare().bellmanFord(q); flow != math.MaxUint64 && got.LowerBound < flow {
			t.Fatalf("bound %d, but two units of flow cost %d", got.LowerBound, flow)
		}
		for _, budget := range []int{1, 10, 40} {
			short := q
			short.Budget = budget
			less := find(short)
			if got.Status == csp.PairOptimal && less.LowerBound > got.Sum() ||
				less.Status == csp.PairOptimal && less.Sum() != got.LowerBound ||
				less.Status == csp.PairNone && got.Status != csp.PairNone {
				t.Fatalf("budget %d: %+v, else %+v", budget, less, got)
			}
		}
		wider := q
		wider.MaxDelay += r.Uint32N(200)
		if more := find(wider); got.Status == csp.PairOptimal && (more.Status == csp.PairNone || more.LowerBound > got.Sum()) {
			t.Fatalf("a larger bound costs more: %+v, %+v", more, got)
		}
		turned := q
		turned.From[0], turned.From[1] = q.From[1], q.From[0]
		turned.To[0], turned.To[1] = q.To[1], q.To[0]
		if other := find(turned); got.Status == csp.PairOptimal && other.Status == csp.PairOptimal && other.Sum() != got.Sum() {
			t.Fatalf("with ends turned %+v, else %+v", other, got)
		}
	})
}

// linksOnlyIfBare gives arcs that carry no risk a second arc beside them, so
// that two paths may use them, and leaves the others links.
func (in pairInstance) linksOnlyIfBare() pairInstance {
	out := in
	out.arcs, out.usable = append([]csp.Arc(nil), in.arcs...), append(filter(nil), in.usable...)
	for i := range in.risks {
		if len(in.risks[i]) == 0 {
			out.arcs, out.usable = append(out.arcs, in.arcs[i]), append(out.usable, in.usable[i])
		}
	}
	return out
}

func TestConcurrentPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(16, 17))
	in := randomPairs(r, 40, 120, 50)
	s := pairSolver(t, in)
	queries := make([]csp.PairQuery, 100)
	want := make([]csp.PairResult, len(queries))
	for i := range queries {
		queries[i] = randomQuery(r, 40, 300)
		want[i] = pairSolver(t, in).Find(queries[i], in.usable)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i, q := range queries {
				if got := s.Find(q, in.usable); !cmp.Equal(got, want[i]) {
					t.Errorf("%+v: %+v, alone %+v", q, got, want[i])
				}
			}
		})
	}
	group.Wait()
}
