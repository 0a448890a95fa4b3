// SPDX-License-Identifier: Apache-2.0

package csp

// Dijkstra answers least cost without a bound on delay, stopping at the
// destination: what plain CSPF does, and the yardstick for Solver. Not safe for
// concurrent use.
type Dijkstra struct {
	graph *Graph
	epoch uint32
	seen  []uint32 // epoch in which dist was written
	dist  []uint32
	queue queue
}

// NewDijkstra returns a Dijkstra for g.
func NewDijkstra(g *Graph) *Dijkstra {
	return &Dijkstra{graph: g, seen: make([]uint32, g.nodes), dist: make([]uint32, g.nodes)}
}

// Distance returns the least cost from one node to another over the arcs that
// usable (nil: all) lets through; false: no path.
func (d *Dijkstra) Distance(from, to uint32, usable Filter) (uint32, bool) {
	d.epoch++
	if d.epoch == 0 {
		clear(d.seen)
		d.epoch = 1
	}
	d.seen[from], d.dist[from] = d.epoch, 0
	d.queue = d.queue[:0]
	d.queue.push(0, from)
	for len(d.queue) > 0 {
		top := d.queue.pop()
		at, dist := top.value, uint32(top.key) //nolint:gosec // pushed as 32 bits
		if dist > d.dist[at] {
			continue
		}
		if at == to {
			return dist, true
		}
		for _, e := range d.graph.leaving(at) {
			next := capped(dist, e.cost)
			if next > MaxPath || d.seen[e.node] == d.epoch && next >= d.dist[e.node] || usable != nil && !usable.Usable(e.arc) {
				continue
			}
			d.seen[e.node], d.dist[e.node] = d.epoch, next
			d.queue.push(uint64(next), e.node)
		}
	}
	return 0, false
}

// DistancesTo returns the least cost from every node to one over the arcs that
// usable (nil: all) lets through; Unreachable where there is no path.
func (g *Graph) DistancesTo(to uint32, usable Filter) []uint32 {
	dist := make([]uint32, g.nodes)
	for i := range dist {
		dist[i] = Unreachable
	}
	dist[to] = 0
	q := queue{}
	q.push(0, to)
	for len(q) > 0 {
		top := q.pop()
		at := top.value
		if top.key > uint64(dist[at]) {
			continue
		}
		for _, e := range g.reaching(at) {
			next := capped(dist[at], e.cost)
			if next > MaxPath || next >= dist[e.node] || usable != nil && !usable.Usable(e.arc) {
				continue
			}
			dist[e.node] = next
			q.push(uint64(next), e.node)
		}
	}
	return dist
}
