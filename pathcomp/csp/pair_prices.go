// SPDX-License-Identifier: Apache-2.0

package csp

import "math"

// prices are what both paths pay for what only one of them may use: the dual
// values of the arcs and nodes that a least flow fills. A pair pays at most their
// total, so what two paths, each searched for alone and exactly within the bound
// on delay, cost together with the prices, less the total, bounds the cost of a
// pair. It is never worse than the bound of the flow, which knows the delays
// together only, and far better than that of two searches that do not know of
// each other.
type prices struct {
	costs   int64 // weight that a unit of cost has in charges
	charges []charge
	scale   uint64 // lengths of arcs in graph for a unit of cost
	total   uint64 // in such lengths
	solver  *Solver
	arcs    []Arc
}

// charge is the price of an arc, or of all the arcs that reach a node.
type charge struct {
	arc, node uint32 // one of them is none
	price     int64
}

// maxScale is the precision of prices.
const maxScale = 1 << 10

// none forgets the prices.
func (p *prices) none() { p.charges, p.solver = p.charges[:0], nil }

// take keeps the prices of a flow. Where the second path could still go there is
// none: what both may use is free.
func (p *prices) take(f *flow) {
	p.none()
	p.costs = f.weight.costs
	for _, i := range f.arcs {
		a := f.graph.Arc(i)
		if price := f.potential(exit(a.From)) - f.potential(entry(a.To)) - f.length(a); price > 0 {
			p.charges = append(p.charges, charge{arc: i, node: none, price: price})
		}
		if !f.risks.nodes {
			continue
		}
		if price := f.potential(entry(a.To)) - f.potential(exit(a.To)); price > 0 {
			p.charges = append(p.charges, charge{arc: none, node: a.To, price: price})
		}
	}
}

// set makes the graph with prices. False: there are none.
func (p *prices) set(r *Risks, bound uint64) bool {
	if len(p.charges) == 0 {
		return false
	}
	var sum uint64
	for _, c := range p.charges {
		sum += uint64(c.price/p.costs) + 1 //nolint:gosec // positive
	}
	p.scale = max(1, min(maxScale, MaxPath/(4*(bound+sum))))
	p.arcs = p.arcs[:0]
	for i := range uint32(r.graph.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		a := r.graph.Arc(i)
		a.Cost = raised(0, uint64(a.Cost)*p.scale)
		p.arcs = append(p.arcs, a)
	}
	p.total = 0
	for _, c := range p.charges {
		price := p.scaled(c.price)
		p.total += price
		if c.node == none {
			p.arcs[c.arc].Cost = raised(p.arcs[c.arc].Cost, price)
			continue
		}
		for _, i := range r.under(r.node(c.node)) {
			p.arcs[i].Cost = raised(p.arcs[i].Cost, price)
		}
	}
	g, err := NewGraph(r.graph.Nodes(), p.arcs)
	if err != nil {
		return false // its ends are those of the graph it is made of
	}
	p.solver = NewSolver(g, Options{})
	return true
}

// scaled returns a price in lengths of arcs.
func (p *prices) scaled(price int64) uint64 {
	return uint64(float64(price) / float64(p.costs) * float64(p.scale))
}

// raised adds to a cost, up to what an arc may have.
func raised(cost uint32, by uint64) uint32 {
	return uint32(min(uint64(cost)+min(by, math.MaxUint32), math.MaxUint32))
}

// bound returns what a pair costs at least whose paths have these lengths or more.
func (p *prices) bound(a, b uint64) uint64 {
	if a+b <= p.total {
		return 0
	}
	return (a + b - p.total + p.scale - 1) / p.scale
}
