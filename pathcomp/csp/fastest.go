// SPDX-License-Identifier: Apache-2.0

package csp

// FindFastest answers a tour for the least delay, and among tours as fast for
// the least cost; its bounds are not looked at. The numbers of its arcs are
// appended to path, as by FindTour, and of ways that are equally good it takes the
// same, if there is one leg. Waypoints may lead it through a node twice.
func (s *Solver) FindFastest(t Tour, path []uint32) (Result, []uint32) {
	w := s.spaces.take()
	defer s.spaces.giveBack(w)
	t.MaxDelay = MaxPath
	search := &w.search
	search.begin(w, s, t)
	if !search.know(s) {
		search.guess()
	}
	r := search.runFastest()
	r.Cold = search.cold
	before := len(path)
	r, path = search.answer(r, path)
	return r, search.first(r, path, before)
}

// guess takes bounds that say nothing.
func (s *search) guess() {
	for i := range s.legs {
		s.legs[i].potential = nil
		s.legs[i].after = [mostOrders]way{}
	}
}

// runFastest is A* (Hart, Nilsson, Raphael, 1968) in lexicographic order of
// (delay, cost).
func (s *search) runFastest() Result {
	var r Result
	s.reset()
	first := label{node: s.tour.From, parent: none, arc: none}
	s.arrive(&first)
	s.labels = append(s.labels, first)
	s.queue.push(0, 0)
	for len(s.queue) > 0 {
		number := s.queue.pop().value
		at := s.labels[number]
		if int(at.leg) == len(s.legs) {
			r.Found, r.Cost, r.Delay = true, at.cost, at.delay
			s.bestLabel = number
			return r
		}
		state := s.state(&s.legs[at.leg], at.node)
		if state.delay != none {
			continue
		}
		state.delay = at.delay
		r.Expansions++
		s.spread(at, number)
	}
	return r
}

// spread makes the labels that follow at.
func (s *search) spread(at label, number uint32) {
	l := &s.legs[at.leg]
	for _, e := range s.graph.leaving(at.node) {
		next := label{cost: capped(at.cost, e.cost), delay: capped(at.delay, e.delay), node: e.node, leg: at.leg, parent: number, arc: e.arc}
		if s.state(l, e.node).delay != none || next.cost > MaxPath {
			continue
		}
		w := s.fastestOn(&next)
		if w.delay > MaxPath || w.cost > MaxPath || l.Usable != nil && !l.Usable.Usable(e.arc) {
			continue
		}
		s.arrive(&next)
		s.labels = append(s.labels, next)
		s.queue.push(pack(w.delay, w.cost), uint32(len(s.labels)-1)) //nolint:gosec // memory ends before 2^32 labels
	}
}

// fastestOn is the fastest tour that may come of a label.
func (s *search) fastestOn(l *label) way {
	leg := &s.legs[l.leg]
	w := way{cost: l.cost, delay: l.delay}
	if leg.potential != nil {
		on, after := leg.at(l.node)[byDelay], leg.after[byDelay]
		w.cost = capped(capped(w.cost, on.cost), after.cost)
		w.delay = capped(capped(w.delay, on.delay), after.delay)
	}
	return w
}

// LeastDelay returns the least delay there is from one node to another over the
// arcs that usable (nil: all) lets through; false: no path.
func (s *Solver) LeastDelay(from, to uint32, usable Filter) (uint32, bool) {
	r, _ := s.FindFastest(Tour{From: from, Legs: []Leg{{To: to, Usable: usable}}}, nil)
	return r.Delay, r.Found
}
