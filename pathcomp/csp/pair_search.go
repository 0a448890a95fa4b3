// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math"
	"slices"
)

// pairSearch is what answers one pair query, and is used again.
type pairSearch struct {
	*PairSolver
	query    PairQuery
	usable   Filter
	searches int
	bound    uint64 // proven: no pair has a smaller sum
	best     pair
	flow     flow
	prices   prices
	parts    parts
	tree     branching
	avoid    avoiding
	epoch    uint32
	met      []uint32 // by risk, the epoch in which a path met it
	common   []uint32
}

// pair is two paths that answer a query.
type pair struct {
	sum         uint64 // MaxUint64: none
	paths       [2][]uint32
	cost, delay [2]uint32
}

func newPairSearch(p *PairSolver) *pairSearch {
	return &pairSearch{
		PairSolver: p, flow: newFlow(p), met: make([]uint32, p.risks.count()),
		avoid: avoiding{marked: make([]uint32, p.graph.Arcs())},
	}
}

func (s *pairSearch) begin(q PairQuery, usable Filter) {
	s.query, s.usable, s.avoid.usable = q, usable, usable
	s.searches, s.bound = 0, 0
	s.best.sum = math.MaxUint64
}

// release lets go of what is the query's.
func (s *pairSearch) release() {
	s.usable, s.avoid.usable, s.flow.usable = nil, nil, nil
	s.prices.none()
}

func (s *pairSearch) result(open bool) PairResult {
	r := PairResult{LowerBound: s.bound, Searches: s.searches}
	found := s.best.sum != math.MaxUint64
	switch {
	case found && open:
		r.Status = PairFeasible
	case found:
		r.Status, r.LowerBound = PairOptimal, s.best.sum
	case open:
		r.Status = PairUnknown
	default:
		r.Status, r.LowerBound = PairNone, math.MaxUint64
	}
	if found {
		r.Cost, r.Delay = s.best.cost, s.best.delay
		for i, path := range s.best.paths {
			r.Paths[i] = append([]uint32(nil), path...)
		}
	}
	return r
}

// shared says whether both paths share a node, if it is an end of both.
func (s *pairSearch) shared(node uint32) bool {
	q := &s.query
	return q.From[0] == q.From[1] && q.From[0] == node || q.To[0] == q.To[1] && q.To[0] == node
}

// exempt says whether a risk is a node that both paths share.
func (s *pairSearch) exempt(risk uint32) bool {
	r := s.risks
	return r.nodes && risk >= r.node(0) && s.shared(risk-r.node(0))
}

// conflicts returns the risks that two paths have in common, those under most
// arcs first: whoever avoids them avoids most. Valid until the next call.
func (s *pairSearch) conflicts(a, b []uint32) []uint32 {
	if s.epoch += 2; s.epoch < 2 {
		clear(s.met)
		s.epoch = 2
	}
	for _, arc := range a {
		for _, r := range s.risks.at(arc) {
			s.met[r] = s.epoch
		}
	}
	s.common = s.common[:0]
	for _, arc := range b {
		for _, r := range s.risks.at(arc) {
			if s.met[r] == s.epoch && !s.exempt(r) {
				s.met[r]++ // once is enough
				s.common = append(s.common, r)
			}
		}
	}
	slices.SortStableFunc(s.common, func(x, y uint32) int {
		return len(s.risks.under(y)) - len(s.risks.under(x))
	})
	return s.common
}

// sums adds up a path. False: it is too long.
func (s *pairSearch) sums(path []uint32) (cost, delay uint64, ok bool) {
	for _, i := range path {
		a := s.graph.Arc(i)
		cost += uint64(a.Cost)
		delay += uint64(a.Delay)
	}
	return cost, delay, cost <= MaxPath && delay <= uint64(s.query.MaxDelay)
}

// consider keeps two paths that have no risk in common if they are the best so
// far. False: a path is too long.
func (s *pairSearch) consider(a, b []uint32) bool {
	costA, delayA, okA := s.sums(a)
	costB, delayB, okB := s.sums(b)
	if !okA || !okB {
		return false
	}
	if costA+costB >= s.best.sum {
		return true
	}
	if s.swapped(a, b, costA<<32|delayA, costB<<32|delayB) {
		a, b, costA, costB, delayA, delayB = b, a, costB, costA, delayB, delayA
	}
	s.best.sum = costA + costB
	s.best.cost, s.best.delay = [2]uint32{uint32(costA), uint32(costB)}, [2]uint32{uint32(delayA), uint32(delayB)} //nolint:gosec // at most MaxPath
	s.best.paths[0] = append(s.best.paths[0][:0], a...)
	s.best.paths[1] = append(s.best.paths[1][:0], b...)
	return true
}

// swapped says that paths from one node stand in the other order: of their
// destinations, or, if they share that too, of their lengths.
func (s *pairSearch) swapped(a, b []uint32, lengthA, lengthB uint64) bool {
	q := &s.query
	if q.From[0] != q.From[1] {
		return false
	}
	if q.To[0] == q.To[1] {
		return lengthB < lengthA
	}
	return s.end(a, q.From[0]) != q.To[0] || s.end(b, q.From[1]) != q.To[1]
}

// end returns where a path from a node ends.
func (s *pairSearch) end(path []uint32, from uint32) uint32 {
	if len(path) == 0 {
		return from
	}
	return s.graph.Arc(path[len(path)-1]).To
}
