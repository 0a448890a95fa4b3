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
	// Cheapest is the best path that there would be with room on every link and
	// no bound, if that is another one.
	Cheapest *Alternative
	// RunnersUp are the next best paths, each without a link of the best: the
	// first of them is the second best of all.
	RunnersUp []Alternative
}

// Hop is a link of a path in one direction.
type Hop struct {
	Link     topology.ArcName
	From, To topology.NodeName
	Micros   uint32
	Cost     uint32 // TE metric
	LossPPM  uint32
	FreeKbps uint64 // for the demand's class over its window, before it is admitted
}

// Totals are the sums over a path there and back.
type Totals struct {
	Cost      uint64
	RTTMicros uint32
	LossPPM   uint32
	Hops      int // of the longer direction
	// Narrowest is the link with the least bandwidth left over.
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
	Cost      uint64
	RTTMicros uint32
	Blocking  []topology.ArcName // arcs on it without room
	TooSlow   bool               // its round trip is beyond the bound
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
		e.Cheapest = t.cheapest(nil)
		return e
	}
	e := Explanation{Admission: s.admission(&d, w)}
	t.describe(&e, w)
	e.Cheapest = t.cheapest(e.Admission.Forward)
	e.RunnersUp = t.runnersUp(w)
	return e
}

// describe fills in hops, totals and slack.
func (t *steering) describe(e *Explanation, w ways) {
	var lost uint64
	least := uint64(math.MaxUint64)
	for way, arcs := range w.arcs {
		for _, i := range arcs {
			hop := t.hop(i)
			e.Hops[way] = append(e.Hops[way], hop)
			lost += uint64(t.arcs.at(i).loss)
			if hop.FreeKbps < least {
				least, e.Totals.Narrowest = hop.FreeKbps, hop
			}
		}
	}
	e.Totals.Cost, e.Totals.RTTMicros, e.Totals.LossPPM = w.cost, micros(w.micros), ppm(lost)
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
	free := t.books[i].freeRoom(t.demand.Class, t.first, t.until, t.limit(i, t.class))
	return Hop{
		Link: t.names[i], From: t.nodes.at(a.from).Name, To: t.nodes.at(a.to).Name,
		Micros: a.micros, Cost: a.te, LossPPM: t.links.at(i / 2).LossPPM[i%2], FreeKbps: uint64(max(0, free)),
	}
}

// cheapest is the best path by the objective of cost that the policy allows,
// without bounds and bandwidth; nil if it is the one that was taken, or there is
// none.
func (t *steering) cheapest(taken []topology.NodeName) *Alternative {
	asked := t.demand
	free := *asked
	free.Objective, free.MaxRTTMicros, free.MaxLossPPM, free.MaxHops = LeastCost, 0, 0, 0
	t.demand, t.anyRoom = &free, true
	w, ok := t.best()
	t.demand, t.anyRoom = asked, false
	if !ok {
		return nil
	}
	if a := t.alternative(w); !slices.Equal(a.Forward, taken) || len(a.Blocking) > 0 || a.TooSlow {
		return &a
	}
	return nil
}

func (t *steering) alternative(w ways) Alternative {
	return Alternative{
		Forward: t.nodeNames(w.forward), Cost: w.cost, RTTMicros: micros(w.micros), Blocking: t.blocking(w.needs),
		TooSlow: t.demand.MaxRTTMicros > 0 && w.micros > uint64(t.demand.MaxRTTMicros),
	}
}

// runnersUp finds, for each link of the best path, the best one without it. Any
// other simple path lacks at least one of these links, so the second best is
// among them (Yen: Finding the k shortest loopless paths in a network, 1971).
func (t *steering) runnersUp(best ways) []Alternative {
	asked := t.policy
	defer func() { t.policy = asked }()
	var out []Alternative
	for _, i := range best.arcs[0] {
		t.policy = asked
		t.policy.none = false
		t.policy.avoid = map[int32]struct{}{i / 2: {}}
		for link := range asked.avoid {
			t.policy.avoid[link] = struct{}{}
		}
		w, ok := t.best()
		if !ok {
			continue
		}
		next := t.alternative(w)
		if !slices.ContainsFunc(out, func(a Alternative) bool {
			return a.Cost == next.Cost && a.RTTMicros == next.RTTMicros && slices.Equal(a.Forward, next.Forward)
		}) {
			out = append(out, next)
		}
	}
	slices.SortStableFunc(out, func(x, y Alternative) int {
		return cmp.Or(cmp.Compare(x.Cost, y.Cost), cmp.Compare(x.RTTMicros, y.RTTMicros))
	})
	return out[:min(len(out), mostRunnersUp)]
}
