// SPDX-License-Identifier: Apache-2.0

package csp

import "math/bits"

// maxWeights bounds the weights tried between cost and delay.
const maxWeights = 6

// total is what a flow of two units sums up to.
type total struct{ cost, delay int64 }

// relax bounds the answer by flows: the cheapest one first, then, if that is too
// slow, some that weigh delays as well (Lagrangian relaxation; the weights as in
// Handler and Zang, Networks 10, 1980, for a single path). Each flow that is an
// answer is kept. False: there is no answer.
//
// Both paths of an answer have together a delay of at most twice the bound, so
// costs x cost + delays x delay of the least flow is at most that of its cost and
// twice the bound.
func (s *pairSearch) relax() bool {
	limit := 2 * int64(s.query.MaxDelay)
	w := weight{costs: s.weights}
	if limit < s.weights {
		w.delays = 1 // among equal costs the fastest; moves no bound
	}
	slow, ok := s.try(w)
	if !ok {
		return false
	}
	if slow.delay <= limit || s.done() {
		return true
	}
	w = weight{costs: 1, delays: s.weights}
	fast, _ := s.try(w)
	if fast.delay > limit {
		return w.length(fast) <= w.length(total{2 * MaxPath, limit})
	}
	for range maxWeights {
		w = s.weigh(slow, fast)
		if w.delays == 0 || s.done() || s.searches >= s.query.Budget {
			break
		}
		mid, _ := s.try(w)
		if w.length(mid) >= w.length(slow) {
			break
		}
		if mid.delay > limit {
			slow = mid
		} else {
			fast = mid
		}
	}
	return true
}

func (s *pairSearch) done() bool { return s.bound >= s.best.sum }

// weigh returns the weight in which two totals are equal, about.
func (s *pairSearch) weigh(slow, fast total) weight {
	w := weight{costs: slow.delay - fast.delay, delays: max(0, fast.cost-slow.cost)}
	shift := 0
	if most := max(w.costs, w.delays); most > s.weights {
		shift = bits.Len64(uint64(most / s.weights)) //nolint:gosec // positive
	}
	return weight{costs: max(1, w.costs>>shift), delays: w.delays >> shift}
}

func (w weight) length(t total) int64 { return w.costs*t.cost + w.delays*t.delay }

// try finds the flow of least length. False: there is none.
func (s *pairSearch) try(w weight) (total, bool) {
	s.searches += 2
	if !s.flow.run(&s.query, s.usable, w) {
		return total{}, false
	}
	t := s.flow.total()
	if bound := s.prove(w, t); bound > s.bound {
		s.bound = bound
		s.prices.take(&s.flow)
	}
	split := &s.flow.walk
	split.split(&s.query, s.flow.arcs)
	for k := range split.exchanges() {
		a, b := split.exchange(k)
		if len(s.conflicts(a, b)) == 0 && s.consider(a, b) {
			break
		}
	}
	return t, true
}

// prove returns the least cost that a pair can have if no flow is shorter than
// one of these totals.
func (s *pairSearch) prove(w weight, t total) uint64 {
	spare := w.length(t) - w.delays*2*int64(s.query.MaxDelay)
	return uint64((max(0, spare) + w.costs - 1) / w.costs) //nolint:gosec // not negative
}
