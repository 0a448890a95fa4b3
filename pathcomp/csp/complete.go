// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math/bits"
	"slices"
)

// complete tries the ways on from at.
func (s *search) complete(l *stretch, at *label, state *nodeState, number uint32) {
	row := &l.rows[at.node]
	for left := s.every &^ state.broken &^ row.repeats; left != 0; left &= left - 1 {
		k := bits.TrailingZeros8(left)
		w, a := &row.ways[k], &l.after[k]
		cost := uint64(at.cost) + uint64(w.cost) + uint64(a.cost)
		delay := uint64(at.delay) + uint64(w.delay) + uint64(a.delay)
		if cost > MaxPath || delay > uint64(s.tour.MaxDelay) {
			continue
		}
		if key := cost<<32 | delay; key < s.best && s.whole(at.leg, at.node, k) {
			s.found(key, number, k)
		}
	}
}

// whole says whether the way on from node in order k is usable throughout, over
// all legs, and as long as it was.
func (s *search) whole(leg uint32, node uint32, k int) bool {
	for i := range s.legs[leg:] {
		l := &s.legs[int(leg)+i]
		if !s.wholeLeg(l, node, k) {
			return false
		}
		node = l.To
	}
	return true
}

// wholeLeg is whole to the end of a leg. No part of a way is looked at twice.
func (s *search) wholeLeg(l *stretch, node uint32, k int) bool {
	bit := uint8(1) << k
	for at := node; at != l.To; {
		w := &l.at(at)[k]
		state := s.state(l, at)
		if state.walked&bit == 0 {
			state.walked |= bit
			if l.Usable != nil && !l.Usable.Usable(w.branch) || l.stale && !s.asLong(l, w, k) {
				state.broken |= bit
			}
		} else if state.broken&bit == 0 {
			return true
		}
		if state.broken&bit != 0 {
			s.spoil(l, node, at, k)
			return false
		}
		at = s.graph.heads[w.branch]
	}
	return true
}

// spoil notes that the way on from node is not whole, for it breaks at another.
func (s *search) spoil(l *stretch, node, at uint32, k int) {
	for ; node != at; node = s.graph.heads[l.at(node)[k].branch] {
		s.state(l, node).broken |= 1 << k
	}
}

// asLong says whether the first arc of a way is as long as when the way was
// found.
func (s *search) asLong(l *stretch, w *way, k int) bool {
	a := s.graph.arc(w.branch)
	next := l.at(a.To)[k]
	return w.cost == capped(next.cost, a.Cost) && w.delay == capped(next.delay, a.Delay)
}

// answer appends the arcs of the best answer, if there is one.
func (s *search) answer(r Result, path []uint32) (Result, []uint32) {
	if !r.Found {
		return r, path
	}
	first := len(path)
	for i := s.bestLabel; s.labels[i].parent != none; i = s.labels[i].parent {
		path = append(path, s.labels[i].arc)
	}
	slices.Reverse(path[first:])
	at := s.labels[s.bestLabel]
	for leg := int(at.leg); leg < len(s.legs); leg++ {
		for at.node != s.legs[leg].To {
			arc := s.legs[leg].at(at.node)[s.bestOrder].branch
			path = append(path, arc)
			at.node = s.graph.heads[arc]
		}
	}
	return r, path
}
