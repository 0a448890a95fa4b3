// SPDX-License-Identifier: Apache-2.0

package csp

import "math"

// question is a query of one leg, for A* (Hart, Nilsson, Raphael: A formal basis for the
// heuristic determination of minimum cost paths, 1968) from its beginning, which the
// bounds that are known to its end lead there.
type question struct {
	graph    *Graph
	from, to uint32
	usable   Filter // nil: every arc
	maxDelay uint32
	maxCost  uint32 // an answer was seen that costs no more; MaxPath: none was
	orders   []order
	known    *potential
}

// glimpses look for single paths, each the best in one order. They go straight to the
// end, so they see few nodes.
type glimpses struct {
	queue radix
	nodes []glimpsed
	epoch uint32
}

// glimpsed is what a glimpse knows of a node; void if epoch is another's.
type glimpsed struct {
	epoch       uint32
	settled     bool
	cost, delay uint32
}

// How often the order is changed for another glimpse, and how many nodes one may settle
// unless it is to prove something: they are to save time.
const (
	mostGlimpses = 4
	mostGlimpsed = 512
)

// look makes maxCost as little as a few paths can, and returns an order in which the
// bounds on an answer leave little room; false: no path is fast enough. From fast to
// cheap it goes to the first order whose path is too slow.
func (g *glimpses) look(q *question) (mixture, bool) {
	m := plain(q.orders, byDelay)
	fast, ok := g.least(q, &m, math.MaxInt)
	if !ok || fast.delay > q.maxDelay {
		return m, false
	}
	q.maxCost = min(q.maxCost, fast.cost)
	faster := byDelay
	for k := between; k <= len(q.orders); k++ {
		cheaper := k
		if k == len(q.orders) {
			cheaper = byCost
		}
		next := plain(q.orders, cheaper)
		if !next.computable() {
			continue
		}
		m = next
		cheap, ok := g.least(q, &m, mostGlimpsed)
		if !ok {
			break
		}
		if cheap.delay > q.maxDelay {
			g.narrow(q, &m, [2]int{faster, cheaper}, [2]way{fast, cheap})
			break
		}
		q.maxCost = min(q.maxCost, cheap.cost)
		fast, faster = cheap, cheaper
	}
	return m, true
}

// narrow looks on between two orders, the path of one fast enough and that of the other
// not, with the multiplier of the bound on delay at which both are as long (Jüttner,
// Szviatovszki, Mécs, Rajkó: Lagrange relaxation based method for the QoS routing
// problem, INFOCOM 2001).
func (g *glimpses) narrow(q *question, m *mixture, ends [2]int, paths [2]way) {
	for range mostGlimpses {
		mixed, ok := level(q.orders, ends, paths)
		if !ok {
			return
		}
		next, ok := g.least(q, &mixed, mostGlimpsed)
		if !ok {
			return
		}
		*m = mixed
		if mixed.length(next.cost, next.delay) >= mixed.length(paths[0].cost, paths[0].delay) {
			return
		}
		if next.delay <= q.maxDelay {
			q.maxCost = min(q.maxCost, next.cost)
			paths[0] = next
		} else {
			paths[1] = next
		}
	}
}

// least returns cost and delay of a path that is the best in an order; false: there is
// none, or most nodes were settled before it was found.
func (g *glimpses) least(q *question, m *mixture, most int) (way, bool) {
	g.begin(q)
	for {
		top, ok := g.queue.pop()
		if !ok {
			return way{}, false
		}
		at := &g.nodes[top.value]
		if at.settled {
			continue
		}
		if most--; most < 0 {
			return way{}, false
		}
		at.settled = true
		if top.value == q.to {
			return way{cost: at.cost, delay: at.delay}, true
		}
		for _, e := range q.graph.leaving(top.value) {
			cost, delay := capped(at.cost, e.cost), capped(at.delay, e.delay)
			length := m.length(cost, delay)
			next := &g.nodes[e.node]
			if next.epoch == g.epoch && (next.settled || m.length(next.cost, next.delay) <= length) {
				continue
			}
			ways := q.known.at(e.node)
			if ways[byCost].cost == none || q.usable != nil && !q.usable.Usable(e.arc) {
				continue
			}
			*next = glimpsed{epoch: g.epoch, cost: cost, delay: delay}
			g.queue.push(length+m.on(ways), e.node)
		}
	}
}

func (g *glimpses) begin(q *question) {
	if len(g.nodes) < q.graph.nodes {
		g.nodes = make([]glimpsed, q.graph.nodes)
	}
	if g.epoch++; g.epoch == 0 {
		clear(g.nodes)
		g.epoch = 1
	}
	g.nodes[q.from] = glimpsed{epoch: g.epoch}
	g.queue.clear()
	g.queue.push(0, q.from)
}
