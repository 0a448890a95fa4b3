// SPDX-License-Identifier: Apache-2.0

package csp

// mixture is an order between two for which ways on are known, so many parts of either.
// What they bound together bounds it, consistently.
type mixture struct {
	order
	known [2]int
	of    [2]order // those orders, times their parts
}

// plain returns order k, without what it says of ties.
func plain(orders []order, k int) mixture {
	o := untied(orders, k)
	return mixture{order: o, known: [2]int{k, k}, of: [2]order{o}}
}

func untied(orders []order, k int) order {
	switch k {
	case byCost:
		return order{costs: 1}
	case byDelay:
		return order{delays: 1}
	}
	return orders[k]
}

// on returns the least length of the way on from a node, from which there is one.
func (m *mixture) on(ways *[mostOrders]way) uint64 {
	a, b := &ways[m.known[0]], &ways[m.known[1]]
	return m.of[0].length(a.cost, a.delay) + m.of[1].length(b.cost, b.delay)
}

// computable says whether the sum of any two lengths is below 2^63.
func (m *mixture) computable() bool { return m.costs|m.delays < 1<<29 }

// level returns the mixture of two orders in which two paths, the one faster and the other
// cheaper, are about as long; false: there is none.
func level(orders []order, ends [2]int, paths [2]way) (mixture, bool) {
	fast, cheap := &paths[0], &paths[1]
	if fast.cost <= cheap.cost || cheap.delay <= fast.delay {
		return mixture{}, false
	}
	m := mixture{known: ends, of: [2]order{untied(orders, ends[0]), untied(orders, ends[1])}}
	dearer, slower := float64(fast.cost-cheap.cost), float64(cheap.delay-fast.delay)
	excess := func(o *order) float64 { return float64(o.costs)*dearer - float64(o.delays)*slower }
	first, second := excess(&m.of[1]), -excess(&m.of[0])
	if first <= 0 || second <= 0 {
		return mixture{}, false
	}
	const fine = 1 << 7 // parts
	parts := [2]uint64{fine, fine}
	if first < second {
		parts[0] = max(1, uint64(first/second*fine))
	} else {
		parts[1] = max(1, uint64(second/first*fine))
	}
	for i := range m.of {
		o := &m.of[i]
		o.costs, o.delays = parts[i]*o.costs, parts[i]*o.delays
		m.costs, m.delays = m.costs+o.costs, m.delays+o.delays
	}
	return m, m.computable()
}
