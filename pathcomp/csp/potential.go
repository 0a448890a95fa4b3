// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"slices"
	"sync/atomic"
)

// A potential is, for one destination, the best way there from every node, in
// each of several orders. An order gives a bound: no way on from a node is
// better in that order. And it gives a completion: the way itself. Computed on
// the graph without reservations the bounds hold whatever is reserved or fails,
// and however much dearer arcs get. They are consistent: no arc makes them fall
// by more than its own length.
type potential struct {
	graph *Graph // that it was computed on
	rows  []row  // by node

	// Made when a query first bounds them.

	loss, hops atomic.Pointer[[]uint32] // least, by node
}

// way is the best way on from a node in one order.
type way struct {
	cost, delay uint32 // sums; capped at none
	branch      uint32 // its first arc; none: there is no way, or this is the destination
}

// row holds the ways on from a node, by order. It fills a cache line.
type row struct {
	ways    [mostOrders]way
	repeats uint8 // orders, a bit each, with a way as long as that in one before
}

// order ranks ways by costs x cost + delays x delay.
type order struct{ costs, delays uint64 }

// The orders that every search needs; those between them come after.
const (
	byCost  = 0 // ties by delay
	byDelay = 1 // ties by cost
	between = 2

	mostOrders = 5
)

func (o order) length(cost, delay uint32) uint64 {
	return o.costs*uint64(cost) + o.delays*uint64(delay)
}

// orders returns byCost, byDelay, and orders in which cost and delay weigh
// about the same on g: multipliers of the bound on delay, for the Lagrangian
// bounds of Handler and Zang (A dual algorithm for the constrained shortest
// path problem, Networks 10, 1980).
func (g *Graph) orders() []order {
	var cost, delay uint64
	for i := range uint32(len(g.heads)) { //nolint:gosec // arcs are few
		a := g.arc(i)
		cost += uint64(a.Cost)
		delay += uint64(a.Delay)
	}
	out := []order{{costs: 1 << 32, delays: 1}, {costs: 1, delays: 1 << 32}}
	if cost == 0 || delay == 0 {
		return out
	}
	for _, weight := range [...]float64{0.3, 1, 3} {
		const scale = 1 << 10
		o := order{costs: scale, delays: scale}
		if r := float64(delay) / float64(cost) * weight; r >= 1 {
			o.costs = uint64(min(r, 1<<20) * scale)
		} else {
			o.delays = uint64(min(1/r, 1<<20) * scale)
		}
		out = append(out, o)
	}
	return out
}

func newPotential(g *Graph) *potential {
	return &potential{graph: g, rows: make([]row, g.nodes)}
}

// clone shares what is there. What is made later, on one graph, stays apart.
func (p *potential) clone() *potential {
	next := &potential{graph: p.graph, rows: p.rows}
	next.loss.Store(p.loss.Load())
	next.hops.Store(p.hops.Load())
	return next
}

func (p *potential) at(node uint32) *[mostOrders]way { return &p.rows[node].ways }

// holds says whether the bounds are good for arc a too, which was cheaper or
// not there when they were computed.
func (p *potential) holds(orders []order, a Arc) bool {
	tail, head := p.at(a.From), p.at(a.To)
	for k, o := range orders {
		if o.length(tail[k].cost, tail[k].delay) > o.length(capped(head[k].cost, a.Cost), capped(head[k].delay, a.Delay)) {
			return false
		}
	}
	if loss := p.loss.Load(); loss != nil && (*loss)[a.From] > capped((*loss)[a.To], a.Loss) {
		return false
	}
	hops := p.hops.Load()
	return hops == nil || (*hops)[a.From] <= capped((*hops)[a.To], 1)
}

// compare notes which ways are not worth a look beside others.
func (p *potential) compare(orders int) {
	for i := range p.rows {
		r := &p.rows[i]
		for k := range orders {
			for before := range k {
				if r.ways[k].cost == r.ways[before].cost && r.ways[k].delay == r.ways[before].delay {
					r.repeats |= 1 << k
				}
			}
		}
	}
}

// fill computes the ways to a destination in order k by Dijkstra against the
// arcs: first side by side, close together in memory, then into their rows.
func (p *potential) fill(g *Graph, o order, k int, to uint32, usable Filter, w *filling) {
	w.run(g, o, to, usable)
	for i := range p.rows {
		p.rows[i].ways[k] = w.ways[i]
	}
}

// filling is what fill works with.
type filling struct {
	queue queue
	ways  []way // by node
}

func (w *filling) run(g *Graph, o order, to uint32, usable Filter) {
	w.ways = slices.Grow(w.ways[:0], g.nodes)[:g.nodes]
	for i := range w.ways {
		w.ways[i] = nowhere()
	}
	w.ways[to] = way{branch: none}
	w.queue = w.queue[:0]
	w.queue.push(0, to)
	for len(w.queue) > 0 {
		top := w.queue.pop()
		at := w.ways[top.value]
		if top.key > o.length(at.cost, at.delay) {
			continue
		}
		for _, e := range g.reaching(top.value) {
			next := &w.ways[e.node]
			cost, delay := capped(at.cost, e.cost), capped(at.delay, e.delay)
			length := o.length(cost, delay)
			if length >= o.length(next.cost, next.delay) || usable != nil && !usable.Usable(e.arc) {
				continue
			}
			*next = way{cost: cost, delay: delay, branch: e.arc}
			w.queue.push(length, e.node)
		}
	}
}

// nowhere is no way.
func nowhere() way { return way{cost: none, delay: none, branch: none} }

// forget says that there is no way on from any node in order k.
func (p *potential) forget(k int) {
	for i := range p.rows {
		p.rows[i].ways[k] = nowhere()
	}
}

// reach is how far fillNear and least look, and where.
type reach struct {
	from   uint32 // where the ways that matter begin
	to     uint32
	usable Filter // nil: every arc
	most   uint64 // what is farther counts as not there
	within uint32 // only nodes with a way as fast as this in order byDelay; none: all
}

// fillNear is fill for byCost or byDelay, as far as r reaches. Which of several
// ways it takes that are as good is open. By cost it is done when it comes to
// r.from: what a node farther away could add is not worth the time.
func (p *potential) fillNear(g *Graph, k int, r reach, f *frontier) {
	p.forget(k)
	p.rows[r.to].ways[k] = way{branch: none}
	f.begin()
	f.reach(r.to, 0)
	for {
		node, distance, ok := f.settle()
		if !ok {
			return
		}
		if node == r.from && k == byCost {
			p.level(distance)
			return
		}
		at := p.rows[node].ways[k]
		for _, e := range g.reaching(node) {
			next := uint64(distance) + uint64(e.cost)
			if k == byDelay {
				next = uint64(distance) + uint64(e.delay)
			}
			if next > r.most || !f.nearer(e.node, next) {
				continue
			}
			row := &p.rows[e.node]
			if row.ways[byDelay].delay > r.within || r.usable != nil && !r.usable.Usable(e.arc) {
				continue
			}
			f.reach(e.node, uint32(next)) //nolint:gosec // at most r.most
			row.ways[k] = way{cost: capped(at.cost, e.cost), delay: capped(at.delay, e.delay), branch: e.arc}
		}
	}
}

// level says of all nodes from which ways cost more, or may cost more, that they
// cost so much: a bound, and no way. The bounds stay consistent.
func (p *potential) level(cost uint32) {
	for i := range p.rows {
		if w := &p.rows[i].ways[byCost]; w.cost > cost {
			*w = way{cost: cost, delay: none, branch: none}
		}
	}
}

// least returns the least sum of one metric from every node to r.to.
func (g *Graph) least(metric func(arc uint32) uint32, r reach, f *frontier, into []uint32) []uint32 {
	into = slices.Grow(into[:0], g.nodes)[:g.nodes]
	for i := range into {
		into[i] = none
	}
	f.begin()
	f.reach(r.to, 0)
	for {
		node, distance, ok := f.settle()
		if !ok {
			return into
		}
		into[node] = distance
		for _, e := range g.reaching(node) {
			next := uint64(distance) + uint64(metric(e.arc))
			if next <= r.most && f.nearer(e.node, next) && (r.usable == nil || r.usable.Usable(e.arc)) {
				f.reach(e.node, uint32(next)) //nolint:gosec // at most r.most
			}
		}
	}
}

func (g *Graph) lossOf(arc uint32) uint32 { return g.arc(arc).Loss }

func oneHop(uint32) uint32 { return 1 }

// capped adds, up to none.
func capped(a, b uint32) uint32 {
	return uint32(min(uint64(a)+uint64(b), none))
}
