// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// mostKnownBytes is how much memory the bounds of one solver may take.
const mostKnownBytes = 192 << 20

// igpGraph is the graph of the IGP's metrics, arcs by their numbers.
func (s *snapshot) igpGraph() *csp.Graph {
	return s.igp.get(func() *csp.Graph { return s.graph(s.igpOnly) })
}

// oneWaySolver finds paths that need not be the same both ways.
func (s *snapshot) oneWaySolver() *csp.Solver {
	return s.directed.get(func() *csp.Solver { return csp.NewSolver(s.graph(s.oneWay), s.options()) })
}

// bothWaysSolver finds paths over links that are taken both ways.
func (s *snapshot) bothWaysSolver() *csp.Solver {
	return s.coRouted.get(func() *csp.Solver { return csp.NewSolver(s.graph(s.bothWays), s.options()) })
}

func (s *snapshot) options() csp.Options {
	const aNode = 64 // octets
	return csp.Options{MostKnown: 1 + mostKnownBytes/(aNode*(1+s.nodes.count)), Open: s.open}
}

// igpOnly is what an arc costs the IGP.
func (s *snapshot) igpOnly(i int32) csp.Metrics {
	return csp.Metrics{Arc: uint32(i), Cost: s.arcs.at(i).igp} //nolint:gosec // number of an arc
}

// oneWay is what an arc costs by itself.
func (s *snapshot) oneWay(i int32) csp.Metrics {
	a := s.arcs.at(i)
	return csp.Metrics{Arc: uint32(i), Cost: a.te, Delay: a.micros, Loss: a.loss} //nolint:gosec // number of an arc
}

// bothWays is what an arc and the way back cost together.
func (s *snapshot) bothWays(i int32) csp.Metrics {
	a, b := s.arcs.at(i), s.arcs.at(i^1)
	return csp.Metrics{Arc: uint32(i), Cost: sum(a.te, b.te), Delay: sum(a.micros, b.micros), Loss: sum(a.loss, b.loss)} //nolint:gosec // number of an arc
}

func sum(a, b uint32) uint32 { return uint32(min(uint64(a)+uint64(b), math.MaxUint32)) }

// open says whether an arc may be on a way to a node at all: what searches need
// not look at, whatever is asked for.
func (s *snapshot) open(i, to uint32) bool {
	if !s.closed.has(int32(i)) { //nolint:gosec // number of an arc
		return true
	}
	a := s.arcs.at(int32(i))            //nolint:gosec // number of an arc
	return !a.down && a.to == int32(to) //nolint:gosec // number of a node
}

// isClosed says whether arc i is out of service or leads to where nothing goes
// on.
func (s *snapshot) isClosed(i int32) bool {
	a := s.arcs.at(i)
	return a.down || s.ends(a.to)
}

// isThrough says whether arc i is in service, there and back, between nodes that
// any path may go through.
func (s *snapshot) isThrough(i int32) bool {
	a := s.arcs.at(i)
	return !a.down && !s.arcs.at(i^1).down && (s.flags[a.from]|s.flags[a.to])&(isGateway|isShut) == 0
}

// graph is the graph of all links' arcs, those out of service too: filters let
// these not through.
func (s *snapshot) graph(metrics func(int32) csp.Metrics) *csp.Graph {
	arcs := make([]csp.Arc, s.linkArcs)
	for i := range s.linkArcs {
		a, m := s.arcs.at(i), metrics(i)
		arcs[i] = csp.Arc{From: uint32(a.from), To: uint32(a.to), Cost: m.Cost, Delay: m.Delay, Loss: m.Loss} //nolint:gosec // numbers of nodes
	}
	g, err := csp.NewGraph(s.nodes.count, arcs)
	if err != nil {
		panic(err) // nodes were numbered here
	}
	return g
}

// drained says that a node takes no new paths.
func (s *snapshot) drained(node int32) bool { return s.flags[node]&(isShut|isDown) != 0 }
