// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math/bits"
)

// splitting takes a flow of two units apart into two simple paths. Where they
// meet, their ways on can be exchanged: the sum of costs stays, the delays and
// the risks in common do not.
type splitting struct {
	*PairSolver
	from     [2]uint32
	epoch    uint32
	nodes    []splitNode
	paths    [2][]uint32
	meetings []meeting
	trial    [2][]uint32
}

// splitNode is a node under the flow; void if epoch is another's.
type splitNode struct {
	epoch  uint32
	leave  [2]uint32 // arcs of the flow not yet walked
	leaves uint8
	at     uint32 // place on the path just walked, from 1; 0: not on it
}

// meeting is where two paths meet: the arcs that each has behind it there.
type meeting [2]int

// maxMeetings bounds the ways to exchange that are tried: 2 to the power of it.
const maxMeetings = 8

func newSplitting(p *PairSolver) splitting {
	return splitting{PairSolver: p, nodes: make([]splitNode, p.graph.Nodes())}
}

func (s *splitting) node(node uint32) *splitNode {
	n := &s.nodes[node]
	if n.epoch != s.epoch {
		*n = splitNode{epoch: s.epoch}
	}
	return n
}

func (s *splitting) begin() {
	if s.epoch++; s.epoch == 0 {
		clear(s.nodes)
		s.epoch = 1
	}
}

// split makes two paths of the arcs of a flow; the first leaves From[0].
func (s *splitting) split(q *PairQuery, arcs []uint32) {
	s.begin()
	s.from = q.From
	for _, i := range arcs {
		s.add(i)
	}
	left := [2]bool{true, true}
	for k, from := range q.From {
		path := s.paths[k][:0]
		for at := from; !s.ends(q, &left, at); {
			n := s.node(at)
			n.leaves--
			arc := n.leave[n.leaves]
			path = append(path, arc)
			at = s.graph.Arc(arc).To
		}
		s.paths[k] = s.simple(from, path)
	}
	s.meet()
}

// add puts an arc under the flow. An arc there and one back do nothing.
func (s *splitting) add(arc uint32) {
	a := s.graph.Arc(arc)
	if a.From == a.To {
		return
	}
	back := s.node(a.To)
	for i := range back.leaves {
		if s.graph.Arc(back.leave[i]).To == a.From {
			back.leaves--
			back.leave[i] = back.leave[back.leaves]
			return
		}
	}
	n := s.node(a.From)
	n.leave[n.leaves] = arc
	n.leaves++
}

// ends says whether a path that is at a node ends there, and keeps that it does.
func (s *splitting) ends(q *PairQuery, left *[2]bool, at uint32) bool {
	for k, to := range q.To {
		if left[k] && to == at {
			left[k] = false
			return true
		}
	}
	return false
}

// simple cuts the loops, which cost nothing, out of a walk.
func (s *splitting) simple(from uint32, path []uint32) []uint32 {
	s.node(from).at = 1
	kept := path[:0]
	for _, arc := range path {
		to := s.node(s.graph.Arc(arc).To)
		if to.at == 0 {
			kept = append(kept, arc)
			to.at = uint32(len(kept)) + 1 //nolint:gosec // a path is no longer than the nodes are many
			continue
		}
		for len(kept)+1 > int(to.at) {
			s.node(s.graph.Arc(kept[len(kept)-1]).To).at = 0
			kept = kept[:len(kept)-1]
		}
	}
	s.node(from).at = 0
	for _, arc := range kept {
		s.node(s.graph.Arc(arc).To).at = 0
	}
	return kept
}

// meet lists where the paths meet on their way, in the order of both.
func (s *splitting) meet() {
	s.meetings = s.meetings[:0]
	for i, arc := range s.paths[0] {
		s.node(s.graph.Arc(arc).To).at = uint32(i) + 1
	}
	ends := meeting{len(s.paths[0]), len(s.paths[1])}
	last := 0
	for i, arc := range s.paths[1] {
		at := int(s.node(s.graph.Arc(arc).To).at)
		if at > last && (meeting{at, i + 1}) != ends && len(s.meetings) < maxMeetings {
			s.meetings = append(s.meetings, meeting{at, i + 1})
			last = at
		}
	}
	for _, arc := range s.paths[0] {
		s.node(s.graph.Arc(arc).To).at = 0
	}
}

// exchanges returns how many ways there are to put the paths together.
func (s *splitting) exchanges() int { return 1 << len(s.meetings) }

// exchange puts the paths together in way number k: bit i of it exchanges the
// ways on at meeting i.
func (s *splitting) exchange(k int) (a, b []uint32) {
	if k == 0 {
		return s.paths[0], s.paths[1]
	}
	s.trial[0], s.trial[1] = s.trial[0][:0], s.trial[1][:0]
	var from meeting
	for i := range len(s.meetings) + 1 {
		to := meeting{len(s.paths[0]), len(s.paths[1])}
		if i < len(s.meetings) {
			to = s.meetings[i]
		}
		turned := bits.OnesCount(uint(k)&(1<<i-1)) % 2
		for side := range 2 {
			s.trial[side^turned] = append(s.trial[side^turned], s.paths[side][from[side]:to[side]]...)
		}
		from = to
	}
	for side := range s.trial {
		s.trial[side] = s.simple(s.from[side], s.trial[side])
	}
	return s.trial[0], s.trial[1]
}
