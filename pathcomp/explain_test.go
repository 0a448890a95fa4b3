// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// passage is a way there and back: arcs in order.
type passage struct {
	arcs         [2][]topology.ArcName
	nodes        []topology.NodeName // there
	cost, micros uint64
	load         float64 // of the fullest link
}

// explainTrial is a demand, with what the network has.
type explainTrial struct {
	*pairTrial
	byArc map[topology.ArcName]directed
}

type directed struct {
	from, to topology.NodeName
	link     *topology.Link
	d        int
}

func newExplainTrial(t *testing.T, r *rand.Rand) explainTrial {
	t.Helper()
	e := explainTrial{newPairTrial(t, r), map[topology.ArcName]directed{}}
	for i := range e.network.Links {
		l := &e.network.Links[i]
		e.byArc[topology.LinkArc(l.Name, 0)] = directed{l.A, l.Z, l, 0}
		e.byArc[topology.LinkArc(l.Name, 1)] = directed{l.Z, l.A, l, 1}
	}
	d := &e.demand
	d.Objective = pathcomp.Objective(r.IntN(3))
	if d.Separate = r.IntN(3) == 0; d.Separate {
		d.Kbps = [2]uint64{d.Kbps[0] % 400, d.Kbps[1] % 400} // both fit on one arc if each does
	}
	if r.IntN(4) == 0 {
		d.MaxHops = 1 + r.Uint32N(4)
	}
	d.Class = "best"
	return e
}

// oneWay returns every path from one node to another over links that are up and
// allowed.
func (e explainTrial) oneWay(from, to topology.NodeName) (out []passage) {
	x := e.demand
	var walk func(nodes []topology.NodeName, arcs []topology.ArcName)
	walk = func(nodes []topology.NodeName, arcs []topology.ArcName) {
		at := nodes[len(nodes)-1]
		node, _ := e.network.Node(at)
		if node.Maintenance || at != to && node.Role == topology.Gateway && len(nodes) > 1 {
			return
		}
		if at == to {
			p := passage{nodes: nodes}
			p.arcs[0] = arcs
			out = append(out, p)
			return
		}
		for i := range e.network.Links {
			l := &e.network.Links[i]
			for d := range 2 {
				arc := topology.LinkArc(l.Name, d)
				a := e.byArc[arc]
				shut := l.Down || l.IGPMetric[d] == topology.MaxMetric || !x.Separate && l.IGPMetric[1-d] == topology.MaxMetric ||
					l.AdminGroups&x.Affinity.ExcludeAny != 0 || slices.Contains(x.Exclude.Nodes, l.A) || slices.Contains(x.Exclude.Nodes, l.Z)
				if !shut && a.from == at && !slices.Contains(nodes, a.to) {
					walk(append(slices.Clone(nodes), a.to), append(slices.Clone(arcs), arc))
				}
			}
		}
	}
	walk([]topology.NodeName{from}, nil)
	return out
}

// passages returns every way there and back, with its sums.
func (e explainTrial) passages() (out []passage) {
	there := e.oneWay(e.demand.From.Node, e.demand.To.Node)
	if !e.demand.Separate {
		for _, p := range there {
			for _, arc := range slices.Backward(p.arcs[0]) {
				a := e.byArc[arc]
				p.arcs[1] = append(p.arcs[1], topology.LinkArc(a.link.Name, 1-a.d))
			}
			out = append(out, e.summed(p))
		}
		return out
	}
	for _, b := range e.oneWay(e.demand.To.Node, e.demand.From.Node) {
		for _, p := range there {
			p.arcs[1] = b.arcs[0]
			out = append(out, e.summed(p))
		}
	}
	return out
}

func (e explainTrial) summed(p passage) passage {
	p.micros = e.micros(e.demand.From, e.demand.To)
	for way, arcs := range p.arcs {
		for _, arc := range arcs {
			a := e.byArc[arc]
			p.cost += uint64(a.link.IGPMetric[a.d])
			p.micros += uint64(a.link.Micros[a.d])
			kbps := e.demand.Kbps[way]
			if slices.Contains(p.arcs[1-way], arc) {
				kbps = e.demand.Kbps[0] + e.demand.Kbps[1]
			}
			if kbps > 0 {
				p.load = max(p.load, float64(1000-e.room(arc)+int64(kbps))/1000)
			}
		}
	}
	return p
}

// room is what an arc has left at the worst second.
func (e explainTrial) room(arc topology.ArcName) int64 {
	least := int64(1000)
	for _, step := range e.ledger.Profile(arc, e.demand.Window.From, e.demand.Window.Until) {
		least = min(least, 1000-step.Kbps)
	}
	return least
}

// blocking returns the arcs, of links and terminals, that have no room.
func (e explainTrial) blocking(p passage) []topology.ArcName {
	needs := map[topology.ArcName]uint64{}
	for way, arcs := range p.arcs {
		for _, arc := range arcs {
			needs[arc] += e.demand.Kbps[way]
		}
		for _, name := range e.demand.From.Access {
			needs[topology.AccessArc(name, way)] += e.demand.Kbps[way]
		}
		for _, name := range e.demand.To.Access {
			needs[topology.AccessArc(name, 1-way)] += e.demand.Kbps[way]
		}
	}
	var out []topology.ArcName
	for arc, kbps := range needs {
		if kbps > 0 && !e.free(arc, kbps) {
			out = append(out, arc)
		}
	}
	slices.Sort(out)
	return out
}

func (e explainTrial) tooSlow(p passage) bool {
	return e.demand.MaxRTTMicros > 0 && p.micros > uint64(e.demand.MaxRTTMicros)
}

func (e explainTrial) tooLong(p passage) bool {
	return e.demand.MaxHops > 0 && max(len(p.arcs[0]), len(p.arcs[1])) > int(e.demand.MaxHops)
}

// compare orders ways by the demand's objective.
func (e explainTrial) compare(x, y passage) int {
	byCost, byTime := cmp.Compare(x.cost, y.cost), cmp.Compare(x.micros, y.micros)
	switch e.demand.Objective {
	case pathcomp.LeastLatency:
		return cmp.Or(byTime, byCost)
	case pathcomp.LeastLoad:
		return cmp.Or(cmp.Compare(x.load, y.load), byCost, byTime)
	case pathcomp.LeastCost:
	}
	return cmp.Or(byCost, byTime)
}

func (p passage) is(links [2][]topology.ArcName) bool {
	return slices.Equal(p.arcs[0], links[0]) && slices.Equal(p.arcs[1], links[1])
}

// TestExplainAgainstEveryPath compares best, second best, cheapest, sums and what
// is left of bounds with those of every path.
func TestExplainAgainstEveryPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(51, 52))
	var admitted, seconds, cheapest, separate int
	for trial := range 1500 {
		e := newExplainTrial(t, r)
		got := e.core.Explain(e.demand)
		a, refusal := e.core.Steer(e.demand)
		if diff := gocmp.Diff(a, got.Admission); diff != "" || gocmp.Diff(refusal, got.Refusal) != "" {
			t.Fatalf("trial %d: not what Steer says: %+v, %+v", trial, got, refusal)
		}
		all := e.passages()
		slices.SortStableFunc(all, func(x, y passage) int { return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.micros, y.micros)) })
		e.checkCheapest(t, all, got)
		if refusal != nil || len(a.Links[0]) == 0 {
			continue
		}
		fit := slices.DeleteFunc(all, func(p passage) bool { return e.tooSlow(p) || e.tooLong(p) || len(e.blocking(p)) > 0 })
		slices.SortStableFunc(fit, e.compare)
		e.checkTotals(t, got)
		if len(got.RunnersUp) != 0 != (len(fit) > 1) {
			t.Fatalf("trial %d, %+v: %d runners-up, %d paths fit", trial, e.demand, len(got.RunnersUp), len(fit))
		}
		admitted++
		if len(fit) < 2 {
			continue
		}
		second := slices.IndexFunc(fit, func(p passage) bool { return p.is(got.RunnersUp[0].Links) })
		if second < 0 || fit[second].is(a.Links) || e.compare(fit[second], fit[1]) != 0 {
			t.Fatalf("trial %d, %+v: second best is %+v, want %+v", trial, e.demand, got.RunnersUp[0], fit[1])
		}
		if p := fit[second]; p.cost != got.RunnersUp[0].Cost || p.micros != uint64(got.RunnersUp[0].RTTMicros) {
			t.Fatalf("trial %d: %+v, want %+v", trial, got.RunnersUp[0], p)
		}
		seconds++
		if e.demand.Separate {
			separate++
		}
		if got.Cheapest != nil {
			cheapest++
		}
	}
	if min(admitted, seconds) < 100 || min(cheapest, separate) < 25 {
		t.Errorf("%d admitted, %d with a second best (%d with separate directions), %d with a cheaper one: too few to tell", admitted, seconds, separate, cheapest)
	}
}

// checkCheapest checks what is said of the cheapest path of all.
func (e explainTrial) checkCheapest(t *testing.T, all []passage, got pathcomp.Explanation) {
	t.Helper()
	if got.Cheapest == nil {
		if len(all) == 0 || len(all[0].arcs[0]) == 0 || got.Refusal != nil && got.Hops[0] == nil && !e.known(got) {
			return
		}
		i := slices.IndexFunc(all, func(p passage) bool { return p.is(got.Admission.Links) })
		if i < 0 || all[i].cost != all[0].cost {
			t.Fatalf("%+v: no cheapest, want %+v", e.demand, all[0])
		}
		return
	}
	i := slices.IndexFunc(all, func(p passage) bool { return p.is(got.Cheapest.Links) })
	if i < 0 || all[i].cost != all[0].cost || all[i].micros != all[0].micros {
		t.Fatalf("%+v: cheapest is %+v, want %+v", e.demand, got.Cheapest, all[0])
	}
	want := pathcomp.Alternative{
		Forward: all[i].nodes, Links: all[i].arcs, Cost: all[i].cost, RTTMicros: uint32(all[i].micros),
		Blocking: e.blocking(all[i]), TooSlow: e.tooSlow(all[i]), TooLong: e.tooLong(all[i]),
	}
	if diff := gocmp.Diff(want, *got.Cheapest); diff != "" {
		t.Fatalf("cheapest (-want +got):\n%s", diff)
	}
}

// known says whether the demand was looked at, and not refused for what it is.
func (e explainTrial) known(got pathcomp.Explanation) bool {
	return got.Refusal == nil || got.Refusal.Cause != pathcomp.Invalid && got.Refusal.Cause != pathcomp.UnknownNode
}

// checkTotals sums the hops up.
func (e explainTrial) checkTotals(t *testing.T, got pathcomp.Explanation) {
	t.Helper()
	var want pathcomp.Totals
	want.RTTMicros = uint32(e.micros(e.demand.From, e.demand.To))
	for way, arcs := range got.Admission.Links {
		if len(arcs) != len(got.Hops[way]) {
			t.Fatalf("%d hops of %d links", len(got.Hops[way]), len(arcs))
		}
		want.Hops = max(want.Hops, len(arcs))
		for i, arc := range arcs {
			a := e.byArc[arc]
			hop := pathcomp.Hop{
				Link: arc, From: a.from, To: a.to, Micros: a.link.Micros[a.d], Cost: a.link.IGPMetric[a.d], FreeKbps: uint64(e.room(arc)),
			}
			if diff := gocmp.Diff(hop, got.Hops[way][i]); diff != "" {
				t.Fatalf("hop (-want +got):\n%s", diff)
			}
			want.Cost += uint64(hop.Cost)
			want.RTTMicros += hop.Micros
			if want.Narrowest.Link == "" || hop.FreeKbps < want.Narrowest.FreeKbps {
				want.Narrowest = hop
			}
		}
	}
	if diff := gocmp.Diff(want, got.Totals); diff != "" {
		t.Fatalf("totals (-want +got):\n%s", diff)
	}
	var slack pathcomp.Slack
	if most := e.demand.MaxRTTMicros; most > 0 {
		slack.RTTMicros = most - want.RTTMicros
	}
	if most := int(e.demand.MaxHops); most > 0 {
		slack.Hops = most - want.Hops
	}
	if diff := gocmp.Diff(slack, got.Slack); diff != "" {
		t.Fatalf("slack (-want +got):\n%s", diff)
	}
}
