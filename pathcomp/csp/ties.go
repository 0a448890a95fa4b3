// SPDX-License-Identifier: Apache-2.0

package csp

import "slices"

// tie is the beginning of a way that may be as good as the answer.
type tie struct {
	cost, delay uint32
	node        uint32
	arc         uint32 // its last; none: it is at the source
	parent      uint32 // tie
	next        uint32 // that was at the same node before; none: there is none
}

// mostTies is how many are looked at; where there are more, any way will do.
const mostTies = 1 << 16

// first puts, of all ways of one leg that are as good as the answer, one with the
// fewest arcs, and of those the first by the numbers of its arcs, in place of the
// answer, which path has behind its first so many arcs. Which way a search comes upon
// depends on the bounds that it has. Here bounds leave out only what leads to no
// answer, so that the same is found on any of them. The search is in breadth: what
// reaches a node first comes first. What is dominated there can be left out, for it
// could only be a part of an answer if there were a better one.
func (s *search) first(r Result, path []uint32, before int) []uint32 {
	if len(s.legs) > 1 || len(path) == before {
		return path
	}
	l := &s.legs[0]
	if l.potential == nil {
		s.lookBack(l, &r)
	}
	s.workspace.reset()
	s.ways = append(s.ways[:0], tie{node: s.tour.From, arc: none, parent: none, next: none})
	s.state(l, s.tour.From).delay = 0 // here the number of the last tie at a node
	for i := 0; i < len(s.ways) && len(s.ways) < mostTies; i++ {
		at := s.ways[i]
		for _, e := range s.graph.leaving(at.node) {
			cost, delay := uint64(at.cost)+uint64(e.cost), uint64(at.delay)+uint64(e.delay)
			if !s.leads(l.at(e.node), cost, delay, &r) || s.back.done && !s.back.covers(e.node) {
				continue
			}
			state := s.state(l, e.node)
			next := tie{at.cost + e.cost, at.delay + e.delay, e.node, e.arc, uint32(i), state.delay}
			if s.follows(&next) || l.Usable != nil && !l.Usable.Usable(e.arc) {
				continue
			}
			s.ways = append(s.ways, next)
			state.delay = uint32(len(s.ways) - 1) //nolint:gosec // few more than mostTies
			if e.node == l.To && next.cost == r.Cost && next.delay == r.Delay {
				return s.wayOf(&next, path[:before])
			}
		}
	}
	return path // too many, or others use arcs now that were free
}

// lookBack gives a leg that has no bounds those on delay, as far as the answer goes.
func (s *search) lookBack(l *stretch, r *Result) {
	if len(s.tight) == 0 {
		s.tight = append(s.tight, newPotential(s.graph))
	}
	l.potential, s.orders = s.tight[0], s.orders[:between]
	l.graph = s.graph
	l.fillNear(s.graph, byDelay, reach{from: s.tour.From, to: l.To, usable: l.Usable, most: uint64(r.Delay), within: none}, &s.near)
	for i := range l.rows {
		l.rows[i].ways[byCost] = way{}
	}
}

// leads says whether a way that is so long at a node may become an answer.
func (s *search) leads(on *[mostOrders]way, cost, delay uint64, r *Result) bool {
	if cost+uint64(on[byCost].cost) > uint64(r.Cost) || delay+uint64(on[byDelay].delay) > uint64(r.Delay) {
		return false
	}
	for k := between; k < len(s.orders); k++ {
		o := &s.orders[k]
		if o.length(uint32(cost), uint32(delay))+o.length(on[k].cost, on[k].delay) > o.length(r.Cost, r.Delay) { //nolint:gosec // no more than r's
			return false
		}
	}
	return true
}

// follows says whether a tie is dominated by one that was at its node before, or
// as long.
func (s *search) follows(x *tie) bool {
	for i := x.next; i != none; i = s.ways[i].next {
		if s.ways[i].cost <= x.cost && s.ways[i].delay <= x.delay {
			return true
		}
	}
	return false
}

// wayOf appends the arcs that lead to a tie.
func (s *search) wayOf(x *tie, path []uint32) []uint32 {
	first := len(path)
	for ; x.arc != none; x = &s.ways[x.parent] {
		path = append(path, x.arc)
	}
	slices.Reverse(path[first:])
	return path
}
