// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// Steer looks for the best of all paths that have room for the demand and keep
// every bound: what the network can carry if it is steered. Both directions take
// the same links unless the demand says Separate. The answer is exact. It must
// not be reserved in a network that is not steered.
func (c *Core) Steer(d Demand) (Admission, *Refusal) {
	s := c.now.Load()
	t, refusal := c.steering(s, &d)
	if refusal != nil {
		return Admission{}, refusal
	}
	defer c.idle.Put(t)
	if w, ok := t.best(); ok && len(t.blocking(w.needs)) == 0 {
		return s.admission(&d, w), nil
	}
	return Admission{}, t.refuse(floorSecond(c.clock()))
}

// steering is one search for a steered path.
type steering struct {
	room
	core     *Core
	asked    Demand
	from, to terminal
	others   []int32    // more ends, of a pair of paths
	pair     *pairQuery // that is to fit instead of one path; nil: one is
	policy   policy
	kbps     [2]int64 // on links, there and back
	anyRoom  bool     // do not ask for bandwidth
	cap      loadCap
	barred   [2][]int32 // arcs on which one direction leaves the room to the other
	gaveUp   bool

	// What follows is used again by later searches.

	path  []uint32
	tails []csp.Leg
	takes []need
	sides [2]side
}

// side is the filter of one direction, or of both over the same links.
type side struct {
	*steering
	way     int // 0: there, 1: back
	both    bool
	without int32 // an arc that is not usable
}

// noArc is the number of none.
const noArc = -1

// steering looks a demand up.
func (c *Core) steering(s *snapshot, d *Demand) (*steering, *Refusal) {
	if d.Second != nil { // SteerPair chooses two ways
		return nil, &Refusal{Cause: Unsupported}
	}
	from, to, refusal := s.terminals(d)
	if refusal != nil {
		refusal.Objects = refusal.Cause.objects()
		return nil, refusal
	}
	policy, refusal := s.policy(d)
	if refusal != nil {
		return nil, refusal
	}
	t, ok := c.idle.Get().(*steering)
	if !ok {
		t = &steering{}
	}
	*t = steering{asked: *d, core: c, from: from, to: to, policy: policy, path: t.path[:0], tails: t.tails[:0], takes: t.takes[:0]}
	t.room = c.roomFor(s, &t.asked)
	t.sides = [2]side{{t, 0, !d.Separate, noArc}, {t, 1, false, noArc}}
	t.setRate(d.Kbps)
	return t, nil
}

// Usable implements csp.Filter.
func (f *side) Usable(i uint32) bool {
	n := int32(i) //nolint:gosec // number of an arc
	if n == f.without || !f.through.has(n) && !f.leads(n) || !f.policy.none && !f.policy.allows(n, f.arcs.at(n)) {
		return false
	}
	if !f.both {
		return f.anyRoom || f.roomOn(n, f.kbps[f.way]) && !slices.Contains(f.barred[f.way], n)
	}
	return f.anyRoom || f.roomOn(n, f.kbps[0]) && f.roomOn(n^1, f.kbps[1])
}

// leads says whether an arc is in service between nodes that this path may go
// through.
func (f *side) leads(n int32) bool {
	a := f.arcs.at(n)
	return !a.down && f.passes(a.from) && f.passes(a.to) && (!f.both || !f.arcs.at(n^1).down)
}

// passes says whether a path may go through node: gateways are for beginning
// and ending only.
func (t *steering) passes(node int32) bool {
	switch t.flags[node] & (isGateway | isShut) {
	case 0:
		return true
	case isGateway:
		return node == t.from.node || node == t.to.node || slices.Contains(t.others, node)
	}
	return false
}

func (t *steering) roomOn(i int32, kbps int64) bool {
	if !t.fits(i, kbps) {
		return false
	}
	return t.cap.of == 0 || !t.cap.bars(t.loadAfter(i, kbps))
}

// setRate sets what is asked for on links.
func (t *steering) setRate(kbps [2]uint64) {
	t.kbps = [2]int64{t.demand.booked(kbps[0], true), t.demand.booked(kbps[1], true)}
}

// tour is the search for a path, with its bounds. False: the accesses alone
// take too long.
func (t *steering) tour() (csp.Tour, bool) {
	d := t.demand
	out := csp.Tour{From: uint32(t.from.node), MaxDelay: csp.MaxPath, MaxHops: d.MaxHops} //nolint:gosec // number of a node
	if d.MaxRTTMicros > 0 {
		left := int64(d.MaxRTTMicros) - t.accessMicros()
		if left < 0 {
			return out, false
		}
		out.MaxDelay = uint32(min(left, csp.MaxPath))
	}
	if d.MaxLossPPM > 0 {
		out.MaxLoss = lossBound(d.MaxLossPPM)
	}
	out.Legs = t.legs()
	return out, true
}

// legs are those there, and back where that need not be the same.
func (t *steering) legs() []csp.Leg {
	there, back := &t.sides[0], &t.sides[1]
	legs := t.tails[:0]
	for _, n := range t.policy.through {
		legs = append(legs, csp.Leg{To: uint32(n), Usable: there}) //nolint:gosec // number of a node
	}
	legs = append(legs, csp.Leg{To: uint32(t.to.node), Usable: there}) //nolint:gosec // number of a node
	if t.demand.Separate {
		turn := len(legs)
		for _, n := range slices.Backward(t.policy.through) {
			legs = append(legs, csp.Leg{To: uint32(n), Usable: back}) //nolint:gosec // number of a node
		}
		legs = append(legs, csp.Leg{To: uint32(t.from.node), Usable: back}) //nolint:gosec // number of a node
		legs[turn].Turn = true
	}
	t.tails = legs
	return legs
}

func (t *steering) accessMicros() int64 {
	return 2 * int64(t.from.micros+t.to.micros) //nolint:gosec // sums of a few 32-bit numbers
}

// best returns the best path within the demand's bounds.
func (t *steering) best() (ways, bool) {
	for _, end := range [2]int32{t.from.node, t.to.node} {
		if t.drained(end) {
			return ways{}, false
		}
	}
	tour, ok := t.tour()
	if !ok {
		return ways{}, false
	}
	switch t.demand.Objective {
	case LeastLatency:
		return t.fastest(tour)
	case LeastLoad:
		return t.leastLoad(tour)
	case LeastCost:
	}
	return t.find(tour)
}

// find returns the cheapest path of a tour.
func (t *steering) find(tour csp.Tour) (ways, bool) {
	return t.apart(func() (ways, bool) { return t.findAlone(tour) }, func(w ways) [2]uint64 { return [2]uint64{w.cost, w.micros} })
}

// fastest returns the fastest path of a tour.
func (t *steering) fastest(tour csp.Tour) (ways, bool) {
	return t.apart(func() (ways, bool) { return t.fastestAlone(tour) }, func(w ways) [2]uint64 { return [2]uint64{w.micros, w.cost} })
}

// findAlone is find where both directions have room on an arc if each has.
func (t *steering) findAlone(tour csp.Tour) (ways, bool) {
	solver := t.solver(t.demand.Separate)
	found, path := solver.FindTour(tour, t.path[:0])
	t.path = path
	t.gaveUp = t.gaveUp || found.GaveUp
	if found.Cold {
		t.ask(tour.Legs)
	}
	if !found.Found {
		return ways{}, false
	}
	return t.ways(found, path), true
}

// fastestAlone is fastest where both directions have room on an arc if each has.
// Where the fastest of all breaks another bound, or visits a node twice, the
// least latency that can be kept is found by halving.
func (t *steering) fastestAlone(tour csp.Tour) (ways, bool) {
	solver := t.solver(t.demand.Separate)
	found, path := solver.FindFastest(tour, t.path[:0])
	t.path = path
	if !found.Found || found.Delay > tour.MaxDelay {
		return ways{}, false
	}
	if tour.MaxHops == 0 && tour.MaxLoss == 0 && len(t.policy.through) == 0 {
		return t.ways(found, path), true
	}
	within, _ := solver.FindTour(tour, nil)
	if t.gaveUp = t.gaveUp || within.GaveUp; !within.Found {
		return ways{}, false
	}
	low, high := found.Delay, within.Delay
	faster := tour
	for low < high {
		faster.MaxDelay = low + (high-low)/2
		if r, _ := solver.FindTour(faster, nil); r.Found {
			high = r.Delay
		} else {
			low = faster.MaxDelay + 1
		}
	}
	faster.MaxDelay = high
	if w, ok := t.findAlone(faster); ok {
		return w, true
	}
	return t.findAlone(tour) // what others reserve meanwhile takes the room
}

// ways is a path by the numbers of its arcs, there and then back.
func (t *steering) ways(found csp.Result, path []uint32) ways {
	c := t.chart(found, path)
	w := ways{course: c.course, micros: uint64(found.Delay) + uint64(t.accessMicros()), cost: uint64(found.Cost)} //nolint:gosec // not negative
	n := needs{demand: t.demand, list: t.takes[:0]}
	for _, x := range c.takes {
		n.list = append(n.list, need{arc: x.arc, link: true, times: 1, kbps: t.kbps[x.way]})
	}
	n.takeAccess(t.from, t.to)
	w.needs, t.takes = n.merge(t.rank), n.list
	for _, x := range c.takes {
		w.loss += uint64(t.arcs.at(x.arc).loss)
	}
	return w
}

// lossBound is the largest sum of losses that is no more than a loss in a
// million.
func lossBound(maxPPM uint32) uint32 {
	if maxPPM >= 1_000_000 {
		return math.MaxUint32
	}
	return uint32(math.Floor(-math.Log1p(-float64(maxPPM)/1e6) / lossUnit))
}
