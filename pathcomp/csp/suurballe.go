// SPDX-License-Identifier: Apache-2.0

package csp

import "slices"

// weight makes costs and delays one length: costs x cost + delays x delay.
type weight struct{ costs, delays int64 }

// A weight is at most maxWeight, and so small that all arcs of a graph together
// are no longer than maxLength.
const (
	maxWeight = 1 << 28
	maxLength = 1 << 61
)

// flow finds two paths of least length without a bound on delay, disjoint by the
// arcs that are not shareable and, where nodes are risks, by nodes: a flow of
// two units of least cost, from a source before both From to a sink behind both
// To, by two searches with potentials (Suurballe and Tarjan: A quick method for
// finding shortest pairs of disjoint paths, Networks 14, 1984; Bhandari:
// Survivable networks, 1999, for the split nodes). The first potentials are the
// least lengths to the destinations if all arcs are usable, which is A*.
//
// Every pair of disjoint paths is such a flow, whatever else is a risk, so its
// length bounds theirs.
type flow struct {
	*PairSolver
	query  *PairQuery
	usable Filter
	weight weight
	costs  [2][]uint32 // least costs to the destinations

	epoch   uint32
	round   uint32
	nodes   []flowNode
	states  []flowState // by node: where paths reach it (2n), and where they leave it (2n+1)
	settled []uint32
	queue   queue
	first   []uint32 // arcs of the first path
	arcs    []uint32 // arcs of the flow
	walk    splitting
}

// flowNode is a node under the flow; void if epoch is another's.
type flowNode struct {
	epoch uint32
	used  bool   // the first path meets it
	into  uint32 // by this arc; none: it begins here
}

// flowState is one half of a node; void if epoch is another's, its distance if
// round is.
type flowState struct {
	epoch, round uint32
	final        bool
	parent, arc  uint32 // state before, and the arc from it; none: no arc
	distance     int64  // reduced
	potential    int64  // no arc of the residual graph is longer than it falls
}

func newFlow(p *PairSolver) flow {
	return flow{
		PairSolver: p, nodes: make([]flowNode, p.graph.Nodes()), states: make([]flowState, 2*p.graph.Nodes()),
		walk: newSplitting(p),
	}
}

// run finds the flow. False: there is none.
func (f *flow) run(q *PairQuery, usable Filter, w weight) bool {
	f.query, f.usable, f.weight = q, usable, w
	f.costs = [2][]uint32{f.costTo(q.To[0]), f.costTo(q.To[1])}
	if f.epoch++; f.epoch == 0 {
		clear(f.nodes)
		clear(f.states)
		f.epoch = 1
	}
	f.first, f.arcs = f.first[:0], f.arcs[:0]
	f.round = 0
	last, ok := f.search(q.From[:], q.To[:])
	if !ok {
		return false
	}
	source, target := f.markFirst(last)
	from, to := q.From[:1], q.To[:1]
	if source == q.From[0] {
		from = q.From[1:]
	}
	if target == q.To[0] {
		to = q.To[1:]
	}
	if last, ok = f.search(from, to); !ok {
		return false
	}
	f.augment(last)
	return true
}

func entry(node uint32) uint32 { return 2 * node }
func exit(node uint32) uint32  { return 2*node + 1 }

// search finds the shortest way in the residual graph, and lifts the potentials
// of what it settled, so that they are good for the next.
func (f *flow) search(from, to []uint32) (last uint32, ok bool) {
	f.round++
	f.settled, f.queue = f.settled[:0], f.queue[:0]
	base := int64(-1)
	for _, n := range from {
		if s := f.state(entry(n)); s.potential >= 0 && (base < 0 || s.potential < base) {
			base = s.potential
		}
	}
	for _, n := range from {
		if s := f.state(entry(n)); s.potential >= 0 {
			f.reach(entry(n), s.potential-base, none, none)
		}
	}
	for len(f.queue) > 0 {
		at := f.queue.pop().value
		s := &f.states[at]
		if s.final {
			continue
		}
		s.final = true
		f.settled = append(f.settled, at)
		if node := at / 2; at == exit(node) && slices.Contains(to, node) {
			for _, i := range f.settled {
				f.states[i].potential += s.distance - f.states[i].distance
			}
			return at, true
		}
		f.relax(at)
	}
	return 0, false
}

// relax follows the arcs of the residual graph from a state.
func (f *flow) relax(at uint32) {
	node := at / 2
	n := f.node(node)
	if at == entry(node) {
		if !n.used || !f.risks.nodes || f.twice(node) {
			f.step(at, exit(node), 0, none)
		}
		if n.used && n.into != none {
			a := f.graph.Arc(n.into)
			f.step(at, exit(a.From), -f.length(a), n.into)
		}
		return
	}
	if n.used {
		f.step(at, entry(node), 0, none)
	}
	for _, i := range f.leaving[f.leavingAt[node]:f.leavingAt[node+1]] {
		a := f.graph.Arc(i)
		if head := f.node(a.To); head.used && head.into == i && !f.risks.shareable(i) {
			continue
		}
		if f.usable == nil || f.usable.Usable(i) {
			f.step(at, entry(a.To), f.length(a), i)
		}
	}
}

// twice says that both paths may meet a node though nodes are risks.
func (f *flow) twice(node uint32) bool {
	q := f.query
	return q.From[0] == q.From[1] && q.From[0] == node || q.To[0] == q.To[1] && q.To[0] == node
}

func (f *flow) length(a Arc) int64 {
	return f.weight.costs*int64(a.Cost) + f.weight.delays*int64(a.Delay)
}

func (f *flow) step(from, to uint32, length int64, arc uint32) {
	if next := f.state(to); next.potential >= 0 {
		s := &f.states[from]
		f.reach(to, s.distance+length+next.potential-s.potential, from, arc)
	}
}

func (f *flow) reach(state uint32, distance int64, parent, arc uint32) {
	s := f.state(state)
	if s.round == f.round && s.distance <= distance {
		return
	}
	s.round, s.final = f.round, false
	s.distance, s.parent, s.arc = distance, parent, arc
	f.queue.push(uint64(distance), state) //nolint:gosec // reduced lengths are not negative
}

func (f *flow) node(node uint32) *flowNode {
	n := &f.nodes[node]
	if n.epoch != f.epoch {
		*n = flowNode{epoch: f.epoch}
	}
	return n
}

// state returns a state with its potential; negative: no destination can be
// reached.
func (f *flow) state(state uint32) *flowState {
	s := &f.states[state]
	if s.epoch != f.epoch {
		*s = flowState{epoch: f.epoch, potential: f.ahead(state / 2)}
	}
	return s
}

// ahead returns a length that no way on from a node to a destination is below;
// negative: there is no way.
func (f *flow) ahead(node uint32) int64 {
	least := int64(-1)
	for i, to := range f.query.To {
		cost := f.costs[i][node]
		if cost == Unreachable {
			continue
		}
		length := f.weight.costs * int64(cost)
		if f.weight.delays != 0 {
			delay, _ := f.solver.LeastDelay(node, to)
			length += f.weight.delays * int64(delay)
		}
		if least < 0 || length < least {
			least = length
		}
	}
	return least
}

// markFirst puts the first path under the flow.
func (f *flow) markFirst(last uint32) (source, target uint32) {
	for at := last; ; at = f.states[at].parent {
		s := &f.states[at]
		if at == entry(at/2) {
			n := f.node(at / 2)
			n.used, n.into = true, s.arc
			if s.arc == none {
				return at / 2, last / 2
			}
			f.first = append(f.first, s.arc)
		}
	}
}

// augment makes the flow of the first path and the way that the second search
// found, which may take arcs of the first back.
func (f *flow) augment(last uint32) {
	f.arcs = append(f.arcs, f.first...)
	for at := last; ; at = f.states[at].parent {
		s := &f.states[at]
		switch {
		case s.parent == none:
			return
		case s.arc == none:
		case at == entry(at/2):
			f.arcs = append(f.arcs, s.arc)
		default:
			f.arcs = slices.Delete(f.arcs, slices.Index(f.arcs, s.arc), slices.Index(f.arcs, s.arc)+1)
		}
	}
}

// total sums the flow up.
func (f *flow) total() (t total) {
	for _, i := range f.arcs {
		a := f.graph.Arc(i)
		t.cost += int64(a.Cost)
		t.delay += int64(a.Delay)
	}
	return t
}

func (f *flow) potential(state uint32) int64 { return f.state(state).potential }
