// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// route is a simple path that is the same both ways.
type route struct {
	links        []int
	nodes        []topology.NodeName
	cost, micros uint64
}

// pairTrial is a demand for a pair, with what the network has.
type pairTrial struct {
	network    *topology.Network
	core       *pathcomp.Core
	ledger     *pathcomp.Ledger
	demand     pathcomp.Demand
	protection pathcomp.Protection
	anyRoom    bool // whether or not there is room
}

func newPairTrial(t *testing.T, r *rand.Rand) *pairTrial {
	t.Helper()
	n := randomNetwork(r, 7)
	for i := range n.Nodes {
		n.Access = append(n.Access, topology.Access{
			Name: fmt.Sprint("port:", i), Node: n.Nodes[i].Name, Kbps: 1000, Micros: 50 * r.Uint32N(3), Reservable: topology.Shares{All: 1000},
		})
	}
	for i := range n.Links {
		l := &n.Links[i]
		l.AdminGroups = 1 << r.IntN(3)
		if r.IntN(3) == 0 {
			l.SRLGs = []uint32{100 + r.Uint32N(3)}
		}
	}
	p := &pairTrial{network: n}
	p.core, p.ledger = newCore(t, n)
	for i, l := range n.Links {
		from := r.IntN(20)
		if err := p.ledger.Load(pathcomp.Booking{
			Seq: uint64(i + 1), Owner: "before", Class: "gold", Window: window(from, from+1+r.IntN(20)),
			Uses: []pathcomp.Use{{Arc: topology.LinkArc(l.Name, r.IntN(2)), Kbps: uint64(r.IntN(1001))}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	terminal := func() pathcomp.Terminal {
		i := r.IntN(len(n.Nodes))
		end := pathcomp.Terminal{Node: n.Nodes[i].Name}
		if r.IntN(2) == 0 {
			end.Access = []string{n.Access[i].Name}
		}
		return end
	}
	from := r.IntN(20)
	p.demand = pathcomp.Demand{
		From: terminal(), To: terminal(), Kbps: [2]uint64{uint64(1 + r.IntN(700)), uint64(1 + r.IntN(700))},
		Class: "gold", BookingPermille: 1000, Window: window(from, from+1+r.IntN(20)),
	}
	if r.IntN(2) == 0 {
		p.demand.MaxRTTMicros = 1 + r.Uint32N(5000)
	}
	if r.IntN(4) == 0 {
		p.demand.Affinity.ExcludeAny = 1 << r.IntN(3)
	}
	if r.IntN(4) == 0 {
		p.demand.Exclude.Nodes = []topology.NodeName{n.Nodes[r.IntN(len(n.Nodes))].Name}
	}
	p.protection.Disjoint = pathcomp.Disjointness(1 + r.IntN(7))
	if r.IntN(4) == 0 {
		p.protection.Budget = 1 + r.IntN(5)
	}
	if r.IntN(3) == 0 {
		p.protection.From = terminal()
	}
	if r.IntN(3) == 0 {
		p.protection.To = terminal()
	}
	return p
}

// terminals returns both terminals of each end.
func (p *pairTrial) terminals() (from, to [2]pathcomp.Terminal) {
	from, to = [2]pathcomp.Terminal{p.demand.From, p.demand.From}, [2]pathcomp.Terminal{p.demand.To, p.demand.To}
	if p.protection.From.Node != "" {
		from[1] = p.protection.From
	}
	if p.protection.To.Node != "" {
		to[1] = p.protection.To
	}
	return from, to
}

// micros is the round trip over the accesses of two terminals.
func (p *pairTrial) micros(from, to pathcomp.Terminal) (sum uint64) {
	for _, name := range slices.Concat(from.Access, to.Access) {
		a, _ := p.network.AccessPoint(name)
		sum += 2 * uint64(a.Micros)
	}
	return sum
}

// free says whether an arc has room for a rate at all times of the window.
func (p *pairTrial) free(arc topology.ArcName, kbps uint64) bool {
	if p.anyRoom {
		return true
	}
	for _, step := range p.ledger.Profile(arc, p.demand.Window.From, p.demand.Window.Until) {
		if step.Kbps+int64(kbps) > 1000 {
			return false
		}
	}
	return true
}

// usable says whether a link may be taken in a direction.
func (p *pairTrial) usable(i, d int) bool {
	l, x := &p.network.Links[i], p.demand
	if l.Down || slices.Contains(l.IGPMetric[:], topology.MaxMetric) || l.AdminGroups&x.Affinity.ExcludeAny != 0 ||
		slices.Contains(x.Exclude.Nodes, l.A) || slices.Contains(x.Exclude.Nodes, l.Z) {
		return false
	}
	return p.free(topology.LinkArc(l.Name, d), x.Kbps[0]) && p.free(topology.LinkArc(l.Name, 1-d), x.Kbps[1])
}

// routes returns every path between two terminals that the demand allows.
func (p *pairTrial) routes(from, to pathcomp.Terminal) (out []route) {
	access := p.micros(from, to)
	var walk func(route)
	walk = func(w route) {
		at := w.nodes[len(w.nodes)-1]
		node, _ := p.network.Node(at)
		if most := p.demand.MaxRTTMicros; node.Maintenance || most > 0 && w.micros+access > uint64(most) {
			return
		}
		if at == to.Node {
			out = append(out, w)
			return
		}
		if node.Role == topology.Gateway && len(w.nodes) > 1 {
			return
		}
		for i, l := range p.network.Links {
			for d, ends := range [2][2]topology.NodeName{{l.A, l.Z}, {l.Z, l.A}} {
				if ends[0] == at && !slices.Contains(w.nodes, ends[1]) && p.usable(i, d) {
					walk(route{
						links: append(slices.Clone(w.links), i), nodes: append(slices.Clone(w.nodes), ends[1]),
						cost:   w.cost + uint64(l.IGPMetric[0]) + uint64(l.IGPMetric[1]),
						micros: w.micros + uint64(l.Micros[0]) + uint64(l.Micros[1]),
					})
				}
			}
		}
	}
	walk(route{nodes: []topology.NodeName{from.Node}})
	return out
}

// apart says whether two paths share nothing that they must not.
func (p *pairTrial) apart(a, b route) bool {
	from, to := p.terminals()
	for _, i := range a.links {
		for _, j := range b.links {
			if i == j {
				return false
			}
			if p.protection.Disjoint&pathcomp.SRLGDisjoint != 0 && slices.ContainsFunc(p.network.Links[i].SRLGs, func(g uint32) bool {
				return slices.Contains(p.network.Links[j].SRLGs, g)
			}) {
				return false
			}
		}
	}
	shared := func(n topology.NodeName) bool {
		return from[0].Node == from[1].Node && from[0].Node == n || to[0].Node == to[1].Node && to[0].Node == n
	}
	return p.protection.Disjoint&pathcomp.NodeDisjoint == 0 || !slices.ContainsFunc(a.nodes, func(n topology.NodeName) bool {
		return !shared(n) && slices.Contains(b.nodes, n)
	})
}

// endsHaveRoom says whether the accesses of all terminals have room.
func (p *pairTrial) endsHaveRoom() bool {
	from, to := p.terminals()
	for i := range 2 {
		for _, name := range slices.Concat(from[i].Access, to[i].Access) {
			if !p.free(topology.AccessArc(name, 0), max(p.demand.Kbps[0], p.demand.Kbps[1])) {
				return false
			}
		}
	}
	return true
}

// best returns the least sum of costs of any pair, and whether each path alone
// is possible.
func (p *pairTrial) best() (sum uint64, alone bool) {
	from, to := p.terminals()
	sum = math.MaxUint64
	for crossed := range 2 {
		first, second := p.routes(from[0], to[crossed]), p.routes(from[1], to[1-crossed])
		alone = alone || len(first) > 0 && len(second) > 0
		for _, a := range first {
			for _, b := range second {
				if p.apart(a, b) {
					sum = min(sum, a.cost+b.cost)
				}
			}
		}
	}
	return sum, alone
}

// route looks an admission's path up among all; false: it is none.
func (p *pairTrial) route(a pathcomp.Admission) (route, bool) {
	from, to := p.terminals()
	var links []int
	for _, arc := range a.Links[0] {
		links = append(links, slices.IndexFunc(p.network.Links, func(l topology.Link) bool {
			return topology.LinkArc(l.Name, 0) == arc || topology.LinkArc(l.Name, 1) == arc
		}))
	}
	for i := range 4 {
		access := p.micros(from[i/2], to[i%2])
		for _, w := range p.routes(from[i/2], to[i%2]) {
			if slices.Equal(w.links, links) && slices.Equal(w.nodes, a.Forward) && w.cost == a.Cost && w.micros+access == uint64(a.RTTMicros) {
				return w, true
			}
		}
	}
	return route{}, false
}

// admissionFault says what is wrong with a pair, if anything.
func (p *pairTrial) admissionFault(got pathcomp.Protected, want uint64) string {
	x, okX := p.route(got.Paths[0])
	y, okY := p.route(got.Paths[1])
	switch {
	case !okX || !okY:
		return "is no pair of paths that the demand allows"
	case !p.apart(x, y):
		return "is not disjoint"
	case x.cost > y.cost || got.Both.Cost != x.cost+y.cost:
		return "costs in the wrong order, or sum"
	case got.Optimal && (x.cost+y.cost != want || got.Gap != 0) || x.cost+y.cost-got.Gap > want || x.cost+y.cost < want:
		return fmt.Sprintf("costs %d, the least is %d", x.cost+y.cost, want)
	case !p.endsHaveRoom():
		return "has no room at an end"
	}
	uses := map[topology.ArcName]uint64{}
	for _, path := range got.Paths {
		for _, u := range path.Uses {
			uses[u.Arc] = max(uses[u.Arc], u.Kbps)
		}
	}
	if len(uses) != len(got.Both.Uses) || !slices.IsSortedFunc(got.Both.Uses, func(a, b pathcomp.Use) int { return cmp.Compare(a.Arc, b.Arc) }) {
		return "reserves other arcs than the paths take"
	}
	for _, u := range got.Both.Uses {
		if uses[u.Arc] != u.Kbps {
			return fmt.Sprintf("reserves %d on %s, want %d", u.Kbps, u.Arc, uses[u.Arc])
		}
	}
	if err := p.ledger.Reserve("now", got.Both); err != nil {
		return err.Error()
	}
	return ""
}

// oneNode says whether a path would be from a node to itself.
func (p *pairTrial) oneNode() bool {
	from, to := p.terminals()
	return from[0].Node == to[0].Node || from[0].Node == to[1].Node || from[1].Node == to[0].Node || from[1].Node == to[1].Node
}

// exact says whether no pair may be missed: terminals are alike in latency, and
// nothing ends the search.
func (p *pairTrial) exact() bool {
	return p.protection.Budget == 0 && (p.demand.MaxRTTMicros == 0 || p.alike())
}

// alike says whether terminals do not differ in latency.
func (p *pairTrial) alike() bool {
	from, to := p.terminals()
	first := p.micros(from[0], to[0])
	return p.micros(from[0], to[1]) == first && p.micros(from[1], to[0]) == first && p.micros(from[1], to[1]) == first
}

// refusalFault says what is wrong with a refusal, if anything.
func (p *pairTrial) refusalFault(got *pathcomp.Refusal, want uint64, alone bool) string {
	from, to := p.terminals()
	drained := false
	for i := range 2 {
		for _, name := range []topology.NodeName{from[i].Node, to[i].Node} {
			n, _ := p.network.Node(name)
			drained = drained || n.Maintenance
		}
	}
	single := map[pathcomp.Cause]bool{}
	for i := range 2 {
		d := p.demand
		d.From, d.To = from[i], to[i]
		if _, refusal := p.core.Steer(d); refusal != nil {
			single[refusal.Cause] = true
		}
	}
	var ok bool
	switch got.Cause {
	case pathcomp.Unsupported:
		ok = p.oneNode()
	case pathcomp.Maintenance:
		ok = drained
	case pathcomp.Disjoint:
		ok = alone && want == math.MaxUint64 && !p.possible(func(o *pairTrial) { o.anyRoom, o.demand.MaxRTTMicros = true, 0 })
	case pathcomp.Undecided:
		ok = alone && !p.exact()
	case pathcomp.UnknownNode, pathcomp.NoPath, pathcomp.Bandwidth, pathcomp.Latency, pathcomp.Loss, pathcomp.Hops,
		pathcomp.Policy, pathcomp.Bounds, pathcomp.Invalid:
		ok = single[got.Cause] && want == math.MaxUint64 && !alone
		if p.possible(func(o *pairTrial) { o.anyRoom, o.demand.MaxRTTMicros = true, 0 }) && (p.exact() || !ok) {
			return p.togetherFault(got, want)
		}
	}
	if !ok {
		return fmt.Sprintf("least sum %d, each alone possible: %v, causes of single paths: %v", want, alone, single)
	}
	return ""
}

// possible says whether there is a pair with room for a demand that is changed.
func (p *pairTrial) possible(change func(*pairTrial)) bool {
	other := *p
	change(&other)
	sum, _ := other.best()
	return sum != math.MaxUint64 && other.endsHaveRoom()
}

// togetherFault says what is wrong with a refusal of two paths, which there would be
// without bound and with room.
func (p *pairTrial) togetherFault(got *pathcomp.Refusal, want uint64) string {
	if want != math.MaxUint64 && p.endsHaveRoom() {
		return "there is a pair"
	}
	within := func(micros uint32) bool {
		return p.possible(func(o *pairTrial) { o.anyRoom, o.demand.MaxRTTMicros = true, micros })
	}
	asked := within(p.demand.MaxRTTMicros)
	switch {
	case got.Cause != pathcomp.Bandwidth && got.Cause != pathcomp.Latency || !within(0):
		return "is no reason"
	case p.exact() && asked != (got.Cause == pathcomp.Bandwidth):
		return "is not the reason"
	case !within(got.LeastRTTMicros), p.exact() && p.alike() && got.LeastRTTMicros > 1 && within(got.LeastRTTMicros-1):
		return "tells another round trip than the least"
	case got.Cause == pathcomp.Latency:
		return ""
	case len(got.Blocking) == 0:
		return "names no arc"
	}
	rate := func(kbps uint64) bool {
		return p.possible(func(o *pairTrial) { o.demand.Kbps = [2]uint64{kbps, kbps} })
	}
	start := func(from time.Time) bool {
		return p.possible(func(o *pairTrial) { o.demand.Window.From, o.demand.Window.Until = from, from.Add(p.length()) })
	}
	switch {
	case got.MostKbps > 0 && !rate(got.MostKbps), p.exact() && rate(got.MostKbps+1):
		return "tells another rate than the most"
	case !got.EarliestStart.IsZero() && !start(got.EarliestStart):
		return "tells a start at which there is no room"
	}
	for from := p.demand.Window.From; p.exact() && from.Before(clock().Add(time.Minute)); from = from.Add(time.Second) {
		if start(from) {
			if !from.Equal(got.EarliestStart) {
				return fmt.Sprintf("could start at %v", from)
			}
			return ""
		}
	}
	return ""
}

// length is that of the demand's window.
func (p *pairTrial) length() time.Duration { return p.demand.Window.Until.Sub(p.demand.Window.From) }

func TestSteerPairAgainstEveryPair(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(41, 42))
	outcomes := map[pathcomp.Cause]int{}
	twoEnds, gateways, inexact := 0, 0, 0
	together := map[pathcomp.Cause]int{} // where each path alone is possible
	for trial := range 8000 {
		p := newPairTrial(t, r)
		want, alone := p.best()
		got, refusal := p.core.SteerPair(p.demand, p.protection)
		if refusal != nil {
			if fault := p.refusalFault(refusal, want, alone); fault != "" {
				t.Fatalf("trial %d, %+v, %+v, %+v: refused with %+v: %s", trial, p.network, p.demand, p.protection, refusal, fault)
			}
			outcomes[refusal.Cause]++
			if alone {
				together[refusal.Cause]++
			}
			continue
		}
		if !got.Optimal && p.exact() {
			t.Fatalf("trial %d: %+v is not optimal", trial, got)
		}
		if fault := p.admissionFault(got, want); fault != "" {
			t.Fatalf("trial %d, %+v, %+v, %+v: %+v %s", trial, p.network, p.demand, p.protection, got, fault)
		}
		outcomes[""]++
		if from, to := p.terminals(); from[0].Node != from[1].Node || to[0].Node != to[1].Node {
			twoEnds++
			n, _ := p.network.Node(to[1].Node)
			if n.Role == topology.Gateway {
				gateways++
			}
		}
		if !got.Optimal {
			inexact++
		}
	}
	for _, cause := range []pathcomp.Cause{
		"", pathcomp.NoPath, pathcomp.Latency, pathcomp.Maintenance, pathcomp.Bandwidth, pathcomp.Disjoint, pathcomp.Policy, pathcomp.Unsupported,
	} {
		if outcomes[cause] < 10 {
			t.Errorf("%d cases of %q: too few to tell", outcomes[cause], cause)
		}
	}
	if min(together[pathcomp.Bandwidth], together[pathcomp.Latency], together[pathcomp.Disjoint]) < 10 {
		t.Errorf("two together were refused for too few causes: %v", together)
	}
	if twoEnds < 30 || gateways < 5 || inexact+outcomes[pathcomp.Undecided] < 2 || outcomes[pathcomp.Undecided] > outcomes[pathcomp.Disjoint]/10 {
		t.Errorf("%d pairs with two terminals at an end (%d of them gateways), %d inexact: %v", twoEnds, gateways, inexact, outcomes)
	}
}
