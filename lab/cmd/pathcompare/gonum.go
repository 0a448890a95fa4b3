// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"runtime/debug"
	"time"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// kept is how many paths Yen's algorithm enumerates before the filter.
const kept = 8

// wide is the part of a graph on whose arcs enough is available, as gonum wants
// to see it. Nothing is copied for a query. What gonum's Dijkstra and Yen do not
// ask for is the nil graph's.
type wide struct {
	graph.Directed
	nodes []graph.Node
	rows  [][]arc // by the node they leave
	mbps  uint32
}

type arc struct {
	csp.Arc
	mbps uint32
}

func newWide(g *pathbench.Graph) *wide {
	w := &wide{rows: make([][]arc, g.Nodes)}
	for i := range g.Nodes {
		w.nodes = append(w.nodes, simple.Node(i))
	}
	for i, a := range g.Arcs {
		w.rows[a.From] = append(w.rows[a.From], arc{Arc: a, mbps: g.Mbps[i]})
	}
	return w
}

// From implements graph.Graph.
func (w *wide) From(id int64) graph.Nodes { return &heads{wide: w, row: w.rows[id], next: -1} }

// Weight implements path.Weighted: the cheapest of parallel arcs counts.
func (w *wide) Weight(from, to int64) (float64, bool) {
	a, ok := w.cheapest(from, to)
	return float64(a.Cost), ok
}

// cheapest returns the arc between two nodes that costs least, and among those
// is fastest.
func (w *wide) cheapest(from, to int64) (arc, bool) {
	best, found := arc{}, false
	for _, a := range w.rows[from] {
		if int64(a.To) != to || a.mbps < w.mbps {
			continue
		}
		if !found || a.Cost < best.Cost || a.Cost == best.Cost && a.Delay < best.Delay {
			best, found = a, true
		}
	}
	return best, found
}

// heads iterates over the nodes that arcs reach.
type heads struct {
	wide *wide
	row  []arc
	next int
}

// Next implements graph.Iterator.
func (h *heads) Next() bool {
	for h.next++; h.next < len(h.row); h.next++ {
		if h.row[h.next].mbps >= h.wide.mbps {
			return true
		}
	}
	return false
}

// Node implements graph.Nodes.
func (h *heads) Node() graph.Node { return h.wide.nodes[h.row[h.next].To] }

// Len implements graph.Iterator: how many are left is not known.
func (h *heads) Len() int { return -1 }

// Reset implements graph.Iterator.
func (h *heads) Reset() { h.next = -1 }

func runGonumDijkstra(t testCase, about time.Duration) result {
	w := newWide(t.graph)
	r := repeat(t.queries, about, func(q pathbench.Query) pathbench.Answer {
		w.mbps = q.Mbps
		_, cost := path.DijkstraFromTo(w.nodes[q.From], w.nodes[q.To], w)
		if math.IsInf(cost, 1) {
			return nothing()
		}
		return pathbench.Answer{Cost: int64(cost), Micros: -1}
	})
	r.with = []string{gonumVersion()}
	return r
}

// runGonumYen takes the first of the cheapest paths that is fast enough.
func runGonumYen(t testCase, about time.Duration, sample int) result {
	w := newWide(t.graph)
	r := repeat(t.queries[:min(sample, len(t.queries))], about, func(q pathbench.Query) pathbench.Answer {
		w.mbps = q.Mbps
		for _, p := range path.YenKShortestPaths(w, kept, math.Inf(1), w.nodes[q.From], w.nodes[q.To]) {
			if a := w.sum(p); a.Micros <= int64(q.Micros) {
				return a
			}
		}
		return nothing()
	})
	r.with = []string{gonumVersion()}
	return r
}

func (w *wide) sum(nodes []graph.Node) pathbench.Answer {
	var sum pathbench.Answer
	for i := 1; i < len(nodes); i++ {
		a, _ := w.cheapest(nodes[i-1].ID(), nodes[i].ID())
		sum.Cost += int64(a.Cost)
		sum.Micros += int64(a.Delay)
	}
	return sum
}

func gonumVersion() string {
	const module = "gonum.org/v1/gonum"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "gonum"
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return "gonum " + d.Version
		}
	}
	return "gonum"
}
