// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"encoding/binary"
	"slices"
)

// part is one path's side of a node of the tree: its ends, and the risks that it
// avoids. Nodes share parts, and what was found for them.
type part struct {
	from, to uint32
	avoid    []uint32 // ascending
	priced   solution
	plain    solution
	tried    bool // whether the best partner of its path was looked for
}

// solution is the cheapest path of a part.
type solution struct {
	known bool
	cost  uint64 // more than MaxPath: there is no path
	path  []uint32
}

func (s *solution) found() bool { return s.cost <= MaxPath }

// parts holds every part once.
type parts struct {
	list  []part
	index map[string]uint32 // by ends and risks
	key   []byte
	set   []uint32 // risks of the part to come
	arena []uint32 // paths and risks
}

func (t *parts) begin() {
	if t.index == nil {
		t.index = map[string]uint32{}
	}
	clear(t.index)
	t.list, t.arena = t.list[:0], t.arena[:0]
}

// number returns the part from a node to another that avoids the risks in set,
// which are ascending.
func (t *parts) number(from, to uint32) uint32 {
	t.key = binary.NativeEndian.AppendUint32(t.key[:0], from)
	t.key = binary.NativeEndian.AppendUint32(t.key, to)
	for _, r := range t.set {
		t.key = binary.NativeEndian.AppendUint32(t.key, r)
	}
	if k, ok := t.index[string(t.key)]; ok {
		return k
	}
	k := uint32(len(t.list)) //nolint:gosec // memory ends before 2^32 parts
	t.index[string(t.key)] = k
	first := len(t.arena)
	t.arena = append(t.arena, t.set...)
	t.list = append(t.list, part{from: from, to: to, avoid: slices.Clip(t.arena[first:])})
	return k
}

// with returns the part that avoids one risk more than another part.
func (t *parts) with(k, risk uint32) uint32 {
	p := &t.list[k]
	at, _ := slices.BinarySearch(p.avoid, risk)
	t.set = append(t.set[:0], p.avoid[:at]...)
	t.set = append(t.set, risk)
	t.set = append(t.set, p.avoid[at:]...)
	return t.number(p.from, p.to)
}

// plain returns the path of a part that is cheapest.
func (s *pairSearch) plain(k uint32) *solution {
	p := &s.parts.list[k]
	if !p.plain.known {
		p.plain = s.solve(s.solver, p)
	}
	return &p.plain
}

// priced returns the path of a part that is cheapest with its prices.
func (s *pairSearch) priced(k uint32) *solution {
	p := &s.parts.list[k]
	if !p.priced.known {
		p.priced = s.solve(s.prices.solver, p)
	}
	return &p.priced
}

func (s *pairSearch) solve(solver *Solver, p *part) solution {
	first := len(s.parts.arena)
	cost := s.find(solver, p.from, p.to, p.avoid)
	return solution{known: true, cost: cost, path: slices.Clip(s.parts.arena[first:])}
}

// find appends the cheapest path that avoids risks to the arena. A cost of more
// than MaxPath: there is none.
func (s *pairSearch) find(solver *Solver, from, to uint32, risks []uint32) uint64 {
	s.searches++
	s.avoid.set(s.risks, risks)
	var r Result
	r, s.parts.arena = solver.Find(Query{From: from, To: to, MaxDelay: s.query.MaxDelay}, &s.avoid, s.parts.arena)
	if !r.Found {
		return MaxPath + 1
	}
	return uint64(r.Cost)
}

// avoiding lets the usable arcs through that carry none of some risks.
type avoiding struct {
	usable Filter
	epoch  uint32
	marked []uint32 // by arc, the epoch in which it carries one
}

// Usable implements Filter.
func (a *avoiding) Usable(arc uint32) bool {
	return a.marked[arc] != a.epoch && (a.usable == nil || a.usable.Usable(arc))
}

// set makes these the risks to avoid.
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
