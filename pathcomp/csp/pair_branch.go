// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math"
	"slices"
)

// branching is a search by conflicts, least bound first (Sharon, Stern, Felner,
// Sturtevant: Conflict-based search for optimal multi-agent pathfinding,
// Artificial Intelligence 219, 2015). A node is, for each path, the risks that it
// avoids. Each path is found by itself, exactly. If both meet a risk, one of them
// has to avoid it: two nodes follow. If they meet none, they are the best of
// their node.
//
// Paths are found with prices first, which bound better. Those without settle
// what the prices leave open.
type branching struct {
	nodes []pairNode
	seen  map[[2]uint32]struct{} // parts of the nodes made
	queue queue
	// settled counts the nodes whose paths were looked at for a pair.
	settled int
}

// pairNode is a node of the tree. Its parts may be the same.
type pairNode struct {
	parts [2]uint32
	bound uint64 // no pair of it has a smaller sum; MaxUint64: it has none
}

const (
	// keyBits are those bits of a key of the queue that order nodes of equal
	// bounds: the last made first.
	keyBits = 28
	maxNode = 1<<keyBits - 1
	// maxTrials is the number of risks tried at a node to find the one to branch
	// on. At the first it is all: where a pair does not exist, it is most often
	// for a single risk.
	maxTrials = 8
)

func (t *branching) begin() {
	if t.seen == nil {
		t.seen = map[[2]uint32]struct{}{}
	}
	clear(t.seen)
	t.nodes, t.queue, t.settled = t.nodes[:0], t.queue[:0], 0
}

// branch searches until the best pair is proven to be that. True: the budget
// ended it, and the bound is what is proven.
func (s *pairSearch) branch() (open bool) {
	t := &s.tree
	t.begin()
	s.parts.begin()
	s.prices.set(s.risks, s.bound)
	s.roots()
	for len(t.queue) > 0 {
		n := t.nodes[t.queue.pop().value]
		if n.bound >= s.best.sum {
			break
		}
		s.bound = n.bound
		if s.searches >= s.query.Budget || len(t.nodes)+2 > maxNode {
			return true
		}
		s.expand(n)
	}
	return false
}

// roots makes a node for each way to match From with To. Paths that share an end
// have one way.
func (s *pairSearch) roots() {
	q := &s.query
	for turn := range 2 {
		if turn == 1 && (q.From[0] == q.From[1] || q.To[0] == q.To[1]) {
			break
		}
		n := pairNode{bound: s.bound}
		fits := true
		for i := range 2 {
			fits = fits && s.keepOff(q.From[i], q.To[i^turn], q.From[1-i], q.To[1-i^turn])
			n.parts[i] = s.parts.number(q.From[i], q.To[i^turn])
		}
		if fits {
			s.assess(&n)
			s.offer(n)
		}
	}
}

// keepOff makes the risks of the next part those of a path that must not touch
// the ends of the other. False: it has one.
func (s *pairSearch) keepOff(from, to, otherFrom, otherTo uint32) bool {
	set := s.parts.set[:0]
	if s.risks.nodes {
		for _, end := range [...]uint32{otherFrom, otherTo} {
			if s.shared(end) {
				continue
			}
			if end == from || end == to {
				return false
			}
			set = append(set, s.risks.node(end))
		}
	}
	slices.Sort(set)
	s.parts.set = slices.Compact(set)
	return true
}

// offer puts a node into the queue, unless it was there, or cannot have a better
// pair than the best.
func (s *pairSearch) offer(n pairNode) {
	t := &s.tree
	if n.bound >= s.best.sum {
		return
	}
	if _, ok := t.seen[n.parts]; ok {
		return
	}
	t.seen[n.parts] = struct{}{}
	k := uint32(len(t.nodes)) //nolint:gosec // up to maxNode
	t.nodes = append(t.nodes, n)
	t.queue.push(n.bound<<keyBits|uint64(maxNode-k), k)
}

// assess raises the bound of a node to what its paths prove. Of two nodes that
// differ in which path is first it makes one.
func (s *pairSearch) assess(n *pairNode) {
	x, y := &s.parts.list[n.parts[0]], &s.parts.list[n.parts[1]]
	if x.from == y.from && x.to == y.to && n.parts[0] > n.parts[1] {
		n.parts[0], n.parts[1] = n.parts[1], n.parts[0]
	}
	if s.prices.solver != nil {
		n.bound = max(n.bound, s.prices.bound(s.priced(n.parts[0]).cost, s.priced(n.parts[1]).cost))
		return
	}
	first, second := s.plain(n.parts[0]), s.plain(n.parts[1])
	if !first.found() || !second.found() {
		n.bound = math.MaxUint64
		return
	}
	n.bound = max(n.bound, first.cost+second.cost)
}

// expand settles a node, or makes the two that follow from a conflict.
func (s *pairSearch) expand(n pairNode) {
	if s.prices.solver != nil {
		x, y := s.priced(n.parts[0]), s.priced(n.parts[1])
		if x.found() && y.found() && s.settle(n, x, y) || n.bound >= s.best.sum {
			return
		}
	}
	x, y := s.plain(n.parts[0]), s.plain(n.parts[1])
	if !x.found() || !y.found() {
		return
	}
	if n.bound = max(n.bound, x.cost+y.cost); n.bound < s.best.sum {
		s.settle(n, x, y)
	}
}

// settle branches if the paths found for a node have a conflict, and takes them
// as a pair if not. It reports whether it branched.
func (s *pairSearch) settle(n pairNode, x, y *solution) (branched bool) {
	a, b := x.path, y.path
	if s.tree.settled++; s.tree.settled&(s.tree.settled-1) == 0 { // ever more seldom
		s.partner(n, 0, a)
		s.partner(n, 1, b)
	}
	if risks := s.conflicts(a, b); len(risks) > 0 {
		s.fork(n, risks)
		return true
	}
	s.consider(a, b)
	return false
}

// fork makes the nodes in which one path avoids a risk that both meet: of the
// risks tried the one that proves most, by the lesser bound of its two nodes
// (strong branching: Applegate, Bixby, Chvátal, Cook: Finding cuts in the TSP,
// DIMACS report 95-05, 1995). The paths found for the others are kept for later.
func (s *pairSearch) fork(n pairNode, risks []uint32) {
	if len(s.tree.nodes) > 2 {
		risks = risks[:min(len(risks), maxTrials)]
	}
	var chosen [2]pairNode
	var least, most uint64
	for i, risk := range risks {
		nodes := [2]pairNode{s.child(n, 0, risk), s.child(n, 1, risk)}
		low, high := min(nodes[0].bound, nodes[1].bound), max(nodes[0].bound, nodes[1].bound)
		if low >= s.best.sum {
			return
		}
		if i == 0 || low > least || low == least && high > most {
			chosen, least, most = nodes, low, high
		}
	}
	s.offer(chosen[0])
	s.offer(chosen[1])
}

// child returns the node in which one path avoids a risk.
func (s *pairSearch) child(n pairNode, side int, risk uint32) pairNode {
	p := &s.parts.list[n.parts[side]]
	isEnd := s.risks.nodes && (risk == s.risks.node(p.from) || risk == s.risks.node(p.to))
	if isEnd {
		n.bound = math.MaxUint64
		return n
	}
	n.parts[side] = s.parts.with(n.parts[side], risk)
	s.assess(&n)
	return n
}

// partner looks for the best pair that the path of one side of a node is part of.
func (s *pairSearch) partner(n pairNode, side int, path []uint32) {
	t := &s.parts
	p, other := &t.list[n.parts[side]], &t.list[n.parts[1-side]]
	if p.tried {
		return
	}
	p.tried = true
	t.set = t.set[:0]
	for _, arc := range path {
		for _, r := range s.risks.at(arc) {
			if !s.exempt(r) {
				t.set = append(t.set, r)
			}
		}
	}
	if s.risks.nodes && !s.shared(p.from) {
		t.set = append(t.set, s.risks.node(p.from))
	}
	first := len(t.arena)
	if s.find(s.solver, other.from, other.to, t.set) <= MaxPath {
		paths := [2][]uint32{path, t.arena[first:]}
		s.consider(paths[side], paths[1-side])
	}
	t.arena = t.arena[:first]
}
