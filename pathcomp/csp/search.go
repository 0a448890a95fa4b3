// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math"
	"slices"
)

// workspace is what a search writes to. It is used again: nodes carry the
// search they were last written in.
type workspace struct {
	epoch  uint32
	nodes  []nodeState
	labels []label
	queue  queue
	tight  potential
}

// nodeState is what one search knows of a node; void if epoch is another's.
type nodeState struct {
	epoch  uint32
	delay  uint32 // least of the labels expanded here; none: not yet
	whole  uint8  // orders in which the way on is known to be usable throughout
	broken uint8  // orders in which it is known not to be
}

// label is a path from the source, by its last arc.
type label struct {
	cost, delay uint32
	node        uint32
	parent      uint32 // label; none: the source
	arc         uint32
}

// search is WC-A* (Ahmadi, Tack, Harabor, Kilby: Enhanced methods for the
// weight constrained shortest path problem, arXiv:2207.14744), forwards only.
//
// Labels are popped in lexicographic order of (cost, delay) of the cheapest,
// then fastest, completion they could have. At one node that is the order of
// their own (cost, delay), so a label is dominated exactly if one expanded
// there was as fast.
//
// Each label popped tries the ways on that the potential knows. One that is
// usable and in time is an answer, the best so far: it ends the search when no
// label could do better, and prunes all that could not, by the Lagrangian bound
// too: costs x cost + delays x delay of a better path is at most that of the
// best cost and the bound on delay.
type search struct {
	*workspace
	graph     *Graph
	query     Query
	usable    Filter
	potential potential
	orders    []order
	budget    int // negative: none

	best      uint64 // packed cost and delay of the best answer so far
	bestLabel uint32 // and where it leaves the labels
	bestOrder int    // for the way on in this order
	lagrange  int    // the order between cost and delay that bounds best
	limit     uint64 // no better path is longer in that order
}

// outcome is a Result, or the news that the budget is spent.
type outcome struct {
	Result
	overBudget bool
}

func (s *search) run() outcome {
	var r outcome
	s.begin()
	q := s.query
	ways := s.ways(q.From)
	if ways[byDelay].delay > q.MaxDelay || ways[byCost].cost > MaxPath {
		return r
	}
	s.chooseLagrange(ways)
	s.labels = append(s.labels, label{node: q.From, parent: none, arc: none})
	s.queue.push(pack(ways[byCost].cost, ways[byCost].delay), 0)
	for len(s.queue) > 0 {
		top := s.queue.pop()
		if top.key >= s.best {
			break
		}
		l := s.labels[top.value]
		state := s.state(l.node)
		if l.delay >= state.delay || s.hopeless(l.cost, l.delay, s.ways(l.node)) {
			continue
		}
		if s.complete(l, top.value); s.best <= top.key {
			break
		}
		if r.Expansions == s.budget {
			r.overBudget = true
			return r
		}
		state.delay = l.delay
		r.Expansions++
		s.expand(l, top.value)
	}
	if s.best != math.MaxUint64 {
		r.Found = true
		r.Cost, r.Delay = unpack(s.best)
	}
	return r
}

// complete tries the ways on from l.
func (s *search) complete(l label, number uint32) {
	for k, w := range s.ways(l.node) {
		cost, delay := uint64(l.cost)+uint64(w.cost), uint64(l.delay)+uint64(w.delay)
		if delay > uint64(s.query.MaxDelay) || cost > MaxPath {
			continue
		}
		key := cost<<32 | delay
		if key >= s.best || !s.whole(l.node, k) {
			continue
		}
		s.best, s.bestLabel, s.bestOrder = key, number, k
		s.setLimit()
	}
}

// expand makes the labels that follow l.
func (s *search) expand(l label, number uint32) {
	g := s.graph
	for _, e := range g.leaving[g.leavingAt[l.node]:g.leavingAt[l.node+1]] {
		ways := s.ways(e.node)
		delay := uint64(l.delay) + uint64(e.delay)
		if delay+uint64(ways[byDelay].delay) > uint64(s.query.MaxDelay) {
			continue
		}
		cost := uint64(l.cost) + uint64(e.cost)
		if cost+uint64(ways[byCost].cost) > MaxPath || delay >= uint64(s.state(e.node).delay) {
			continue
		}
		next := label{cost: capped(l.cost, e.cost), delay: capped(l.delay, e.delay), node: e.node, parent: number, arc: e.arc}
		key := pack(next.cost+ways[byCost].cost, capped(next.delay, ways[byCost].delay))
		if key >= s.best || s.hopeless(next.cost, next.delay, ways) || s.usable != nil && !s.usable.Usable(e.arc) {
			continue
		}
		s.labels = append(s.labels, next)
		s.queue.push(key, uint32(len(s.labels)-1)) //nolint:gosec // memory ends before 2^32 labels
	}
}

// chooseLagrange takes the order that bounds the cost from the source best.
func (s *search) chooseLagrange(ways []way) {
	s.lagrange = byCost
	most := float64(ways[byCost].cost)
	for k := between; k < len(s.orders); k++ {
		o := s.orders[k]
		bound := (float64(o.length(ways[k].cost, ways[k].delay)) - float64(o.delays)*float64(s.query.MaxDelay)) / float64(o.costs)
		if bound > most {
			s.lagrange, most = k, bound
		}
	}
	s.limit = math.MaxUint64
}

func (s *search) setLimit() {
	if s.lagrange != byCost {
		cost, _ := unpack(s.best)
		s.limit = s.orders[s.lagrange].length(cost, s.query.MaxDelay)
	}
}

// hopeless says that no path through a label is as cheap as the best.
func (s *search) hopeless(cost, delay uint32, ways []way) bool {
	w := ways[s.lagrange]
	o := s.orders[s.lagrange]
	return s.limit != math.MaxUint64 && o.length(cost, delay)+o.length(w.cost, w.delay) > s.limit
}

// whole says whether the way on from node in order k is usable throughout. What
// it learns it keeps for every node on the way.
func (s *search) whole(node uint32, k int) bool {
	bit := uint8(1) << k
	at := node
	whole := false
	for {
		if at == s.query.To {
			whole = true
			break
		}
		state := s.state(at)
		if (state.whole|state.broken)&bit != 0 {
			whole = state.whole&bit != 0
			break
		}
		arc := s.ways(at)[k].branch
		if s.usable != nil && !s.usable.Usable(arc) {
			state.broken |= bit
			break
		}
		at = s.graph.heads[arc]
	}
	for i := node; i != at; i = s.graph.heads[s.ways(i)[k].branch] {
		if whole {
			s.state(i).whole |= bit
		} else {
			s.state(i).broken |= bit
		}
	}
	return whole
}

// path appends the arcs of the best answer.
func (s *search) path(path []uint32) []uint32 {
	first := len(path)
	for i := s.bestLabel; s.labels[i].parent != none; i = s.labels[i].parent {
		path = append(path, s.labels[i].arc)
	}
	slices.Reverse(path[first:])
	for at := s.labels[s.bestLabel].node; at != s.query.To; {
		arc := s.ways(at)[s.bestOrder].branch
		path = append(path, arc)
		at = s.graph.heads[arc]
	}
	return path
}

// begin voids what the search before has left.
func (s *search) begin() {
	s.labels, s.queue = s.labels[:0], s.queue[:0]
	s.best, s.lagrange, s.limit = math.MaxUint64, byCost, math.MaxUint64
	s.epoch++
	if s.epoch == 0 {
		clear(s.nodes)
		s.epoch = 1
	}
}

func (s *search) ways(node uint32) []way {
	n := len(s.orders)
	return s.potential.ways[int(node)*n : int(node)*n+n]
}

func (s *search) state(node uint32) *nodeState {
	n := &s.nodes[node]
	if n.epoch != s.epoch {
		*n = nodeState{epoch: s.epoch, delay: none}
	}
	return n
}
