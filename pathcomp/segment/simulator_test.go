// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/segment"
)

// randomList often goes somewhere.
func (in instance) randomList(r *rand.Rand, from uint32) []segment.Segment {
	var list []segment.Segment
	at := from
	for range r.IntN(4) {
		x := segment.Segment{Kind: segment.Node, Number: r.Uint32N(uint32(len(in.Nodes)))}
		if r.IntN(2) == 0 {
			x = segment.Segment{Kind: segment.Adjacency, Number: r.Uint32N(uint32(len(in.arcs)))}
			for tries := 0; tries < 9 && in.arcs[x.Number].From != at; tries++ {
				x.Number = r.Uint32N(uint32(len(in.arcs)))
			}
			at = in.arcs[x.Number].To
		} else {
			at = x.Number
		}
		list = append(list, x)
	}
	return list
}

func TestSimulateIsWhatRoutersDo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	spread, faults, sound := 0, 0, 0
	for graph := range 15_000 {
		nodes := 2 + r.IntN(6)
		in := randomInstance(t, r, nodes, nodes+r.IntN(4*nodes))
		from := r.Uint32N(uint32(nodes))
		list := in.randomList(r, from)
		got, err := in.simulator(t).Simulate(from, list)
		for _, popEarly := range []bool{false, true} {
			want := in.flows(from, list, popEarly)
			if fault := (*segment.FaultError)(nil); want.fault != errors.As(err, &fault) {
				t.Fatalf("graph %d %+v, from %d by %v: %v, want a fault: %v", graph, in, from, list, err, want.fault)
			}
			if want.fault {
				faults++
				continue
			}
			sound++
			if want.spread {
				spread++
			}
			if diff := cmp.Diff(sortedKeys(want.carried), slices.Sorted(slices.Values(got))); diff != "" {
				t.Fatalf("graph %d %+v, from %d by %v: (-want +got)\n%s", graph, in, from, list, diff)
			}
			end := from
			if len(got) > 0 {
				end = in.arcs[got[len(got)-1]].To
			}
			if diff := cmp.Diff([]uint32{end}, sortedKeys(want.ends)); diff != "" {
				t.Fatalf("graph %d %+v, from %d by %v: ends (-got +want)\n%s", graph, in, from, list, diff)
			}
		}
	}
	if min(spread, faults, sound) < 400 {
		t.Errorf("%d faults, %d sound, %d of them over equal ways: too few to tell", faults, sound, spread)
	}
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	node := func(n uint32) segment.Segment { return segment.Segment{Kind: segment.Node, Number: n} }
	adjacency := func(n uint32) segment.Segment { return segment.Segment{Kind: segment.Adjacency, Number: n} }
	tests := []struct {
		name string
		harm func(*instance)
		list []segment.Segment
		want []uint32
		err  string
	}{
		{name: "nothing to do"},
		{name: "a node that it is at", list: []segment.Segment{node(0), adjacency(0)}, want: []uint32{0}},
		{name: "all equals", list: []segment.Segment{node(4)}, want: []uint32{0, 2, 1, 3, 4, 5}},
		{name: "one adjacency, then all equals", list: []segment.Segment{adjacency(0), node(4)}, want: []uint32{0, 1, 4, 5}},
		{name: "an adjacency outside of the IGP", harm: func(in *instance) { in.Arcs[0].IGP = false }, list: []segment.Segment{adjacency(0)}, want: []uint32{0}},
		{
			name: "dead adjacency", harm: func(in *instance) { in.Arcs[1].SID = false },
			list: []segment.Segment{adjacency(0), adjacency(1)},
			err:  "segment 1, adjacency 1, at node 1: no such SID",
		},
		{
			name: "node SID withdrawn", harm: func(in *instance) { in.Nodes[3].SID = false },
			list: []segment.Segment{node(3)}, err: "segment 0, node 3, at node 0: no such SID",
		},
		{name: "unknown node", list: []segment.Segment{node(5)}, err: "segment 0, node 5, at node 0: no such SID"},
		{name: "unknown adjacency", list: []segment.Segment{adjacency(6)}, err: "segment 0, adjacency 6, at node 0: no such SID"},
		{name: "unknown kind", list: []segment.Segment{{Kind: 3}}, err: "segment 0, kind 3 0, at node 0: no such SID"},
		{
			name: "cut off", harm: func(in *instance) { in.Arcs[4].IGP, in.Arcs[5].IGP = false, false },
			list: []segment.Segment{node(3), node(4)}, err: "segment 1, node 4, at node 3: no way there",
		},
		{name: "another node's adjacency", list: []segment.Segment{adjacency(1)}, err: "segment 0, adjacency 1, at node 0: not an adjacency of this node"},
		{
			name: "through a node that is no transit", harm: func(in *instance) { in.Nodes[1].Transit = false },
			list: []segment.Segment{node(1), node(3)},
			err:  "segment 1, node 3, at node 1: this node forwards nothing for others",
		},
		{
			name: "back", harm: func(in *instance) { in.Arcs[0].IGP, in.Arcs[1].IGP = false, false },
			list: []segment.Segment{node(3), adjacency(6)},
			err:  "segment 1, adjacency 6, at node 3: the packet may pass a node twice",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := square(t)
			if tt.name == "back" {
				in = newInstance(t, in.Nodes, append(in.arcs, csp.Arc{From: 3, To: 2, Cost: 10}), append(in.Arcs, segment.ArcState{SID: true}))
			}
			if tt.harm != nil {
				tt.harm(&in)
			}
			got, err := in.simulator(t).Simulate(0, tt.list)
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
	if _, err := square(t).simulator(t).Simulate(5, nil); err == nil {
		t.Error("a packet at a node that is not there was forwarded")
	}
}

// TestVerifyAfterTheIGPChanged: an adjacency list holds whatever the metrics
// are, a node segment follows them.
func TestVerifyAfterTheIGPChanged(t *testing.T) {
	t.Parallel()
	path := []uint32{0, 1}
	before := square(t)
	before.arcs[0].Cost = 5
	before = newInstance(t, before.Nodes, before.arcs, before.Arcs)
	loose, err := before.encoder(t).List(path, anyDepth(segment.Fewest))
	if err != nil || len(loose) != 1 {
		t.Fatalf("before: %v, %v", loose, err)
	}
	pinned, err := before.encoder(t).List(path, anyDepth(segment.AdjacencyOnly))
	if err != nil {
		t.Fatal(err)
	}
	after := square(t).simulator(t)
	if err := after.Verify(path, pinned); err != nil {
		t.Errorf("adjacencies: %v", err)
	}
	err = after.Verify(path, loose)
	deviation := (*segment.DeviationError)(nil)
	if !errors.As(err, &deviation) || !slices.Equal(deviation.Arcs, []uint32{0, 2, 1, 3}) {
		t.Errorf("node segment: %v", err)
	}
	if want := "packets may take arcs [0 2 1 3]"; err == nil || err.Error() != want {
		t.Errorf("said %v, want %s", err, want)
	}
}

// TestPinsIsWhatVerifyProves: on lists that were made for this view, for
// another, and for nothing.
func TestPinsIsWhatVerifyProves(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	outcomes := map[bool]int{}
	for graph := range 8_000 {
		nodes := 2 + r.IntN(7)
		in := randomInstance(t, r, nodes, nodes+r.IntN(2*nodes))
		path := in.randomPath(r)
		list, err := in.encoder(t).List(path, anyDepth(strategies()[r.IntN(3)]))
		if err != nil {
			list = in.randomList(r, r.Uint32N(uint32(nodes)))
		}
		if r.IntN(4) == 0 {
			list = slices.Insert(list, r.IntN(len(list)+1), in.randomList(r, 0)...)
		}
		after := in.changed(t, r)
		got, proof := after.encoder(t).Pins(path, list), after.simulator(t).Verify(path, list)
		if got != (proof == nil) {
			t.Fatalf("graph %d %+v, path %v by %v: %v, but %v", graph, after, path, list, got, proof)
		}
		outcomes[got]++
	}
	if min(outcomes[true], outcomes[false]) < 1_500 {
		t.Errorf("%v: too few to tell", outcomes)
	}
}

// changed is the instance with another metric, an arc that is down, and a node
// that forwards nothing for others, or some of it.
func (in instance) changed(t testing.TB, r *rand.Rand) instance {
	t.Helper()
	arcs, states, nodes := slices.Clone(in.arcs), slices.Clone(in.Arcs), slices.Clone(in.Nodes)
	if r.IntN(2) == 0 {
		arcs[r.IntN(len(arcs))].Cost = 1 + r.Uint32N(5)
	}
	if r.IntN(4) == 0 {
		states[r.IntN(len(states))] = segment.ArcState{}
	}
	if r.IntN(8) == 0 {
		nodes[r.IntN(len(nodes))].Transit = false
	}
	return newInstance(t, nodes, arcs, states)
}

func TestVerifyOddInput(t *testing.T) {
	t.Parallel()
	e, s := square(t).encoder(t), square(t).simulator(t)
	one := []segment.Segment{{Kind: segment.Adjacency, Number: 0}}
	tests := []struct {
		name string
		path []uint32
		list []segment.Segment
		want string
	}{
		{"nothing", nil, nil, ""},
		{"too much for nothing", nil, one, "1 segments for an empty path"},
		{"too little", []uint32{0, 1}, one, "packets may take arcs [0]"},
		{"unknown arc", []uint32{6}, one, "path: no arc 6"},
		{"another path", []uint32{2}, one, "packets may take arcs [0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := s.Verify(tt.path, tt.list); err != nil {
				got = err.Error()
			}
			if pins := e.Pins(tt.path, tt.list); pins != (got == "") {
				t.Errorf("Pins says %v", pins)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
