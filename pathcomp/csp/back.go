// SPDX-License-Identifier: Apache-2.0

package csp

import "slices"

// back is a search from the end of a query to its beginning, for when the bounds that
// are known were not good enough. Those serve once more, to lead the way to better ones,
// from the beginning and over the usable arcs: by A*, which sees only the nodes through
// which an answer may lead. As tighten makes them they take two whole searches.
type back struct {
	glimpses glimpses
	own      *potential // the ways from the beginning
	wrote    []uint32   // nodes that have one there
	done     bool       // the search that was under way last went back
	orders   [between + 1]order
	queue    radix
}

// findBack answers a query of one leg whose search took long. Not sure: there is no
// answer any more as good as one that was seen, for the filter has changed.
func (s *search) findBack(of *Solver, path []uint32) (r Result, _ []uint32, sure bool) {
	ahead := s.legs[0]
	if !s.turn(of) {
		return r, path, true
	}
	r = s.run().Result
	first := len(path)
	r, path = s.answer(r, path)
	slices.Reverse(path[first:])
	s.graph, s.orders, s.legs[0], s.tour.From = of.graph, of.orders, ahead, s.legs[0].To
	s.back.done = true
	return r, path, r.Found || s.ceiling == nothing
}

// covers says whether an answer may lead through a node, by what was computed last.
func (b *back) covers(node uint32) bool { return b.own.rows[node].ways[byDelay].branch != none }

// turn makes of a search that from the end to the beginning, with bounds of its own and
// all the expansions it needs. False: there is nothing to find.
//
// The bounds are computed in three orders, each for fewer nodes. The first is between
// cost and delay, where both bounds on an answer together leave the least room.
func (s *search) turn(of *Solver) bool {
	l, b := &s.legs[0], &s.back
	cost, _ := unpack(s.best) // of an answer that is not known to be the best
	q := question{
		graph: s.graph, from: s.tour.From, to: l.To, usable: l.Usable, maxDelay: s.tour.MaxDelay, maxCost: cost,
		orders: of.orders, known: l.potential,
	}
	m, ok := b.glimpses.look(&q)
	if !ok {
		return false
	}
	b.begin(of.turned, q.from)
	b.orders = [...]order{of.orders[byCost], of.orders[byDelay], m.order}
	s.fill(&q, m, between, between)
	s.fill(&q, plain(of.orders, byCost), byCost, between)
	s.fill(&q, plain(of.orders, byDelay), byDelay, byCost)

	s.graph, s.orders, s.budget, s.ties = of.turned, b.orders[:], -1, byDelay
	s.tour.From, l.To = q.to, q.from
	l.potential, l.stale = b.own, false
	s.ceiling = pack(q.maxCost, none)
	s.sumUp()
	return true
}

// begin forgets the ways of the query before.
func (b *back) begin(turned *Graph, from uint32) {
	if b.own == nil {
		b.own = newPotential(turned)
		for k := range mostOrders {
			b.own.forget(k)
		}
	}
	b.own.graph = turned
	for _, node := range b.wrote {
		for k := range b.own.at(node) {
			b.own.at(node)[k] = nowhere()
		}
	}
	b.wrote = append(b.wrote[:0], from)
}

// fill computes the ways from the beginning in one order, to the nodes through which
// the best way in that order is within the bounds of q, and which have one in the order
// within; if that is the same, to all such nodes.
func (s *search) fill(q *question, m mixture, k, within int) {
	b, rows := &s.back, s.back.own.rows
	limit := m.length(q.maxCost, q.maxDelay)
	rows[q.from].ways[k] = way{} // its branch is not taken
	b.queue.clear()
	b.queue.push(0, q.from)
	for {
		top, ok := b.queue.pop()
		if !ok {
			return
		}
		at := &rows[top.value].ways[k]
		if top.key > m.length(at.cost, at.delay)+m.on(q.known.at(top.value)) {
			continue // it came nearer since
		}
		if k == within && s.cheapen(q, at, top.value) {
			limit = m.length(q.maxCost, q.maxDelay)
		}
		for _, e := range q.graph.leaving(top.value) {
			next := way{cost: capped(at.cost, e.cost), delay: capped(at.delay, e.delay), branch: e.arc}
			length := m.length(next.cost, next.delay)
			row := &rows[e.node]
			was := &row.ways[k]
			if was.branch != none && m.length(was.cost, was.delay) <= length || k != within && row.ways[within].branch == none {
				continue
			}
			known := q.known.at(e.node)
			if known[byCost].cost == none {
				continue
			}
			key := length + m.on(known)
			if key > limit || q.usable != nil && !q.usable.Usable(e.arc) {
				continue
			}
			if k == within && was.branch == none {
				b.wrote = append(b.wrote, e.node)
			}
			*was = next
			b.queue.push(key, e.node)
		}
	}
}

// cheapen tries the known ways on from a node, and says whether an answer was seen that
// is cheaper than those before.
func (s *search) cheapen(q *question, at *way, node uint32) bool {
	l := &s.legs[0]
	s.complete(l, &label{cost: at.cost, delay: at.delay, node: node}, s.state(l, node), 0)
	cost, _ := unpack(s.best)
	if cost >= q.maxCost {
		return false
	}
	q.maxCost = cost
	return true
}
