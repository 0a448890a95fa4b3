// SPDX-License-Identifier: Apache-2.0

package csp

// A potential is, for one destination, the best way there from every node, in
// each of several orders. An order gives a bound: no way on from a node is
// better in that order. And it gives a completion: the way itself. Computed on
// the graph without reservations the bounds hold whatever is reserved or fails.
// They are consistent: no arc makes them fall by more than its own length.
type potential struct {
	ways []way // node by node, the orders side by side
}

// way is the best way on from a node in one order.
type way struct {
	cost, delay uint32 // sums; capped at none
	branch      uint32 // its first arc; none: there is no way, or this is the destination
}

// order ranks ways by costs x cost + delays x delay.
type order struct{ costs, delays uint64 }

// The orders that every search needs; those between them come after.
const (
	byCost  = 0 // ties by delay
	byDelay = 1 // ties by cost
	between = 2
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
	for i := range g.costs {
		cost += uint64(g.costs[i])
		delay += uint64(g.delays[i])
	}
	out := []order{{costs: 1 << 32, delays: 1}, {costs: 1, delays: 1 << 32}}
	if cost == 0 || delay == 0 {
		return out
	}
	for _, weight := range [...]float64{0.5, 2} {
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

func newPotential(nodes, orders int) potential {
	return potential{ways: make([]way, nodes*orders)}
}

// fill computes the ways to a destination over the usable arcs (nil: all), in
// order number k of count, by Dijkstra against the arcs.
func (p potential) fill(g *Graph, o order, k, count int, to uint32, usable Filter, q *queue) {
	for i := k; i < len(p.ways); i += count {
		p.ways[i] = way{cost: none, delay: none, branch: none}
	}
	p.ways[int(to)*count+k] = way{branch: none}
	*q = (*q)[:0]
	q.push(0, to)
	for len(*q) > 0 {
		top := q.pop()
		at := p.ways[int(top.value)*count+k]
		if top.key > o.length(at.cost, at.delay) {
			continue
		}
		for _, e := range g.reaching[g.reachingAt[top.value]:g.reachingAt[top.value+1]] {
			w := &p.ways[int(e.node)*count+k]
			cost, delay := capped(at.cost, e.cost), capped(at.delay, e.delay)
			length := o.length(cost, delay)
			if length >= o.length(w.cost, w.delay) || usable != nil && !usable.Usable(e.arc) {
				continue
			}
			*w = way{cost: cost, delay: delay, branch: e.arc}
			q.push(length, e.node)
		}
	}
}

// capped adds, up to none.
func capped(a, b uint32) uint32 {
	return uint32(min(uint64(a)+uint64(b), none))
}
