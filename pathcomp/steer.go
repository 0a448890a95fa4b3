// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"slices"
	"sort"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// mostStarts bounds how many times the earliest start is looked for.
const mostStarts = 2000

// Steer looks for the one way that costs least among all that have room for the
// demand, both directions over the same links, with the round trip within its
// bound: what the network could carry if it were steered. Cost is the sum of
// the IGP metrics of both directions; ties go to the smaller round trip. The
// answer is exact. It must not be reserved in a network that is not steered.
func (c *Core) Steer(d Demand) (Admission, *Refusal) {
	s := c.now.Load()
	t := steering{snapshot: s, demand: &d}
	var refusal *Refusal
	if t.from, t.to, refusal = s.terminals(&d); refusal != nil {
		return Admission{}, refusal
	}
	t.first, t.until = d.Window.span()
	t.limits = s.limitsOf(d.Class)
	t.setRate(d.Kbps)
	if w, ok := t.findWithin(); ok && len(s.blocking(&d, w.needs)) == 0 {
		return s.admission(&d, w), nil
	}
	return Admission{}, t.refuse(floorSecond(c.clock()))
}

// newSolver numbers the pairs of arcs that are a link: pair i is arc
// snapshot.leaving[i], and the way back. A co-routed path is a path of pairs.
func (s *snapshot) newSolver() *csp.Solver {
	pairs := make([]csp.Arc, len(s.leaving))
	for i, there := range s.leaving {
		a, back := &s.arcs[there], &s.arcs[there^1]
		pairs[i] = csp.Arc{
			From: uint32(a.from), To: uint32(a.to), //nolint:gosec // numbers of nodes
			Cost:  uint32(min(uint64(a.metric)+uint64(back.metric), math.MaxUint32)),
			Delay: uint32(min(uint64(a.micros)+uint64(back.micros), math.MaxUint32)),
		}
	}
	return csp.NewSolver(mustGraph(len(s.network.Nodes), pairs), csp.Options{})
}

// steering is one search for a steered way. It is the filter of its search.
type steering struct {
	*snapshot
	demand       *Demand
	from, to     terminal
	first, until uint32
	limits       []limit
	kbps         [2]int64 // on links, there and back
	anyRoom      bool     // do not ask for bandwidth
}

// Usable implements csp.Filter.
func (t *steering) Usable(pair uint32) bool {
	there := t.leaving[pair]
	a := &t.arcs[there]
	if t.arcs[there^1].down || !t.passes(a.from, t.from.node) || !t.passes(a.to, t.to.node) {
		return false
	}
	return t.anyRoom || t.roomFor(there, t.kbps[0]) && t.roomFor(there^1, t.kbps[1])
}

// passes says whether the path may go through node, of which it may start or
// end at its own end.
func (t *steering) passes(node, end int32) bool {
	return !t.network.Nodes[node].Maintenance && (node == end || !t.ends(node))
}

func (t *steering) roomFor(arc int32, kbps int64) bool {
	return kbps == 0 || t.books[arc].fits(t.demand.Class, t.first, t.until, kbps, t.limits[arc])
}

// setRate sets what is asked for on links.
func (t *steering) setRate(kbps [2]uint64) {
	t.kbps = [2]int64{t.demand.booked(kbps[0], true), t.demand.booked(kbps[1], true)}
}

// findWithin returns the cheapest way within the demand's bound.
func (t *steering) findWithin() (ways, bool) {
	if t.demand.MaxRTTMicros == 0 {
		return t.find(csp.MaxPath)
	}
	left := int64(t.demand.MaxRTTMicros) - t.accessMicros()
	if left < 0 {
		return ways{}, false
	}
	return t.find(uint32(min(left, csp.MaxPath)))
}

func (t *steering) accessMicros() int64 {
	return 2 * int64(t.from.micros+t.to.micros) //nolint:gosec // sums of a few 32-bit numbers
}

// find returns the cheapest way within a bound on the links' latency.
func (t *steering) find(bound uint32) (ways, bool) {
	for _, end := range [2]int32{t.from.node, t.to.node} {
		if t.network.Nodes[end].Maintenance {
			return ways{}, false
		}
	}
	q := csp.Query{From: uint32(t.from.node), To: uint32(t.to.node), MaxDelay: bound} //nolint:gosec // numbers of nodes
	found, pairs := t.solver().Find(q, t, nil)
	w := ways{forward: []int32{t.from.node}, micros: uint64(found.Delay) + uint64(t.accessMicros())} //nolint:gosec // not negative
	if !found.Found {
		return ways{}, false
	}
	n := needs{demand: t.demand}
	for _, pair := range pairs {
		there := t.leaving[pair]
		n.take(there, true, 0)
		n.take(there^1, true, 1)
		w.forward = append(w.forward, t.arcs[there].to)
	}
	n.takeAccess(t.from, t.to)
	n.merge()
	w.needs = n.list
	w.reverse = slices.Clone(w.forward)
	slices.Reverse(w.reverse)
	return w, true
}

// refuse says why there is no way, and what there would be.
func (t *steering) refuse(now uint32) *Refusal {
	t.anyRoom = true
	free, ok := t.find(csp.MaxPath)
	if !ok {
		if shut := t.shut([]int32{t.from.node, t.to.node}); len(shut) > 0 {
			return &Refusal{Cause: Maintenance, Nodes: shut}
		}
		return &Refusal{Cause: NoPath}
	}
	least := t.leastMicros(uint32(free.micros - uint64(t.accessMicros()))) //nolint:gosec // of a path
	r := &Refusal{LeastRTTMicros: micros(least)}
	if t.demand.MaxRTTMicros > 0 && least > uint64(t.demand.MaxRTTMicros) {
		r.Cause = Latency
		return r
	}
	r.Cause = Bandwidth
	if w, ok := t.findWithin(); ok {
		r.Blocking = t.blocking(t.demand, w.needs)
	}
	t.anyRoom = false
	r.MostKbps = t.most()
	r.EarliestStart = t.soonest(now)
	return r
}

// leastMicros returns the least round trip there is, given one that there is on
// links.
func (t *steering) leastMicros(known uint32) uint64 {
	bound := sort.Search(int(known), func(b int) bool {
		_, ok := t.find(uint32(b)) //nolint:gosec // below known
		return ok
	})
	return uint64(bound) + uint64(t.accessMicros()) //nolint:gosec // not negative
}
