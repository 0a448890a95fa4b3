// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"math"
	"slices"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// trip is a simple path in one direction, as places in the network: arc 2l+d is
// direction d of link l.
type trip struct {
	nodes, arcs      []int
	te, micros, loss uint64
}

// journey is a way there and one back.
type journey struct{ there, back trip }

// steerOracle tries every simple path, and every pair of them where directions
// may differ. It shares no idea with the search.
type steerOracle struct {
	*calendar
	journeys []journey
}

// newSteerOracle finds all that forwards traffic between the demand's ends,
// whatever else is asked for.
func newSteerOracle(c *calendar) *steerOracle {
	o := &steerOracle{calendar: c}
	there := o.trips(c.demand.From.Node, c.demand.To.Node)
	if !c.demand.Separate {
		for _, t := range there {
			o.journeys = append(o.journeys, journey{t, o.reversed(t)})
		}
		return o
	}
	for _, b := range o.trips(c.demand.To.Node, c.demand.From.Node) {
		for _, t := range there {
			o.journeys = append(o.journeys, journey{t, b})
		}
	}
	return o
}

func (o *steerOracle) trips(from, to topology.NodeName) []trip {
	var out []trip
	var walk func(t trip)
	walk = func(t trip) {
		at := o.network.Nodes[t.nodes[len(t.nodes)-1]]
		if at.Name == to {
			out = append(out, t)
			return
		}
		if at.Role == topology.Gateway && len(t.nodes) > 1 {
			return
		}
		for i := range 2 * len(o.network.Links) {
			ends := o.ends(i)
			if o.network.Nodes[ends[0]].Name != at.Name || slices.Contains(t.nodes, ends[1]) || !o.forwards(i) ||
				!o.demand.Separate && !o.forwards(i^1) {
				continue
			}
			walk(o.after(t, i))
		}
	}
	walk(trip{nodes: []int{o.node(from)}})
	return out
}

// after is a trip that goes on over an arc.
func (o *steerOracle) after(t trip, i int) trip {
	l, d := &o.network.Links[i/2], i%2
	te := l.TEMetric[d]
	if te == 0 {
		te = l.IGPMetric[d]
	}
	return trip{
		nodes: append(slices.Clone(t.nodes), o.ends(i)[1]), arcs: append(slices.Clone(t.arcs), i),
		te: t.te + uint64(te), micros: t.micros + uint64(l.Micros[d]),
		loss: t.loss + uint64(math.Ceil(-math.Log1p(-float64(l.LossPPM[d])/1e6)/1e-9)),
	}
}

func (o *steerOracle) reversed(t trip) trip {
	back := trip{nodes: []int{t.nodes[len(t.nodes)-1]}}
	for _, i := range slices.Backward(t.arcs) {
		back = o.after(back, i^1)
	}
	return back
}

func (o *steerOracle) node(name topology.NodeName) int {
	return slices.IndexFunc(o.network.Nodes, func(n topology.Node) bool { return n.Name == name })
}

func (o *steerOracle) ends(i int) [2]int {
	l := &o.network.Links[i/2]
	ends := [2]int{o.node(l.A), o.node(l.Z)}
	return [2]int{ends[i%2], ends[1-i%2]}
}

// forwards says whether an arc carries anything.
func (o *steerOracle) forwards(i int) bool {
	l, ends := &o.network.Links[i/2], o.ends(i)
	return !l.Down && l.IGPMetric[i%2] != topology.MaxMetric && !o.network.Nodes[ends[0]].Down && !o.network.Nodes[ends[1]].Down
}

// asks is a set of what a demand asks for.
type asks uint

const (
	healthy asks = 1 << iota // no node in maintenance
	affine
	included
	notExcluded
	inTime
	notLossy
	short
	roomy

	policed = healthy | affine | included | notExcluded
	bounded = policed | inTime | notLossy | short
)

// meets says whether a journey has all of what is asked for.
func (o *steerOracle) meets(j *journey, what asks) bool {
	d := o.demand
	return (what&healthy == 0 || o.healthy(j)) &&
		(what&affine == 0 || o.each(j, func(l *topology.Link) bool { return o.affine(l.AdminGroups) })) &&
		(what&included == 0 || o.passes(j)) &&
		(what&notExcluded == 0 || o.each(j, o.notExcluded)) &&
		(what&inTime == 0 || d.MaxRTTMicros == 0 || o.micros(j) <= uint64(d.MaxRTTMicros)) &&
		(what&notLossy == 0 || d.MaxLossPPM == 0 || j.there.loss+j.back.loss <= o.mostLoss()) &&
		(what&short == 0 || d.MaxHops == 0 || max(len(j.there.arcs), len(j.back.arcs)) <= int(d.MaxHops)) &&
		(what&roomy == 0 || o.roomy(j, d.Kbps, o.first))
}

func (o *steerOracle) healthy(j *journey) bool {
	return !slices.ContainsFunc(slices.Concat(j.there.nodes, j.back.nodes), func(n int) bool {
		return o.network.Nodes[n].Maintenance || o.network.Nodes[n].Down
	})
}

func (o *steerOracle) affine(groups uint32) bool {
	a := o.demand.Affinity
	return (a.IncludeAny == 0 || groups&a.IncludeAny > 0) && a.IncludeAll&^groups == 0 && groups&a.ExcludeAny == 0
}

func (o *steerOracle) notExcluded(l *topology.Link) bool {
	x := &o.demand.Exclude
	return !slices.Contains(x.Nodes, l.A) && !slices.Contains(x.Nodes, l.Z) && !slices.Contains(x.Links, l.Name) &&
		!slices.ContainsFunc(l.SRLGs, func(g uint32) bool { return slices.Contains(x.SRLGs, g) })
}

// passes says whether the nodes to include are passed in their order, and on
// the way back in the reverse order.
func (o *steerOracle) passes(j *journey) bool {
	over := func(t trip, left []topology.NodeName) bool {
		for _, n := range t.nodes {
			for len(left) > 0 && left[0] == o.network.Nodes[n].Name {
				left = left[1:]
			}
		}
		return len(left) == 0
	}
	back := slices.Clone(o.demand.Include)
	slices.Reverse(back)
	return over(j.there, o.demand.Include) && over(j.back, back)
}

func (o *steerOracle) each(j *journey, is func(*topology.Link) bool) bool {
	for _, i := range slices.Concat(j.there.arcs, j.back.arcs) {
		if !is(&o.network.Links[i/2]) {
			return false
		}
	}
	return true
}

// mostLoss is the bound on loss as a sum.
func (o *steerOracle) mostLoss() uint64 {
	if o.demand.MaxLossPPM >= 1_000_000 {
		return math.MaxUint64
	}
	return uint64(-math.Log1p(-float64(o.demand.MaxLossPPM)/1e6) / 1e-9)
}

// micros is the round trip of a journey.
func (o *steerOracle) micros(j *journey) uint64 {
	sum := j.there.micros + j.back.micros
	for _, name := range slices.Concat(o.demand.From.Access, o.demand.To.Access) {
		a, _ := o.network.AccessPoint(name)
		sum += 2 * uint64(a.Micros)
	}
	return sum
}

// any says whether a journey has all of what is asked for.
func (o *steerOracle) any(what asks) bool {
	return slices.ContainsFunc(o.journeys, func(j journey) bool { return o.meets(&j, what) })
}

// best returns the best of the journeys that have what is asked for.
func (o *steerOracle) best(what asks) (best *journey) {
	for i := range o.journeys {
		if j := &o.journeys[i]; o.meets(j, what) && (best == nil || o.compare(j, best) < 0) {
			best = j
		}
	}
	return best
}

// compare ranks journeys by the demand's objective; 0: both are as good.
func (o *steerOracle) compare(a, b *journey) int {
	cost := cmp.Compare(a.there.te+a.back.te, b.there.te+b.back.te)
	micros := cmp.Compare(o.micros(a), o.micros(b))
	switch o.demand.Objective {
	case pathcomp.LeastCost:
		return cmp.Or(cost, micros)
	case pathcomp.LeastLatency:
		return cmp.Or(micros, cost)
	case pathcomp.LeastLoad:
		return cmp.Or(o.fullest(a).Cmp(o.fullest(b)), cost, micros)
	}
	panic("no such objective")
}
