// SPDX-License-Identifier: Apache-2.0

package csp

// Dijkstra answers least cost without a bound on delay, stopping at the
// destination: what plain CSPF does, and the yardstick for Solver. Not safe for
// concurrent use.
type Dijkstra struct {
	graph    *Graph
	frontier frontier
}

// NewDijkstra returns a Dijkstra for g.
func NewDijkstra(g *Graph) *Dijkstra {
	return &Dijkstra{graph: g, frontier: newFrontier(g.nodes)}
}

// Distance returns the least cost from one node to another over the arcs that
// usable (nil: all) lets through; false: no path.
func (d *Dijkstra) Distance(from, to uint32, usable Filter) (uint32, bool) {
	g, f := d.graph, &d.frontier
	f.begin()
	f.reach(from, 0)
	for {
		at, distance, ok := f.settle()
		if !ok || at == to {
			return distance, ok
		}
		f.relax(g.leaving(at), distance, usable)
	}
}

// DistancesTo returns the least cost from every node to one over the arcs that
// usable (nil: all) lets through; Unreachable where there is no path.
func (g *Graph) DistancesTo(to uint32, usable Filter) []uint32 {
	distances := make([]uint32, g.nodes)
	for i := range distances {
		distances[i] = Unreachable
	}
	f := newFrontier(g.nodes)
	f.begin()
	f.reach(to, 0)
	for {
		at, distance, ok := f.settle()
		if !ok {
			return distances
		}
		distances[at] = distance
		f.relax(g.reaching(at), distance, usable)
	}
}

// relax reaches over the usable ones of the arcs at a node so far away.
func (f *frontier) relax(edges []edge, distance uint32, usable Filter) {
	for _, e := range edges {
		next := uint64(distance) + uint64(e.cost)
		if next > MaxPath || !f.nearer(e.node, next) || usable != nil && !usable.Usable(e.arc) {
			continue
		}
		f.reach(e.node, uint32(next))
	}
}
