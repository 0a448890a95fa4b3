// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"math"
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// Explanation says why a demand gets the path it gets, or none.
type Explanation struct {
	Admission Admission // empty if refused
	Refusal   *Refusal  // nil: admitted
	Hops      [2][]Hop  // of each direction, in order
	Totals    Totals
	Slack     Slack
	// Cheapest is the path of least cost that there would be with room on every
	// link and no bound, if that is not the one admitted.
	Cheapest *Alternative
	// RunnersUp are the next best paths by the demand's objective, each without a
	// link of the best: the first of them is the second best of all.
	RunnersUp []Alternative
}

// Hop is a link of a path in one direction.
type Hop struct {
	Link     topology.ArcName
	From, To topology.NodeName
	Micros   uint32
	Cost     uint32 // TE metric
	LossPPM  uint32
	FreeKbps uint64 // the most that fits of the demand's class in its window
}

// Totals are the sums over a path there and back.
type Totals struct {
	Cost      uint64
	RTTMicros uint32
	LossPPM   uint32
	Hops      int // of the longer direction
	// Narrowest is the link with the least bandwidth free.
	Narrowest Hop
}

// Slack is what is left of each bound. Zero where there is none.
type Slack struct {
	RTTMicros uint32
	LossPPM   uint32
	Hops      int
}

// Alternative is a path that was not taken.
type Alternative struct {
	Forward   []topology.NodeName
	Links     [2][]topology.ArcName // each direction's, in order
	Cost      uint64
	RTTMicros uint32
	Blocking  []topology.ArcName // arcs on it without room
	TooSlow   bool               // its round trip is beyond the bound
	TooLossy  bool               // its loss is
	TooLong   bool               // it has too many links
}

// mostRunnersUp is how many alternatives are worth telling.
const mostRunnersUp = 3

// Explain answers a demand as Steer does, and says why.
func (c *Core) Explain(d Demand) Explanation {
	s := c.now.Load()
	t, refusal := c.steering(s, &d)
	if refusal != nil {
		return Explanation{Refusal: refusal}
	}
	defer c.idle.Put(t)
	w, ok := t.best()
	if !ok || len(t.blocking(w.needs)) > 0 {
		e := Explanation{Refusal: t.refuse(floorSecond(c.clock()))}
		e.Cheapest = t.unbound(ways{})
		return e
	}
	e := Explanation{Admission: s.admission(&d, w)}
	t.describe(&e, w)
	e.Cheapest = t.unbound(w)
	e.RunnersUp = t.runnersUp(w)
	return e
}

// describe fills in hops, totals and slack.
func (t *steering) describe(e *Explanation, w ways) {
	least := uint64(math.MaxUint64)
	for way, arcs := range w.arcs {
		for _, i := range arcs {
			hop := t.hop(i)
			e.Hops[way] = append(e.Hops[way], hop)
			if hop.FreeKbps < least {
				least, e.Totals.Narrowest = hop.FreeKbps, hop
			}
		}
	}
	e.Totals.Cost, e.Totals.RTTMicros, e.Totals.LossPPM = w.cost, micros(w.micros), ppm(w.loss)
	e.Totals.Hops = max(len(w.arcs[0]), len(w.arcs[1]))
	d := t.demand
	e.Slack = Slack{
		RTTMicros: left(d.MaxRTTMicros, e.Totals.RTTMicros), LossPPM: left(d.MaxLossPPM, e.Totals.LossPPM),
		Hops: int(left(d.MaxHops, uint32(e.Totals.Hops))), //nolint:gosec // hops are few
	}
}

// left is what a bound leaves; 0 if there is no bound.
func left(bound, used uint32) uint32 { return max(bound, used) - used }

func (t *steering) hop(i int32) Hop {
	a := t.arcs.at(i)
	return Hop{
		Link: t.names[i], From: t.nodeNames[a.from], To: t.nodeNames[a.to],
		Micros: a.micros, Cost: a.te, LossPPM: t.links.at(i / 2).LossPPM[i%2], FreeKbps: uint64(max(0, t.free(i))),
	}
}

// unbound is the path of least cost that the policy allows, without bounds and
// bandwidth; nil if there is none, or it is the one that was taken.
func (t *steering) unbound(taken ways) *Alternative {
	asked := t.demand
	free := *asked
	free.Objective, free.MaxRTTMicros, free.MaxLossPPM, free.MaxHops = LeastCost, 0, 0, 0
	t.demand, t.anyRoom = &free, true
	w, ok := t.best()
	t.demand, t.anyRoom = asked, false
	if !ok || w.takes(taken.arcs) {
		return nil
	}
	a := t.alternative(w)
	return &a
}

func (t *steering) alternative(w ways) Alternative {
	d := t.demand
	return Alternative{
		Forward: w.forward, Links: w.links,
		Cost: w.cost, RTTMicros: micros(w.micros), Blocking: t.blocking(w.needs),
		TooSlow:  d.MaxRTTMicros > 0 && w.micros > uint64(d.MaxRTTMicros),
		TooLossy: d.MaxLossPPM > 0 && w.loss > uint64(lossBound(d.MaxLossPPM)),
		TooLong:  d.MaxHops > 0 && max(len(w.arcs[0]), len(w.arcs[1])) > int(d.MaxHops),
	}
}

// takes says whether two ways are over the same arcs.
func (w *ways) takes(arcs [2][]int32) bool {
	return slices.Equal(w.arcs[0], arcs[0]) && slices.Equal(w.arcs[1], arcs[1])
}

// runnersUp finds, for each arc of the best path, the best one without it. Any
// other simple path lacks at least one of these arcs, so the second best is
// among them (Yen: Finding the k shortest loopless paths in a network, 1971).
func (t *steering) runnersUp(best ways) []Alternative {
	var next []ways
	for way := range t.sides {
		side := &t.sides[way]
		if way == 1 && !t.demand.Separate {
			break // the way back is the same
		}
		for _, i := range best.arcs[way] {
			side.without = i
			w, ok := t.best()
			side.without = noArc
			if ok && !slices.ContainsFunc(next, func(o ways) bool { return w.takes(o.arcs) }) {
				next = append(next, w)
			}
		}
	}
	slices.SortStableFunc(next, t.compare)
	var out []Alternative
	for _, w := range next[:min(len(next), mostRunnersUp)] {
		out = append(out, t.alternative(w))
	}
	return out
}

// compare orders paths by the demand's objective, the better first.
func (t *steering) compare(x, y ways) int {
	byCost, byTime := cmp.Compare(x.cost, y.cost), cmp.Compare(x.micros, y.micros)
	switch t.demand.Objective {
	case LeastLatency:
		return cmp.Or(byTime, byCost)
	case LeastLoad:
		if a, b := t.fullest(x), t.fullest(y); a.less(b) {
			return -1
		} else if b.less(a) {
			return 1
		}
	case LeastCost:
	}
	return cmp.Or(byCost, byTime)
}
