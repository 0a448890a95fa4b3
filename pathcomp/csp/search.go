// SPDX-License-Identifier: Apache-2.0

package csp

import "math"

// workspace is what a search writes to. It is used again: nodes carry the
// search they were last written in.
type workspace struct {
	one     [1]Leg
	near    frontier
	epoch   uint32
	nodes   []nodeState // leg by leg
	labels  []label
	ways    []tie
	queue   queue
	legs    []stretch
	tight   []*potential // by leg
	back    back
	sides   [2][]uint32 // nodes seen from either end of a leg
	search  search
	several several
}

// nodeState is what one search knows of a node; void if epoch is another's.
type nodeState struct {
	epoch  uint32
	delay  uint32 // least of the labels expanded here; none: not yet
	walked uint8  // orders in which the way on from here was looked at
	broken uint8  // those of them in which it is not whole
	seen   uint8  // sides from which joined came here
}

// label is a path from the source, by its last arc.
type label struct {
	cost, delay uint32
	node        uint32
	leg         uint32 // under way here
	parent      uint32 // label; none: the source
	arc         uint32
}

// stretch is a leg with the bounds to its end, and those of the legs after it.
type stretch struct {
	Leg
	*potential
	states []nodeState     // by node
	after  [mostOrders]way // sums, by order
	stale  bool            // the bounds are of a graph with other metrics

	// What a tour may have by the end of this leg, so that the legs after it can
	// still be done.
	maxDelay uint64
	maxCost  uint64
	limit    uint64 // length in the order that bounds best
}

// search is WC-A* (Ahmadi, Tack, Harabor, Kilby: Enhanced methods for the
// weight constrained shortest path problem, arXiv:2207.14744), forwards only.
//
// Labels are popped in lexicographic order of (cost, delay) of the cheapest,
// then fastest, completion they could have. At one node that is the order of
// their own (cost, delay), so a label is dominated exactly if one expanded
// there was as fast.
//
// Each label popped tries the ways on that the potential knows. One that is
// usable and in time is an answer, the best so far: it ends the search when no
// label could do better, and prunes all that could not, by the Lagrangian bound
// too: costs x cost + delays x delay of a better path is at most that of the
// best cost and the bound on delay.
type search struct {
	*workspace
	graph   *Graph
	tour    Tour
	orders  []order
	budget  int  // negative: none
	refused int  // arcs, by the filter
	cold    bool // there were no bounds to know

	ties    int  // the order whose delay bounds that of tours of equal cost
	further bool // there are other bounds than that on delay

	ceiling   uint64 // what answers must be better than
	best      uint64 // packed cost and delay of the best answer so far, or the ceiling
	bestLabel uint32 // and where it leaves the labels
	bestOrder int    // for the way on in this order
	lagrange  int    // the order between cost and delay that bounds best
	every     uint8  // all orders, a bit each
}

// nothing is worse than any answer.
const nothing = MaxPath<<32 | none

// outcome is a Result, or the news that the budget is spent.
type outcome struct {
	Result
	overBudget bool
	last       uint32 // label of the answer, where there is no other place for it
}

// begin makes a search of a workspace.
func (s *search) begin(w *workspace, of *Solver, t Tour) {
	*s = search{workspace: w, graph: of.graph, tour: t, orders: of.orders, budget: of.budget, ceiling: nothing}
	w.back.done = false
	nodes := of.graph.nodes
	if need := len(t.Legs) * nodes; len(w.nodes) < need {
		w.nodes = append(w.nodes, make([]nodeState, need-len(w.nodes))...)
	}
	w.legs = w.legs[:0]
	for i, l := range t.Legs {
		w.legs = append(w.legs, stretch{Leg: l, states: w.nodes[i*nodes : (i+1)*nodes]})
	}
}

// know takes the bounds that are kept; false: some are not there.
func (s *search) know(of *Solver) bool {
	for i := range s.legs {
		p := of.known.get(s.legs[i].To)
		if p == nil {
			s.cold = true
			return false
		}
		s.legs[i].potential, s.legs[i].stale = p, p.graph != s.graph
	}
	s.sumUp()
	return true
}

// tighten gives a search bounds of its own, over the usable arcs and as far as
// its bound on delay goes, and all the expansions it needs. False: there is
// nothing to find. On these bounds the orders between cost and delay save less
// than they take to compute.
func (s *search) tighten(of *Solver) bool {
	s.orders, s.budget, s.ties = of.orders[:between], -1, byDelay
	// The most telling order first: most searches that go astray are for a path
	// that does not exist.
	from, left := s.tour.From, s.tour.MaxDelay
	var fastest uint64 // cost of the fastest tour
	for i := range s.legs {
		if i == len(s.tight) {
			s.tight = append(s.tight, newPotential(s.graph))
		}
		l := &s.legs[i]
		l.potential, l.stale = s.tight[i], false
		l.graph = s.graph
		l.fillNear(s.graph, byDelay, reach{from: from, to: l.To, usable: l.Usable, most: uint64(left), within: none}, &s.near)
		w := l.at(from)[byDelay]
		if w.delay > left {
			return false
		}
		left -= w.delay
		fastest += uint64(w.cost)
		from = l.To
	}
	most := min(fastest, MaxPath)
	if s.further { // the fastest tour may break the others
		most = MaxPath
	}
	from = s.tour.From
	for i := range s.legs {
		l := &s.legs[i]
		l.fillNear(s.graph, byCost, reach{from: from, to: l.To, usable: l.Usable, most: most, within: s.tour.MaxDelay}, &s.near)
		from = l.To
	}
	s.sumUp()
	return true
}

// sumUp adds up the best ways over the legs that come after each.
func (s *search) sumUp() {
	var after [mostOrders]way
	for i := len(s.legs) - 1; i >= 0; i-- {
		s.legs[i].after = after
		if i > 0 {
			for k, w := range s.legs[i].at(s.legs[i-1].To) {
				after[k].cost, after[k].delay = capped(after[k].cost, w.cost), capped(after[k].delay, w.delay)
			}
		}
	}
}

func (s *search) run() outcome {
	var r outcome
	s.reset()
	first := label{node: s.tour.From, parent: none, arc: none}
	if !s.arrive(&first) {
		r.Found = true // every end is where the tour begins
		s.best, s.bestLabel = 0, 0
		s.labels = append(s.labels, first)
		return r
	}
	l := &s.legs[first.leg]
	ways := l.at(first.node)
	if uint64(ways[byDelay].delay)+uint64(l.after[byDelay].delay) > uint64(s.tour.MaxDelay) ||
		uint64(ways[byCost].cost)+uint64(l.after[byCost].cost) > MaxPath {
		return r
	}
	s.chooseLagrange(l, ways)
	s.shareOut()
	s.labels = append(s.labels, first)
	s.queue.push(s.key(l, ways, 0, 0), 0)
	for len(s.queue) > 0 {
		if top := s.queue.pop(); top.key >= s.best || !s.descend(top, &r) {
			break
		}
	}
	if s.best != s.ceiling && !r.overBudget {
		r.Found = true
		r.Cost, r.Delay = unpack(s.best)
	}
	return r
}

// descend expands a label, then one that follows it under the same key, which
// no other can precede, and so on. False: the search is over.
func (s *search) descend(top item, r *outcome) bool {
	for number := top.value; number != none; {
		at := s.labels[number]
		l := &s.legs[at.leg]
		state := s.state(l, at.node)
		if at.delay >= state.delay || s.hopeless(l, at.cost, at.delay, l.at(at.node)) || !s.stands(&at) {
			return true
		}
		if s.complete(l, &at, state, number); s.best <= top.key {
			return false
		}
		if s.spent(r.Expansions) {
			r.overBudget = true
			return false
		}
		if r.Expansions == suspicious && s.best == nothing && s.budget >= 0 && s.severed() {
			return false
		}
		state.delay = at.delay
		r.Expansions++
		number = s.expand(l, &at, number, top.key)
	}
	return s.best > top.key
}

// spent says whether bounds of the search's own would pay: where the filter has
// refused few arcs they would be no better.
func (s *search) spent(expansions int) bool {
	return s.budget >= 0 && expansions >= s.budget && (8*s.refused > expansions || expansions >= 16*s.budget)
}

// key is the order in which labels are popped. The label can still be an answer.
func (s *search) key(l *stretch, ways *[mostOrders]way, cost, delay uint64) uint64 {
	cost += uint64(ways[byCost].cost) + uint64(l.after[byCost].cost)
	delay += uint64(ways[s.ties].delay) + uint64(l.after[s.ties].delay)
	return cost<<32 | min(delay, none)
}

// arrive moves a label on to the legs that begin where it is; false: there are
// no more.
func (s *search) arrive(l *label) bool {
	for int(l.leg) < len(s.legs) && s.legs[l.leg].To == l.node {
		l.leg++
	}
	return int(l.leg) < len(s.legs)
}

// expand makes the labels that follow at. One of them that has the same key is
// returned, and not queued; none: there is none.
func (s *search) expand(l *stretch, at *label, number uint32, same uint64) uint32 {
	follower := uint32(none)
	rows, states := l.rows, l.states
	maxDelay, maxCost := l.maxDelay, l.maxCost
	for _, e := range s.graph.leaving(at.node) {
		ways := &rows[e.node].ways
		delay := uint64(at.delay) + uint64(e.delay)
		cost := uint64(at.cost) + uint64(e.cost)
		if delay+uint64(ways[byDelay].delay) > maxDelay || cost+uint64(ways[byCost].cost) > maxCost {
			continue
		}
		// Within these bounds no sum overflows.
		key := s.key(l, ways, cost, delay)
		if key >= s.best || s.hopeless(l, at.cost+e.cost, at.delay+e.delay, ways) {
			continue
		}
		if state := &states[e.node]; state.epoch == s.epoch && delay >= uint64(state.delay) {
			continue
		}
		if e.node == l.To && !s.lets(l, e.arc) {
			continue
		}
		made := uint32(len(s.labels)) //nolint:gosec // memory ends before 2^32 labels
		s.labels = append(s.labels, label{cost: at.cost + e.cost, delay: at.delay + e.delay, node: e.node, leg: at.leg, parent: number, arc: e.arc})
		switch {
		case e.node == l.To && !s.arrive(&s.labels[made]):
			s.found(key, made, byCost)
		case key == same && follower == none:
			follower = made
		default:
			s.queue.push(key, made)
		}
	}
	return follower
}

// stands says whether the last arc of a label is usable. It is asked of labels
// that are popped, for most are made in vain; of those that end a leg it was asked
// when they were made.
func (s *search) stands(at *label) bool {
	return at.parent == none || s.labels[at.parent].leg != at.leg || s.lets(&s.legs[at.leg], at.arc)
}

// lets says whether the filter of a leg lets an arc through.
func (s *search) lets(l *stretch, arc uint32) bool {
	if l.Usable != nil && !l.Usable.Usable(arc) {
		s.refused++
		return false
	}
	return true
}

// found notes a better answer.
func (s *search) found(key uint64, number uint32, order int) {
	s.best, s.bestLabel, s.bestOrder = key, number, order
	s.shareOut()
}

// shareOut sets what each leg may have, by what is best now.
func (s *search) shareOut() {
	cost, _ := unpack(s.best)
	limit := uint64(math.MaxUint64)
	if s.best != nothing && s.lagrange != byCost {
		limit = s.orders[s.lagrange].length(cost, s.tour.MaxDelay)
	}
	for i := range s.legs {
		l := &s.legs[i]
		l.maxDelay = uint64(s.tour.MaxDelay - l.after[byDelay].delay)
		l.maxCost = uint64(cost - l.after[byCost].cost)
		l.limit = limit
		if limit != math.MaxUint64 {
			a := &l.after[s.lagrange]
			l.limit -= min(limit, s.orders[s.lagrange].length(a.cost, a.delay))
		}
	}
}

// chooseLagrange takes the order that bounds the cost from the source best.
func (s *search) chooseLagrange(l *stretch, ways *[mostOrders]way) {
	s.lagrange = byCost
	most := float64(ways[byCost].cost) + float64(l.after[byCost].cost)
	for k := between; k < len(s.orders); k++ {
		o := s.orders[k]
		length := float64(o.length(ways[k].cost, ways[k].delay)) + float64(o.length(l.after[k].cost, l.after[k].delay))
		bound := (length - float64(o.delays)*float64(s.tour.MaxDelay)) / float64(o.costs)
		if bound > most {
			s.lagrange, most = k, bound
		}
	}
}

// hopeless says that no path through a label is as cheap as the best.
func (s *search) hopeless(l *stretch, cost, delay uint32, ways *[mostOrders]way) bool {
	if l.limit == math.MaxUint64 {
		return false
	}
	w, o := &ways[s.lagrange], &s.orders[s.lagrange]
	return o.length(cost, delay)+o.length(w.cost, w.delay) > l.limit
}

// reset voids what the search before has left.
func (s *search) reset() {
	s.workspace.reset()
	s.best, s.lagrange, s.every = s.ceiling, byCost, 1<<len(s.orders)-1
}

func (w *workspace) reset() {
	w.labels, w.queue = w.labels[:0], w.queue[:0]
	w.epoch++
	if w.epoch == 0 {
		clear(w.nodes)
		w.epoch = 1
	}
}

func (s *search) state(l *stretch, node uint32) *nodeState {
	n := &l.states[node]
	if n.epoch != s.epoch {
		*n = nodeState{epoch: s.epoch, delay: none}
	}
	return n
}
