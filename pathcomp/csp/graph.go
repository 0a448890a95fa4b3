// SPDX-License-Identifier: Apache-2.0

// Package csp finds exact constrained shortest paths over numbered nodes: least
// cost within a bound on delay, over the arcs that are usable now. It knows no
// names, no calendars and no units; pathcomp gives it those.
package csp

import "fmt"

// MaxPath is the largest sum of costs, or delays, of a path. What is longer
// does not exist (RFC 5305 section 3: MAX_PATH_METRIC).
const MaxPath = 0xFE000000

// Unreachable is a distance that no path has.
const Unreachable = 0xFFFFFFFF

const none = Unreachable

// Arc is a directed arc of a graph. Its number is its place in what NewGraph
// was given. Cost and Delay may be 0; arcs may be parallel.
type Arc struct {
	From, To    uint32
	Cost, Delay uint32
}

// Graph is an immutable directed graph in compressed rows.
type Graph struct {
	nodes         int
	leaving       []edge // grouped by the node they leave
	reaching      []edge // grouped by the node they reach
	leavingAt     []uint32
	reachingAt    []uint32
	tails         []uint32 // node an arc leaves, by number
	heads         []uint32
	costs, delays []uint32
}

// edge is an arc seen from one of its ends.
type edge struct {
	node  uint32 // the other end
	cost  uint32
	delay uint32
	arc   uint32 // its number
}

// NewGraph returns the graph of arcs over nodes 0 to nodes-1. The error names
// an arc that leaves that range.
func NewGraph(nodes int, arcs []Arc) (*Graph, error) {
	g := &Graph{
		nodes: nodes,
		tails: make([]uint32, len(arcs)), heads: make([]uint32, len(arcs)),
		costs: make([]uint32, len(arcs)), delays: make([]uint32, len(arcs)),
	}
	for i, a := range arcs {
		if int64(a.From) >= int64(nodes) || int64(a.To) >= int64(nodes) {
			return nil, fmt.Errorf("arc %d: from %d to %d in a graph of %d nodes", i, a.From, a.To, nodes)
		}
		g.tails[i], g.heads[i], g.costs[i], g.delays[i] = a.From, a.To, a.Cost, a.Delay
	}
	g.leaving, g.leavingAt = rows(nodes, arcs, func(a Arc) (uint32, uint32) { return a.From, a.To })
	g.reaching, g.reachingAt = rows(nodes, arcs, func(a Arc) (uint32, uint32) { return a.To, a.From })
	return g, nil
}

// rows groups arcs by one end, in the order of their numbers.
func rows(nodes int, arcs []Arc, ends func(Arc) (here, there uint32)) ([]edge, []uint32) {
	at := make([]uint32, nodes+1)
	for _, a := range arcs {
		here, _ := ends(a)
		at[here+1]++
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	next := append([]uint32(nil), at...)
	edges := make([]edge, len(arcs))
	for i, a := range arcs {
		here, there := ends(a)
		edges[next[here]] = edge{node: there, cost: a.Cost, delay: a.Delay, arc: uint32(i)}
		next[here]++
	}
	return edges, at
}

// Nodes returns how many nodes the graph has.
func (g *Graph) Nodes() int { return g.nodes }

// Arcs returns how many arcs the graph has.
func (g *Graph) Arcs() int { return len(g.tails) }

// Arc returns arc number i.
func (g *Graph) Arc(i uint32) Arc {
	return Arc{From: g.tails[i], To: g.heads[i], Cost: g.costs[i], Delay: g.delays[i]}
}
