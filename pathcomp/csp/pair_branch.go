// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strconv"
)

// branching is a search by conflicts, best bound first (Sharon, Stern, Felner,
// Sturtevant: Conflict-based search for optimal multi-agent pathfinding,
// Artificial Intelligence 219, 2015). A node is, for each path, the risks that
// it must avoid. Each path is found for itself, exactly. If both meet a risk,
// one of them has to avoid it: two nodes follow. If they meet none, they are the
// best of their node.
//
// Paths are found with prices first, for bounds; those without decide where the
// prices leave something open.
type branching struct {
	parts []part
	index map[string]uint32 // by what makes a part
	nodes []branch
	seen  map[[2]uint32]struct{}
	queue queue
	key   []byte
	set   []uint32
	arena []uint32 // of paths and sets
}

// part is one path's side of a node.
type part struct {
	from, to uint32
	avoid    []uint32 // risks, ascending
	priced   found
	plain    found
	tried    bool // a partner was looked for
}

// found is the best path of a part.
type found struct {
	known bool
	cost  uint64 // more than MaxPath: none
	path  []uint32
}

// branch is a node of the tree: two parts. The second may be the first.
type branch struct {
	parts [2]uint32
	bound uint64
}

// keyBits are the bits of a key of the queue that order nodes of equal bound:
// the last made first.
const (
	keyBits  = 28
	lastNode = 1<<keyBits - 4
)

func (t *branching) begin() {
	t.parts, t.nodes, t.queue, t.arena = t.parts[:0], t.nodes[:0], t.queue[:0], t.arena[:0]
	if t.index == nil {
		t.index, t.seen = map[string]uint32{}, map[[2]uint32]struct{}{}
	}
	clear(t.index)
	clear(t.seen)
}

// branch searches until the best pair is proven to be that. True: the budget
// ended it, and the bound is what is proven.
func (s *pairSearch) branch() (open bool) {
	t := &s.tree
	t.begin()
	s.prices.set(s.risks, s.bound)
	s.roots()
	for len(t.queue) > 0 {
		b := t.nodes[t.queue.pop().value]
		if b.bound >= s.best.sum {
			break
		}
		s.bound = max(s.bound, b.bound)
		if s.searches >= s.query.Budget || len(t.nodes) >= lastNode {
			return true
		}
		s.expand(b)
	}
	return false
}

// roots makes a node for each way to match From with To. If paths share an end,
// there is one.
func (s *pairSearch) roots() {
	q := &s.query
	for turn := range 2 {
		if turn == 1 && (q.From[0] == q.From[1] || q.To[0] == q.To[1]) {
			break
		}
		var b branch
		ok := true
		for i := range 2 {
			k, fits := s.root(q.From[i], q.To[i^turn], q.From[1-i], q.To[1-i^turn])
			b.parts[i] = k
			ok = ok && fits
		}
		if ok {
			s.assess(&b)
			s.offer(b)
		}
	}
}

// root makes the part of a path that has to keep off the ends of the other.
// False: it cannot.
func (s *pairSearch) root(from, to, otherFrom, otherTo uint32) (uint32, bool) {
	t := &s.tree
	t.set = t.set[:0]
	if s.risks.nodes {
		for _, end := range [...]uint32{otherFrom, otherTo} {
			if s.shared(end) {
				continue
			}
			if end == from || end == to {
				return 0, false
			}
			t.set = append(t.set, s.risks.node(end))
		}
	}
	slices.Sort(t.set)
	t.set = slices.Compact(t.set)
	return t.part(from, to), true
}

// part returns the part from a node to another that avoids the risks of t.set.
func (t *branching) part(from, to uint32) uint32 {
	t.key = binary.NativeEndian.AppendUint32(t.key[:0], from)
	t.key = binary.NativeEndian.AppendUint32(t.key, to)
	for _, r := range t.set {
		t.key = binary.NativeEndian.AppendUint32(t.key, r)
	}
	if k, ok := t.index[string(t.key)]; ok {
		return k
	}
	k := uint32(len(t.parts)) //nolint:gosec // memory ends before 2^32 parts
	t.index[string(t.key)] = k
	first := len(t.arena)
	t.arena = append(t.arena, t.set...)
	t.parts = append(t.parts, part{from: from, to: to, avoid: t.arena[first:len(t.arena):len(t.arena)]})
	return k
}

// offer puts a node into the queue, unless it is or was there, or cannot hold a
// better pair than the best.
func (s *pairSearch) offer(b branch) {
	t := &s.tree
	if b.bound >= s.best.sum {
		return
	}
	if _, ok := t.seen[b.parts]; ok {
		return
	}
	t.seen[b.parts] = struct{}{}
	k := uint32(len(t.nodes)) //nolint:gosec // branch ends before lastNode and one more pair
	t.nodes = append(t.nodes, b)
	t.queue.push(b.bound<<keyBits|uint64(lastNode+2-k), k)
}

// weigh raises the bound of a node to what its paths prove; MaxUint64: it has no
// pair.
func (s *pairSearch) assess(b *branch) {
	t := &s.tree
	x, y := &t.parts[b.parts[0]], &t.parts[b.parts[1]]
	if x.from == y.from && x.to == y.to && b.parts[0] > b.parts[1] {
		b.parts[0], b.parts[1] = b.parts[1], b.parts[0]
	}
	b.bound = max(b.bound, s.bound)
	if s.prices.solver != nil {
		b.bound = max(b.bound, s.prices.bound(s.priced(b.parts[0]).cost, s.priced(b.parts[1]).cost))
		return
	}
	first, second := s.plain(b.parts[0]).cost, s.plain(b.parts[1]).cost
	if first > MaxPath || second > MaxPath {
		b.bound = math.MaxUint64
		return
	}
	b.bound = max(b.bound, first+second)
}

// expand settles a node, or makes the two that follow from a conflict.
func (s *pairSearch) expand(b branch) {
	if s.prices.solver != nil {
		x, y := s.priced(b.parts[0]), s.priced(b.parts[1])
		if x.cost <= MaxPath && y.cost <= MaxPath {
			s.partners(b, x.path, y.path)
			if risks := s.conflicts(x.path, y.path); len(risks) > 0 {
				s.fork(b, risks)
				return
			}
			s.consider(x.path, y.path)
			if s.best.sum <= b.bound {
				return
			}
		}
	}
	x, y := s.plain(b.parts[0]), s.plain(b.parts[1])
	if x.cost > MaxPath || y.cost > MaxPath || x.cost+y.cost >= s.best.sum {
		return
	}
	b.bound = max(b.bound, x.cost+y.cost)
	s.partners(b, x.path, y.path)
	if risks := s.conflicts(x.path, y.path); len(risks) > 0 {
		s.fork(b, risks)
		return
	}
	s.consider(x.path, y.path)
}

// fork makes the nodes in which one path avoids a risk that both meet: of some
// such risks the one that tells most, by the lesser bound of the two nodes
// (strong branching: Applegate, Bixby, Chvatal, Cook, 1995). What is found on the
// way is used again.
func (s *pairSearch) fork(b branch, risks []uint32) {
	var chosen [2]branch
	var most [2]uint64
	for i, risk := range risks[:min(len(risks), maxTrials())] {
		nodes := s.children(b, risk)
		low, high := nodes[0].bound, nodes[1].bound
		if low > high {
			low, high = high, low
		}
		if low >= s.best.sum {
			return
		}
		if i == 0 || low > most[0] || low == most[0] && high > most[1] {
			chosen, most = nodes, [2]uint64{low, high}
		}
	}
	s.offer(chosen[0])
	s.offer(chosen[1])
}

// children returns the nodes in which one path avoids a risk; bound MaxUint64: it
// cannot, or the node is the same as the other.
func (s *pairSearch) children(b branch, risk uint32) (nodes [2]branch) {
	t := &s.tree
	for side := range 2 {
		nodes[side] = b
		p := &t.parts[b.parts[side]]
		if s.risks.nodes && (risk == s.risks.node(p.from) || risk == s.risks.node(p.to)) {
			nodes[side].bound = math.MaxUint64
			continue
		}
		if side == 1 && b.parts[0] == b.parts[1] {
			nodes[side].bound = math.MaxUint64
			continue
		}
		t.set = append(t.set[:0], p.avoid...)
		at, _ := slices.BinarySearch(t.set, risk)
		t.set = slices.Insert(t.set, at, risk)
		nodes[side].parts[side] = t.part(p.from, p.to)
		s.assess(&nodes[side])
	}
	return nodes
}

func maxTrials() int {
	n, err := strconv.Atoi(os.Getenv("TRIALS"))
	if err != nil {
		return 1
	}
	return n
}

// partners looks for the best pair that a path of a node is part of.
func (s *pairSearch) partners(b branch, x, y []uint32) {
	t := &s.tree
	for side, path := range [...][]uint32{x, y} {
		p, other := &t.parts[b.parts[side]], &t.parts[b.parts[1-side]]
		if p.tried {
			continue
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
		// What the other must avoid in every case are the ends of this path; of its
		// own conflicts it is free.
		if s.risks.nodes && !s.shared(p.from) {
			t.set = append(t.set, s.risks.node(p.from))
		}
		first := len(t.arena)
		if cost := s.find(s.solver, other.from, other.to, t.set); cost <= MaxPath {
			partner := t.arena[first:]
			if side == 0 {
				s.consider(path, partner)
			} else {
				s.consider(partner, path)
			}
		}
		t.arena = t.arena[:first]
	}
}

func (s *pairSearch) plain(k uint32) found {
	p := &s.tree.parts[k]
	if !p.plain.known {
		p.plain = s.solve(s.solver, p)
	}
	return p.plain
}

func (s *pairSearch) priced(k uint32) found {
	p := &s.tree.parts[k]
	if !p.priced.known {
		p.priced = s.solve(s.prices.solver, p)
	}
	return p.priced
}

func (s *pairSearch) solve(solver *Solver, p *part) found {
	first := len(s.tree.arena)
	cost := s.find(solver, p.from, p.to, p.avoid)
	end := len(s.tree.arena)
	return found{known: true, cost: cost, path: s.tree.arena[first:end:end]}
}

// find appends the best path that avoids risks to the arena; a cost of more than
// MaxPath: there is none.
func (s *pairSearch) find(solver *Solver, from, to uint32, risks []uint32) uint64 {
	s.searches++
	s.avoid.set(s.risks, risks)
	var r Result
	r, s.tree.arena = solver.Find(Query{From: from, To: to, MaxDelay: s.query.MaxDelay}, &s.avoid, s.tree.arena)
	if !r.Found {
		return MaxPath + 1
	}
	return uint64(r.Cost)
}

// set makes the risks those to avoid.
func (a *avoiding) set(r *Risks, risks []uint32) {
	if a.epoch++; a.epoch == 0 {
		clear(a.marked)
		a.epoch = 1
	}
	for _, risk := range risks {
		for _, arc := range r.under(risk) {
			a.marked[arc] = a.epoch
		}
	}
}
