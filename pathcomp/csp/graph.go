// SPDX-License-Identifier: Apache-2.0

// Package csp finds exact constrained shortest paths over numbered nodes: least
// cost within bounds on delay, loss and hops, over the arcs that are usable now.
// It knows no names, no calendars and no units; pathcomp gives it those.
package csp

import (
	"fmt"
	"slices"
)

// MaxPath is the largest sum of costs, or delays, of a path. What is longer
// does not exist (RFC 5305 section 3: MAX_PATH_METRIC).
const MaxPath = 0xFE000000

// Unreachable is a distance that no path has.
const Unreachable = 0xFFFFFFFF

const none = Unreachable

// Arc is a directed arc of a graph. Its number is its place in what NewGraph
// was given. Metrics add up along a path and may be 0; arcs may be parallel.
type Arc struct {
	From, To uint32
	Cost     uint32
	Delay    uint32
	Loss     uint32 // additive, such as -log(1-p) in a unit of the caller's
}

// Graph is an immutable directed graph in compressed rows. The rows lie in
// pages, so that a graph with a few other metrics shares the rest.
type Graph struct {
	nodes   int
	out, in []*page    // rows by the node that arcs leave, and reach
	arcs    []*arcPage // by number
	heads   []uint32   // nodes that arcs reach, by number
	tails   []uint32   // nodes that arcs leave, by number
}

const (
	pageBits = 6 // rows of 64 nodes, or 64 arcs
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
)

// page holds the rows of pageSize nodes one after another.
type page struct {
	at    [pageSize + 1]uint32
	edges []edge
}

// edge is an arc seen from one of its ends.
type edge struct {
	node  uint32 // the other end
	cost  uint32
	delay uint32
	arc   uint32 // its number
}

type arcPage [pageSize]Arc

// NewGraph returns the graph of arcs over nodes 0 to nodes-1. The error names
// an arc that leaves that range.
func NewGraph(nodes int, arcs []Arc) (*Graph, error) {
	for i, a := range arcs {
		if int64(a.From) >= int64(nodes) || int64(a.To) >= int64(nodes) {
			return nil, fmt.Errorf("arc %d: from %d to %d in a graph of %d nodes", i, a.From, a.To, nodes)
		}
	}
	g := &Graph{nodes: nodes, heads: make([]uint32, len(arcs)), tails: make([]uint32, len(arcs))}
	for i, a := range arcs {
		g.heads[i], g.tails[i] = a.To, a.From
	}
	for first := 0; first < len(arcs); first += pageSize {
		p := &arcPage{}
		copy(p[:], arcs[first:])
		g.arcs = append(g.arcs, p)
	}
	g.out = pages(nodes, arcs, func(a Arc) (uint32, uint32) { return a.From, a.To })
	g.in = pages(nodes, arcs, func(a Arc) (uint32, uint32) { return a.To, a.From })
	return g, nil
}

// pages groups arcs by one end, in the order of their numbers.
func pages(nodes int, arcs []Arc, ends func(Arc) (here, there uint32)) []*page {
	at := make([]uint32, nodes+1)
	for _, a := range arcs {
		here, _ := ends(a)
		at[here+1]++
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	next := slices.Clone(at)
	edges := make([]edge, len(arcs))
	for i, a := range arcs {
		here, there := ends(a)
		edges[next[here]] = edge{node: there, cost: a.Cost, delay: a.Delay, arc: uint32(i)}
		next[here]++
	}
	var out []*page
	for first := 0; first < nodes; first += pageSize {
		p := &page{}
		for i := range p.at {
			p.at[i] = at[min(first+i, nodes)] - at[first]
		}
		p.edges = edges[at[first]:at[min(first+pageSize, nodes)]:at[min(first+pageSize, nodes)]]
		out = append(out, p)
	}
	return out
}

// leaving returns the arcs that leave node.
func (g *Graph) leaving(node uint32) []edge { return g.out[node>>pageBits].row(node) }

// reaching returns the arcs that reach node.
func (g *Graph) reaching(node uint32) []edge { return g.in[node>>pageBits].row(node) }

func (p *page) row(node uint32) []edge {
	i := node & pageMask
	return p.edges[p.at[i]:p.at[i+1]]
}

// turned returns the graph with every arc the other way round, for searches that need
// no more of an arc than its ends and metrics in leaving and reaching.
func (g *Graph) turned() *Graph {
	return &Graph{nodes: g.nodes, out: g.in, in: g.out, arcs: g.arcs, heads: g.tails, tails: g.heads}
}

// arc returns arc number i where it lies.
func (g *Graph) arc(i uint32) *Arc { return &g.arcs[i>>pageBits][i&pageMask] }

// Nodes returns how many nodes the graph has.
func (g *Graph) Nodes() int { return g.nodes }

// Arcs returns how many arcs the graph has.
func (g *Graph) Arcs() int { return len(g.heads) }

// Arc returns arc number i.
func (g *Graph) Arc(i uint32) Arc { return *g.arc(i) }

// Metrics is what an arc costs from now on.
type Metrics struct {
	Arc               uint32
	Cost, Delay, Loss uint32
}

// With returns a graph in which some arcs have other metrics; g where all are
// what they were. It shares with g all pages but those in which something
// changed, and takes the time of these: beside them, one pointer for each 64
// nodes and 64 arcs is copied.
func (g *Graph) With(changes []Metrics) *Graph {
	if !slices.ContainsFunc(changes, g.differs) {
		return g
	}
	next := &Graph{nodes: g.nodes, heads: g.heads, tails: g.tails, out: slices.Clone(g.out), in: slices.Clone(g.in), arcs: slices.Clone(g.arcs)}
	for _, m := range changes {
		i := m.Arc >> pageBits
		if next.arcs[i] == g.arcs[i] {
			own := *g.arcs[i]
			next.arcs[i] = &own
		}
		a := next.arc(m.Arc)
		a.Cost, a.Delay, a.Loss = m.Cost, m.Delay, m.Loss
		set(next.out, g.out, a.From, m)
		set(next.in, g.in, a.To, m)
	}
	return next
}

// differs says whether an arc has other metrics now.
func (g *Graph) differs(m Metrics) bool {
	a := g.arc(m.Arc)
	return a.Cost != m.Cost || a.Delay != m.Delay || a.Loss != m.Loss
}

// set writes an arc's metrics to its row, in a page that is not the old one.
func set(pages, old []*page, node uint32, m Metrics) {
	i := node >> pageBits
	if pages[i] == old[i] {
		pages[i] = &page{at: old[i].at, edges: slices.Clone(old[i].edges)}
	}
	row := pages[i].row(node)
	for k := range row {
		if row[k].arc == m.Arc {
			row[k].cost, row[k].delay = m.Cost, m.Delay
			return
		}
	}
}
