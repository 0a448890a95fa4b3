// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/segment"
)

func (in instance) encoder(t testing.TB) *segment.Encoder {
	t.Helper()
	e, err := segment.NewEncoder(in.View, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (in instance) simulator(t testing.TB) *segment.Simulator {
	t.Helper()
	s, err := segment.NewSimulator(in.View)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func strategies() []segment.Strategy {
	return []segment.Strategy{segment.Fewest, segment.FirstAdjacency, segment.AdjacencyOnly}
}

func anyDepth(s segment.Strategy) segment.Options {
	return segment.Options{Strategy: s, MaxDepth: segment.AnyDepth}
}

func TestListIsTheShortest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	lengths := map[int]int{}
	for graph := range 10_000 {
		nodes := 2 + r.IntN(7)
		in := randomInstance(t, r, nodes, nodes+r.IntN(2*nodes))
		e, s := in.encoder(t), in.simulator(t)
		for range 3 {
			path := in.randomPath(r)
			for _, strategy := range strategies() {
				want := in.fewest(path, strategy)
				got, err := e.List(path, anyDepth(strategy))
				if want == math.MaxInt {
					if uncovered := (*segment.UncoveredError)(nil); !errors.As(err, &uncovered) || !slices.Contains(path, uncovered.Arc) {
						t.Fatalf("graph %d %+v, path %v, strategy %d: %v, %v, want none", graph, in, path, strategy, got, err)
					}
					lengths[-1]++
					continue
				}
				if err != nil || len(got) != want {
					t.Fatalf("graph %d %+v, path %v, strategy %d: %v, %v, want %d segments", graph, in, path, strategy, got, err, want)
				}
				if err := s.Verify(path, got); err != nil {
					t.Fatalf("graph %d %+v, path %v, strategy %d: %v: %v", graph, in, path, strategy, got, err)
				}
				lengths[want]++
			}
		}
	}
	for _, n := range []int{-1, 0, 1, 2, 3, 4, 5} {
		if lengths[n] < 200 {
			t.Errorf("%d lists of %d segments (-1: none): too few to tell", lengths[n], n)
		}
	}
}

// TestNoShorterListPins tries all lists that are one segment shorter.
func TestNoShorterListPins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	tried := 0
	for range 3_000 {
		nodes := 3 + r.IntN(4)
		in := randomInstance(t, r, nodes, nodes+r.IntN(2*nodes))
		path := in.randomPath(r)
		list, err := in.encoder(t).List(path, anyDepth(segment.Fewest))
		if err != nil || len(list) < 2 || len(list) > 3 {
			continue
		}
		s := in.simulator(t)
		for shorter := range in.lists(len(list) - 1) {
			tried++
			if err := s.Verify(path, shorter); err == nil {
				t.Fatalf("%+v, path %v: %v does what %v does", in, path, shorter, list)
			}
		}
	}
	if tried < 30_000 {
		t.Errorf("tried %d lists: too few to tell", tried)
	}
}

// lists yields all lists of a length.
func (in instance) lists(length int) func(func([]segment.Segment) bool) {
	var all []segment.Segment
	for i := range in.Nodes {
		all = append(all, segment.Segment{Kind: segment.Node, Number: uint32(i)})
	}
	for i := range in.Arcs {
		all = append(all, segment.Segment{Kind: segment.Adjacency, Number: uint32(i)})
	}
	return func(yield func([]segment.Segment) bool) {
		list := make([]segment.Segment, length)
		var fill func(i int) bool
		fill = func(i int) bool {
			if i == length {
				return yield(list)
			}
			for _, list[i] = range all {
				if !fill(i + 1) {
					return false
				}
			}
			return true
		}
		fill(0)
	}
}

// TestProperties holds what must be so on graphs that no oracle could solve.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 5))
		nodes := rapid.IntRange(2, 60).Draw(rt, "nodes")
		in := randomInstance(t, r, nodes, 2*nodes+r.IntN(2*nodes))
		path := in.randomPath(r)
		e, s := in.encoder(t), in.simulator(t)
		lengths := map[segment.Strategy]int{}
		for _, strategy := range strategies() {
			list, err := e.List(path, anyDepth(strategy))
			if err != nil {
				lengths[strategy] = math.MaxInt
				continue
			}
			lengths[strategy] = len(list)
			if err := s.Verify(path, list); err != nil {
				rt.Fatalf("strategy %d: path %v, list %v: %v", strategy, path, list, err)
			}
			checkDepth(rt, e, path, strategy, list)
			if strategy == segment.AdjacencyOnly && len(list) != len(path) {
				rt.Fatalf("%d segments for %d links", len(list), len(path))
			}
			if strategy == segment.FirstAdjacency && len(path) > 0 && list[0] != (segment.Segment{Kind: segment.Adjacency, Number: path[0]}) {
				rt.Fatalf("path %v: the list begins with %v", path, list[0])
			}
			if strategy == segment.Fewest {
				for i := range list {
					if s.Verify(path, slices.Delete(slices.Clone(list), i, i+1)) == nil {
						rt.Fatalf("path %v, list %v: segment %d is not needed", path, list, i)
					}
				}
			}
		}
		few, first, only := lengths[segment.Fewest], lengths[segment.FirstAdjacency], lengths[segment.AdjacencyOnly]
		if few > first || first > only || first != math.MaxInt && first > few+1 {
			rt.Fatalf("%d segments, %d with an adjacency first, %d adjacencies", few, first, only)
		}
	})
}

// checkDepth holds that a list may be as deep as it is, and no less.
func checkDepth(t *rapid.T, e *segment.Encoder, path []uint32, strategy segment.Strategy, list []segment.Segment) {
	t.Helper()
	got, err := e.List(path, segment.Options{Strategy: strategy, MaxDepth: len(list)})
	if err != nil || !slices.Equal(got, list) {
		t.Fatalf("path %v at depth %d: %v, %v", path, len(list), got, err)
	}
	_, err = e.List(path, segment.Options{Strategy: strategy, MaxDepth: len(list) - 1})
	if deep := (*segment.DepthError)(nil); !errors.As(err, &deep) || *deep != (segment.DepthError{Need: len(list), Most: len(list) - 1}) {
		t.Fatalf("path %v at depth %d: %v", path, len(list)-1, err)
	}
}

// TestShortestPathIsOneSegment: a network follows its own ways by one label.
func TestShortestPathIsOneSegment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 6))
		nodes := rapid.IntRange(2, 8).Draw(rt, "nodes")
		in := randomInstance(t, r, nodes, 3*nodes)
		from, to := r.Uint32N(uint32(nodes)), r.Uint32N(uint32(nodes))
		way := in.onlyWay(from, to)
		list, err := in.encoder(t).List(way, anyDepth(segment.Fewest))
		switch {
		case len(way) == 0:
			if len(list) != 0 || err != nil {
				rt.Fatalf("no way: %v, %v", list, err)
			}
		case len(way) == 1 && in.Arcs[way[0]].SID:
			if want := []segment.Segment{{Kind: segment.Adjacency, Number: way[0]}}; err != nil || !slices.Equal(list, want) {
				rt.Fatalf("way %v: %v, %v, want %v", way, list, err, want)
			}
		case in.Nodes[to].SID:
			if want := []segment.Segment{{Kind: segment.Node, Number: to}}; err != nil || !slices.Equal(list, want) {
				rt.Fatalf("way %v: %v, %v, want %v", way, list, err, want)
			}
		}
	})
}

// square is 0 -> 1 -> 3 and 0 -> 2 -> 3, equal in cost, and 3 -> 4, twice.
func square(t testing.TB) instance {
	t.Helper()
	return newInstance(t, slices.Repeat([]segment.NodeState{{Transit: true, SID: true}}, 5), []csp.Arc{
		{From: 0, To: 1, Cost: 10}, {From: 1, To: 3, Cost: 10},
		{From: 0, To: 2, Cost: 10}, {From: 2, To: 3, Cost: 10},
		{From: 3, To: 4, Cost: 10}, {From: 3, To: 4, Cost: 10},
	}, slices.Repeat([]segment.ArcState{{IGP: true, SID: true}}, 6))
}

func TestList(t *testing.T) {
	t.Parallel()
	node := func(n uint32) segment.Segment { return segment.Segment{Kind: segment.Node, Number: n} }
	adjacency := func(n uint32) segment.Segment { return segment.Segment{Kind: segment.Adjacency, Number: n} }
	tests := []struct {
		name string
		harm func(*instance)
		path []uint32
		o    segment.Options
		want []segment.Segment
		err  string
	}{
		{name: "empty path", want: nil},
		{name: "equal ways", path: []uint32{0, 1}, o: anyDepth(segment.Fewest), want: []segment.Segment{adjacency(0), adjacency(1)}},
		{name: "parallel links", path: []uint32{0, 1, 4}, o: anyDepth(segment.Fewest), want: []segment.Segment{adjacency(0), adjacency(1), adjacency(4)}},
		{
			name: "one way", harm: func(in *instance) { in.Arcs[2].IGP, in.Arcs[5].IGP = false, false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.Fewest), want: []segment.Segment{node(4)},
		},
		{
			name: "one way, adjacency first", harm: func(in *instance) { in.Arcs[2].IGP, in.Arcs[5].IGP = false, false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.FirstAdjacency), want: []segment.Segment{adjacency(0), node(4)},
		},
		{
			name: "one way, adjacencies only", harm: func(in *instance) { in.Arcs[2].IGP, in.Arcs[5].IGP = false, false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.AdjacencyOnly), want: []segment.Segment{adjacency(0), adjacency(1), adjacency(4)},
		},
		{
			name: "up to the last node with a SID", harm: func(in *instance) { in.Arcs[2].IGP, in.Arcs[5].IGP, in.Nodes[4].SID = false, false, false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.Fewest), want: []segment.Segment{node(3), adjacency(4)},
		},
		{
			name: "a link by its adjacency before its node", harm: func(in *instance) { in.Arcs[2].IGP, in.Nodes[3].SID = false, false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.Fewest), want: []segment.Segment{adjacency(0), adjacency(1), adjacency(4)},
		},
		{
			name: "a node that is no transit leaves one way", harm: func(in *instance) { in.Nodes[2].Transit = false },
			path: []uint32{0, 1}, o: anyDepth(segment.Fewest), want: []segment.Segment{node(3)},
		},
		{
			name: "a link outside of the IGP", harm: func(in *instance) { in.Arcs[0].IGP = false },
			path: []uint32{0, 1}, o: anyDepth(segment.Fewest), want: []segment.Segment{adjacency(0), adjacency(1)},
		},
		{
			name: "too deep", path: []uint32{0, 1, 4}, o: segment.Options{MaxDepth: 2},
			err: "3 segments are needed, and 2 may be pushed",
		},
		{name: "no depth", path: []uint32{0}, err: "1 segments are needed, and 0 may be pushed"},
		{
			name: "uncovered", harm: func(in *instance) { in.Arcs[4].SID = false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.Fewest),
			err: "arc 4: no adjacency SID, and no node segment that takes only this way",
		},
		{
			name: "uncovered in the middle", harm: func(in *instance) { in.Arcs[4].SID = false },
			path: []uint32{0, 1, 4}, o: anyDepth(segment.AdjacencyOnly),
			err: "arc 4: no adjacency SID, and no node segment that takes only this way",
		},
		{name: "unknown arc", path: []uint32{0, 6}, err: "path: no arc 6"},
		{name: "torn", path: []uint32{0, 3}, err: "path: arc 3 does not begin where arc 0 ends"},
		{name: "no transit", harm: func(in *instance) { in.Nodes[1].Transit = false }, path: []uint32{0, 1}, err: "path: node 1 forwards nothing for others"},
		{name: "unknown strategy", path: []uint32{0}, o: anyDepth(9), err: "no strategy 9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := square(t)
			if tt.harm != nil {
				tt.harm(&in)
			}
			got, err := in.encoder(t).List(tt.path, tt.o)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if message != tt.err {
				t.Fatalf("error %q, want %q", message, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestListOfAPathInCircles(t *testing.T) {
	t.Parallel()
	in := newInstance(t, slices.Repeat([]segment.NodeState{{Transit: true}}, 2),
		[]csp.Arc{{From: 0, To: 1, Cost: 1}, {From: 1, To: 0, Cost: 1}}, slices.Repeat([]segment.ArcState{{IGP: true, SID: true}}, 2))
	if list, err := in.encoder(t).List([]uint32{0, 1}, anyDepth(segment.Fewest)); err == nil {
		t.Errorf("a path back to where it began has the list %v", list)
	}
}

// TestListOfALinkTooLong: an arc longer than any path is no way, even if it is
// as long as what stands for none.
func TestListOfALinkTooLong(t *testing.T) {
	t.Parallel()
	in := newInstance(t, slices.Repeat([]segment.NodeState{{Transit: true, SID: true}}, 2),
		[]csp.Arc{{From: 0, To: 1, Cost: csp.Unreachable}}, []segment.ArcState{{IGP: true}})
	list, err := in.encoder(t).List([]uint32{0}, anyDepth(segment.Fewest))
	if uncovered := (*segment.UncoveredError)(nil); !errors.As(err, &uncovered) {
		t.Errorf("%v, %v, want no list", list, err)
	}
}

func TestViewsThatDoNotFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		harm func(*segment.View)
		want string
	}{
		{"arcs", func(v *segment.View) { v.Arcs = v.Arcs[1:] }, "states of 5 arcs in a graph of 6"},
		{"nodes", func(v *segment.View) { v.Nodes = nil }, "states of 0 nodes in a graph of 5"},
		{"metric", func(v *segment.View) {
			v.Graph, _ = csp.NewGraph(5, slices.Repeat([]csp.Arc{{From: 0, To: 1}}, 6))
			v.Arcs[0].IGP = false
		}, "arc 1: IGP metric 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := square(t).View
			tt.harm(&v)
			if _, err := segment.NewEncoder(v, nil); err == nil || err.Error() != tt.want {
				t.Errorf("encoder: %v, want %s", err, tt.want)
			}
			if _, err := segment.NewSimulator(v); err == nil || err.Error() != tt.want {
				t.Errorf("simulator: %v, want %s", err, tt.want)
			}
		})
	}
}

func TestConcurrentList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	in := randomInstance(t, r, 40, 160)
	paths := make([][]uint32, 100)
	want := make([][]segment.Segment, len(paths))
	for i := range paths {
		paths[i] = in.randomPath(r)
		want[i], _ = in.encoder(t).List(paths[i], anyDepth(segment.Fewest))
	}
	e := in.encoder(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i, path := range paths {
				if got, _ := e.List(path, anyDepth(segment.Fewest)); !slices.Equal(got, want[i]) {
					t.Errorf("path %v: %v, alone %v", path, got, want[i])
				}
			}
		})
	}
	group.Wait()
}
