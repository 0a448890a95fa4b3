// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/segment"
)

// instance is a view with its arcs at hand.
type instance struct {
	segment.View
	arcs []csp.Arc
}

func newInstance(t testing.TB, nodes []segment.NodeState, arcs []csp.Arc, states []segment.ArcState) instance {
	t.Helper()
	g, err := csp.NewGraph(len(nodes), arcs)
	if err != nil {
		t.Fatal(err)
	}
	return instance{View: segment.View{Graph: g, Arcs: states, Nodes: nodes}, arcs: arcs}
}

// randomInstance has parallel arcs, loops, many ties, sums beyond the largest,
// parts that do not reach each other, and few or many SIDs.
func randomInstance(t testing.TB, r *rand.Rand, nodes, arcs int) instance {
	t.Helper()
	most := []uint32{1, 1, 2, 5, 50, math.MaxUint32}[r.IntN(6)]
	chance := func() func() bool {
		percent := []int{50, 80, 100, 100}[r.IntN(4)]
		return func() bool { return r.IntN(100) < percent }
	}
	transit, nodeSID, igp, arcSID := chance(), chance(), chance(), chance()
	nodeStates := make([]segment.NodeState, nodes)
	for i := range nodeStates {
		nodeStates[i] = segment.NodeState{Transit: transit(), SID: nodeSID()}
	}
	list, states := make([]csp.Arc, arcs), make([]segment.ArcState, arcs)
	for i := range list {
		list[i] = csp.Arc{From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)), Cost: 1 + r.Uint32N(most)}
		states[i] = segment.ArcState{IGP: igp(), SID: arcSID()}
	}
	return newInstance(t, nodeStates, list, states)
}

// randomPath walks on until it may not, or has enough. It need not be shortest,
// nor in the IGP.
func (in instance) randomPath(r *rand.Rand) []uint32 {
	at := r.Uint32N(uint32(len(in.Nodes)))
	passed := map[uint32]bool{at: true}
	var path []uint32
	for range 1 + r.IntN(len(in.Nodes)) {
		var next []uint32
		for i, a := range in.arcs {
			if a.From == at && !passed[a.To] && (len(path) == 0 || in.Nodes[at].Transit) {
				next = append(next, uint32(i))
			}
		}
		if len(next) == 0 {
			break
		}
		path = append(path, next[r.IntN(len(next))])
		at = in.arcs[path[len(path)-1]].To
		passed[at] = true
	}
	return path
}

// onlyWay returns the one shortest way between two nodes, by trying all simple
// ones; nil: there is none, or several.
func (in instance) onlyWay(from, to uint32) []uint32 {
	best, count := uint64(math.MaxUint64), 0
	var only, path []uint32
	passed := make([]bool, len(in.Nodes))
	var walk func(at uint32, sum uint64)
	walk = func(at uint32, sum uint64) {
		if sum > csp.MaxPath || sum > best {
			return
		}
		if at == to {
			if sum < best {
				best, count, only = sum, 0, slices.Clone(path)
			}
			count++
			return
		}
		if at != from && !in.Nodes[at].Transit {
			return
		}
		passed[at] = true
		for i, a := range in.arcs {
			if a.From == at && in.Arcs[i].IGP && !passed[a.To] {
				path = append(path, uint32(i))
				walk(a.To, sum+uint64(a.Cost))
				path = path[:len(path)-1]
			}
		}
		passed[at] = false
	}
	walk(from, 0)
	if count != 1 {
		return nil
	}
	return only
}

// fewest is the least number of segments that pin a path, by dynamic
// programming over all stretches; math.MaxInt: none do.
func (in instance) fewest(path []uint32, strategy segment.Strategy) int {
	need := make([]int, len(path)+1) // from each place to the end
	for i := len(path) - 1; i >= 0; i-- {
		need[i] = math.MaxInt
		for j := i + 1; j <= len(path); j++ {
			end := in.arcs[path[j-1]].To
			byAdjacency := j == i+1 && in.Arcs[path[i]].SID
			byNode := (strategy == segment.Fewest || strategy == segment.FirstAdjacency && i > 0) &&
				in.Nodes[end].SID && slices.Equal(in.onlyWay(in.arcs[path[i]].From, end), path[i:j])
			if (byAdjacency || byNode) && need[j] != math.MaxInt {
				need[i] = min(need[i], need[j]+1)
			}
		}
	}
	return need[0]
}

// flows is every way that packets take under a segment list, hop by hop as
// routers with labels forward them. It knows nothing of segments as wholes.
type flows struct {
	instance
	popEarly bool       // at the penultimate hop
	dist     [][]uint64 // by destination
	carried  map[uint32]bool
	ends     map[uint32]bool
	fault    bool
	spread   bool // some router had a choice
}

const far = 1 << 62

func (in instance) flows(from uint32, list []segment.Segment, popEarly bool) flows {
	f := flows{instance: in, popEarly: popEarly, carried: map[uint32]bool{}, ends: map[uint32]bool{}}
	for to := range in.Nodes {
		f.dist = append(f.dist, in.distances(uint32(to)))
	}
	f.forward(from, list, []uint32{from})
	return f
}

// distances is Bellman-Ford's.
func (in instance) distances(to uint32) []uint64 {
	dist := slices.Repeat([]uint64{far}, len(in.Nodes))
	dist[to] = 0
	for changed := true; changed; {
		changed = false
		for i, a := range in.arcs {
			if sum := dist[a.To] + uint64(a.Cost); in.Arcs[i].IGP && (a.To == to || in.Nodes[a.To].Transit) && sum <= csp.MaxPath && sum < dist[a.From] {
				dist[a.From], changed = sum, true
			}
		}
	}
	return dist
}

// forward takes a packet with the labels of list on from a node.
func (f *flows) forward(at uint32, list []segment.Segment, passed []uint32) {
	for len(list) > 0 && list[0].Kind == segment.Node && list[0].Number == at && f.Nodes[at].SID {
		list = list[1:]
	}
	if len(list) == 0 {
		f.ends[at] = true
		return
	}
	if len(passed) > 1 && !f.Nodes[at].Transit {
		f.fault = true
		return
	}
	top, hops := list[0], 0
	for i, a := range f.arcs {
		rest := list
		switch {
		case a.From != at:
			continue
		case top.Kind == segment.Adjacency:
			if top.Number != uint32(i) || !f.Arcs[i].SID {
				continue
			}
			rest = list[1:]
		case !f.Nodes[top.Number].SID || !f.Arcs[i].IGP || a.To != top.Number && !f.Nodes[a.To].Transit ||
			f.dist[top.Number][at] == far || f.dist[top.Number][at] != f.dist[top.Number][a.To]+uint64(a.Cost):
			continue
		case f.popEarly && a.To == top.Number:
			rest = list[1:]
		}
		hops++
		f.carried[uint32(i)] = true
		if slices.Contains(passed, a.To) {
			f.fault = true
			continue
		}
		f.forward(a.To, rest, append(slices.Clone(passed), a.To))
	}
	f.fault = f.fault || hops == 0
	f.spread = f.spread || hops > 1
}

func sortedKeys(m map[uint32]bool) []uint32 { return slices.Sorted(maps.Keys(m)) }
