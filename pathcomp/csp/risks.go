// SPDX-License-Identifier: Apache-2.0

package csp

import "slices"

// Risks says, for the arcs of one graph, what may fail under them: links, nodes,
// shared risk link groups (RFC 4202 section 2.3). Two paths are disjoint if they
// have no risk in common. Immutable.
type Risks struct {
	graph  *Graph
	nodes  bool     // nodes are risks
	groups int      // risks that are not nodes
	of     []uint32 // risks grouped by arc, ascending
	ofAt   []uint32
	arcs   []uint32 // arcs grouped by risk, ascending
	arcsAt []uint32
}

// NewRisks returns the risks of g's arcs. The numbers that of returns for an arc
// are the caller's and mean nothing but themselves: both directions of a link
// share one, all links of a group share one. An arc without any may be used by
// both paths. With nodes, every node is a risk too.
func NewRisks(g *Graph, of func(arc uint32) []uint32, nodes bool) *Risks {
	r := &Risks{graph: g, nodes: nodes, ofAt: make([]uint32, 1, g.Arcs()+1)}
	number := map[uint32]uint32{}
	for i := range uint32(g.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		for _, name := range of(i) {
			if _, ok := number[name]; !ok {
				number[name] = uint32(len(number)) //nolint:gosec // names have 32 bits
			}
			r.of = append(r.of, number[name])
		}
		first := r.ofAt[i]
		slices.Sort(r.of[first:])
		r.of = append(r.of[:first], slices.Compact(r.of[first:])...)
		r.ofAt = append(r.ofAt, uint32(len(r.of))) //nolint:gosec // memory ends before 2^32 entries
	}
	r.groups = len(number)
	if nodes {
		r.addNodes()
	}
	r.group()
	return r
}

// addNodes makes a node a risk of each arc that reaches it. A path meets all its
// nodes so but the one it begins at.
func (r *Risks) addNodes() {
	old, oldAt := r.of, r.ofAt
	r.of, r.ofAt = make([]uint32, 0, len(old)+r.graph.Arcs()), make([]uint32, 1, len(oldAt))
	for i := range uint32(r.graph.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		r.of = append(r.of, old[oldAt[i]:oldAt[i+1]]...)
		r.of = append(r.of, r.node(r.graph.Arc(i).To))
		r.ofAt = append(r.ofAt, uint32(len(r.of))) //nolint:gosec // memory ends before 2^32 entries
	}
}

// group lists the arcs of each risk.
func (r *Risks) group() {
	r.arcsAt = make([]uint32, r.count()+1)
	for _, risk := range r.of {
		r.arcsAt[risk+1]++
	}
	for i := 1; i < len(r.arcsAt); i++ {
		r.arcsAt[i] += r.arcsAt[i-1]
	}
	next := slices.Clone(r.arcsAt)
	r.arcs = make([]uint32, len(r.of))
	for i := range uint32(r.graph.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		for _, risk := range r.at(i) {
			r.arcs[next[risk]] = i
			next[risk]++
		}
	}
}

func (r *Risks) count() int {
	if r.nodes {
		return r.groups + r.graph.Nodes()
	}
	return r.groups
}

// node returns the risk that a node is.
func (r *Risks) node(n uint32) uint32 { return uint32(r.groups) + n } //nolint:gosec // names have 32 bits

// at returns the risks of an arc.
func (r *Risks) at(arc uint32) []uint32 { return r.of[r.ofAt[arc]:r.ofAt[arc+1]] }

// under returns the arcs of a risk.
func (r *Risks) under(risk uint32) []uint32 { return r.arcs[r.arcsAt[risk]:r.arcsAt[risk+1]] }

// shareable says that both paths may use an arc, unless they may not share its
// nodes.
func (r *Risks) shareable(arc uint32) bool {
	own := r.at(arc)
	return len(own) == 0 || r.nodes && len(own) == 1
}
