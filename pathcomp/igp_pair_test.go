// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// lossy is what a link loses that loses anything, in a million.
const lossy = 10_000

// loseSome gives some directions of links a loss.
func loseSome(r *rand.Rand, n *topology.Network) {
	for i := range n.Links {
		for d := range 2 {
			if r.IntN(4) == 0 {
				n.Links[i].LossPPM[d] = lossy
			}
		}
	}
}

// lossOf is a bound that so many lossy links keep, and one more does not.
func lossOf(links int) uint32 {
	return 1 + uint32(math.Ceil(1e6*(1-math.Pow(1-lossy/1e6, float64(links)))))
}

// lossTold is what an admission says of so many lossy links: nanonepers, each
// rounded up, and the sum rounded up to a bound that it keeps.
func lossTold(links int) uint32 {
	each := math.Ceil(-math.Log1p(-lossy/1e6) * 1e9)
	return uint32(math.Ceil(-math.Expm1(-each*float64(links)*1e-9) * 1e6))
}

// mostLossy is the largest number of lossy links on any of the equal-cost ways.
func (w *everyWay) mostLossy(at, to topology.NodeName) int {
	most := 0
	for _, l := range w.network.Links {
		for d, ends := range [2][2]topology.NodeName{{l.A, l.Z}, {l.Z, l.A}} {
			if at != to && ends[0] == at && w.arcs[topology.LinkArc(l.Name, d)] {
				here := w.mostLossy(ends[1], to)
				if l.LossPPM[d] > 0 {
					here++
				}
				most = max(most, here)
			}
		}
	}
	return most
}

// bothWays is a round trip by trying every simple path.
type bothWays struct{ there, back everyWay }

func (b *bothWays) ok() bool { return b.there.arcs != nil && b.back.arcs != nil }

func findBothWays(n *topology.Network, from, to topology.NodeName) bothWays {
	return bothWays{findEveryWay(n, from, to), findEveryWay(n, to, from)}
}

// link says whether a round trip depends on a link.
func (b *bothWays) link(l *topology.Link) bool {
	return slices.ContainsFunc([]everyWay{b.there, b.back}, func(w everyWay) bool {
		return w.arcs[topology.LinkArc(l.Name, 0)] || w.arcs[topology.LinkArc(l.Name, 1)]
	})
}

func sharedByOracle(n *topology.Network, x, y *bothWays) pathcomp.Shared {
	var out pathcomp.Shared
	groups := [2]map[uint32]bool{{}, {}}
	for i := range n.Links {
		l := &n.Links[i]
		if x.link(l) && y.link(l) {
			out.Links = append(out.Links, l.Name)
		}
		for k, b := range []*bothWays{x, y} {
			for _, g := range l.SRLGs {
				groups[k][g] = groups[k][g] || b.link(l)
			}
		}
	}
	for _, node := range n.Nodes {
		if (x.there.nodes[node.Name] || x.back.nodes[node.Name]) && (y.there.nodes[node.Name] || y.back.nodes[node.Name]) {
			out.Nodes = append(out.Nodes, node.Name)
		}
	}
	for g := range uint32(8) {
		if groups[0][g] && groups[1][g] {
			out.SRLGs = append(out.SRLGs, g)
		}
	}
	slices.Sort(out.Links)
	slices.Sort(out.Nodes)
	return out
}

// pairOracle says what a search for two ways must answer, but for the ways shown.
func pairOracle(n *topology.Network, d *pathcomp.Demand, maxLossy int) (uses []pathcomp.Use, shared pathcomp.Shared, cause pathcomp.Cause) {
	ends := [2][2]topology.NodeName{{d.From.Node, d.To.Node}, {d.Second.From.Node, d.Second.To.Node}}
	var w [2]bothWays
	for i := range w {
		if w[i] = findBothWays(n, ends[i][0], ends[i][1]); !w[i].ok() {
			return nil, shared, pathcomp.NoPath
		}
		for _, node := range n.Nodes {
			if node.Maintenance && (w[i].there.nodes[node.Name] || w[i].back.nodes[node.Name]) {
				return nil, shared, pathcomp.Maintenance
			}
		}
	}
	if shared = sharedByOracle(n, &w[0], &w[1]); !shared.None() && !d.Second.MayMeet {
		return nil, shared, pathcomp.Disjoint
	}
	for i := range w {
		if w[i].there.micros+w[i].back.micros > d.MaxRTTMicros {
			return nil, shared, pathcomp.Latency
		}
	}
	for i := range w {
		if w[i].there.mostLossy(ends[i][0], ends[i][1])+w[i].back.mostLossy(ends[i][1], ends[i][0]) > maxLossy {
			return nil, shared, pathcomp.Loss
		}
	}
	all := []bothWays{w[0], w[1], findBothWays(n, ends[0][0], ends[1][1]), findBothWays(n, ends[1][0], ends[0][1])}
	all = slices.DeleteFunc(all, func(b bothWays) bool { return !b.ok() })
	for _, l := range n.Links {
		for direction := range 2 {
			arc, kbps := topology.LinkArc(l.Name, direction), uint64(0)
			if slices.ContainsFunc(all, func(b bothWays) bool { return b.there.arcs[arc] }) {
				kbps += d.Kbps[0]
			}
			if slices.ContainsFunc(all, func(b bothWays) bool { return b.back.arcs[arc] }) {
				kbps += d.Kbps[1]
			}
			if kbps > l.Kbps[direction] {
				return nil, shared, pathcomp.Bandwidth
			}
			if kbps > 0 {
				uses = append(uses, pathcomp.Use{Arc: arc, Kbps: kbps})
			}
		}
	}
	return uses, shared, ""
}

func TestSearchFindsTwoWaysOfTheRouters(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	outcomes := map[pathcomp.Cause]int{}
	met := 0
	for range 12_000 {
		n := randomNetwork(r, 7)
		for i := range n.Links {
			l := &n.Links[i]
			l.Kbps = [2]uint64{1000 + 400*r.Uint64N(2), 1400}
			if r.IntN(3) == 0 {
				l.SRLGs = []uint32{r.Uint32N(8)}
			}
		}
		loseSome(r, n)
		core, _ := newCore(t, n)
		node := func() pathcomp.Terminal { return pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name} }
		maxLossy := r.IntN(4)
		d := pathcomp.Demand{
			From: node(), To: node(), Second: &pathcomp.Second{From: node(), To: node(), MayMeet: r.IntN(4) == 0},
			Kbps: [2]uint64{700, 600}, BookingPermille: 1000, Class: "gold",
			Window:       pathcomp.Window{From: clock(), Until: clock().Add(time.Hour)},
			MaxRTTMicros: 1 + r.Uint32N(4000),
		}
		d.MaxLossPPM = lossOf(maxLossy)
		uses, shared, cause := pairOracle(n, &d, maxLossy)
		got, refusal := core.Search(d)
		outcomes[cause]++
		if refusal != nil {
			if refusal.Cause != cause {
				t.Fatalf("%+v, %+v: cause %q, want %q", n, d, refusal.Cause, cause)
			}
			if diff := cmp.Diff(shared, refusal.Shared, cmpopts.EquateEmpty()); cause == pathcomp.Disjoint && diff != "" {
				t.Fatalf("shared (-want +got)\n%s", diff)
			}
			continue
		}
		if cause != "" {
			t.Fatalf("%+v, %+v: found, want %q", n, d, cause)
		}
		if diff := cmp.Diff(uses, got.Uses, cmpopts.SortSlices(func(x, y pathcomp.Use) bool { return x.Arc < y.Arc }), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%+v, %+v: uses (-want +got)\n%s", n, d, diff)
		}
		if diff := cmp.Diff(shared, got.Second.Shared, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("shared (-want +got)\n%s", diff)
		}
		if !shared.None() {
			met++
		}
		checkSecondWay(t, n, &d, &got)
	}
	for _, cause := range []pathcomp.Cause{"", pathcomp.NoPath, pathcomp.Latency, pathcomp.Loss, pathcomp.Maintenance, pathcomp.Disjoint, pathcomp.Bandwidth} {
		if outcomes[cause] < 50 {
			t.Errorf("%d cases of %q: too few to tell", outcomes[cause], cause)
		}
	}
	if met < 50 {
		t.Errorf("%d cases of ways that meet: too few to tell", met)
	}
}

func checkSecondWay(t *testing.T, n *topology.Network, d *pathcomp.Demand, got *pathcomp.Admission) {
	t.Helper()
	first, second := findBothWays(n, d.From.Node, d.To.Node), findBothWays(n, d.Second.From.Node, d.Second.To.Node)
	checkOneWay(t, first.there, d.From.Node, d.To.Node, got.Forward)
	checkOneWay(t, first.back, d.To.Node, d.From.Node, got.Reverse)
	checkOneWay(t, second.there, d.Second.From.Node, d.Second.To.Node, got.Second.Forward)
	checkOneWay(t, second.back, d.Second.To.Node, d.Second.From.Node, got.Second.Reverse)
	if got.RTTMicros != first.there.micros+first.back.micros || got.Second.RTTMicros != second.there.micros+second.back.micros {
		t.Fatalf("round trips %d and %d", got.RTTMicros, got.Second.RTTMicros)
	}
	lost := func(w bothWays, a, z pathcomp.Terminal) uint32 {
		return lossTold(w.there.mostLossy(a.Node, z.Node) + w.back.mostLossy(z.Node, a.Node))
	}
	if got.LossPPM != lost(first, d.From, d.To) || got.Second.LossPPM != lost(second, d.Second.From, d.Second.To) {
		t.Fatalf("losses %d and %d", got.LossPPM, got.Second.LossPPM)
	}
}

// ladder is two planes, a1-p1-z1 and a2-p2-z2, joined at the ends and in the
// middle, with a port at each a and a handoff at each z.
func ladder() *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000}
	for _, name := range []topology.NodeName{"a1", "p1", "z1", "a2", "p2", "z2"} {
		n.Nodes = append(n.Nodes, topology.Node{Name: name, Role: topology.P})
	}
	for _, plane := range []string{"1", "2"} {
		n.Links = append(n.Links,
			link("a-p"+plane, topology.NodeName("a"+plane), topology.NodeName("p"+plane), 1000, 100, 10),
			link("p-z"+plane, topology.NodeName("p"+plane), topology.NodeName("z"+plane), 1000, 100, 10))
	}
	n.Links = append(n.Links, link("a-a", "a1", "a2", 1000, 100, 100), link("z-z", "z1", "z2", 1000, 100, 100), link("p-p", "p1", "p2", 1000, 100, 5))
	for _, x := range []topology.NodeName{"a1", "a2", "z1", "z2"} {
		n.Access = append(n.Access, topology.Access{Name: "at-" + string(x), Node: x, Kbps: 5000, Micros: 10, Reservable: topology.Shares{All: 1000}})
	}
	return n
}

func protectedDemand(kbps uint64) pathcomp.Demand {
	at := func(n topology.NodeName) pathcomp.Terminal {
		return pathcomp.Terminal{Node: n, Access: []string{"at-" + string(n)}}
	}
	return pathcomp.Demand{
		From: at("a1"), To: at("z1"), Second: &pathcomp.Second{From: at("a2"), To: at("z2")},
		Kbps: [2]uint64{kbps, kbps}, Class: "gold", BookingPermille: 1000,
		Window: pathcomp.Window{From: clock(), Until: clock().Add(time.Hour)},
	}
}

func TestTwoWaysTakeTheMostAndNotTheSum(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, ladder())
	a, refusal := core.Search(protectedDemand(300))
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := map[topology.ArcName]uint64{}
	for _, l := range []string{"a-p1", "p-z1", "a-p2", "p-z2", "p-p"} {
		want[topology.LinkArc(l, 0)], want[topology.LinkArc(l, 1)] = 300, 300
	}
	// From p1 to p2 goes what comes from a1 to z2, and back what comes from z1
	// to a2: when the ends fail in this way both are there.
	want[topology.LinkArc("p-p", 0)], want[topology.LinkArc("p-p", 1)] = 600, 600
	for _, x := range ladder().Access {
		want[topology.AccessArc(x.Name, 0)], want[topology.AccessArc(x.Name, 1)] = 300, 300
	}
	got := map[topology.ArcName]uint64{}
	for _, u := range a.Uses {
		got[u.Arc] = u.Kbps
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("uses (-want +got)\n%s", diff)
	}
	if a.RTTMicros != 440 || a.Second.RTTMicros != 440 {
		t.Errorf("round trips %d and %d", a.RTTMicros, a.Second.RTTMicros)
	}
	if err := ledger.Reserve("one", a); err != nil {
		t.Fatal(err)
	}
	// On p-p 400 are left, which is 200 for a session.
	_, refusal = core.Search(protectedDemand(300))
	if refusal == nil || refusal.Cause != pathcomp.Bandwidth || refusal.MostKbps != 200 ||
		!slices.Equal(refusal.Blocking, []topology.ArcName{topology.LinkArc("p-p", 1), topology.LinkArc("p-p", 0)}) {
		t.Fatalf("refusal %+v", *refusal)
	}
	last, refusal := core.Search(protectedDemand(200))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("two", last); err != nil {
		t.Fatal(err)
	}
	if x := ledger.Excesses(); len(x) > 0 {
		t.Errorf("over-booked: %+v", x)
	}
}

func TestTwoWaysThatShareAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*topology.Network, *pathcomp.Demand)
		want   pathcomp.Shared
	}{
		{"a risk group", func(n *topology.Network, _ *pathcomp.Demand) {
			n.Links[0].SRLGs, n.Links[3].SRLGs = []uint32{7, 9}, []uint32{8, 9}
		}, pathcomp.Shared{SRLGs: []uint32{9}}},
		{"an access", func(_ *topology.Network, d *pathcomp.Demand) {
			d.Second.To.Access = append(d.Second.To.Access, "at-z1")
		}, pathcomp.Shared{Access: []string{"at-z1"}}},
		{"a node and what is at it", func(_ *topology.Network, d *pathcomp.Demand) { d.Second.To.Node = "z1" },
			pathcomp.Shared{Nodes: []topology.NodeName{"p1", "z1"}, Links: []string{"p-z1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, d := ladder(), protectedDemand(100)
			c.change(n, &d)
			core, _ := newCore(t, n)
			_, refusal := core.Search(d)
			if refusal == nil || refusal.Cause != pathcomp.Disjoint {
				t.Fatalf("refusal %+v", *refusal)
			}
			if diff := cmp.Diff(c.want, refusal.Shared, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTwoWaysAreNotSteered(t *testing.T) {
	t.Parallel()
	core, _ := newCore(t, ladder())
	if _, refusal := core.Steer(protectedDemand(100)); refusal == nil || refusal.Cause != pathcomp.Unsupported {
		t.Errorf("refusal %+v", refusal)
	}
}

// What the routers do to two ways after a failure is reserved, also where the
// two meet by it; and when the failure is over they are apart again.
func TestRepairFollowsTwoWays(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, ladder())
	d := protectedDemand(300)
	a, refusal := core.Search(d)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("one", a); err != nil {
		t.Fatal(err)
	}
	failed := ladder().Links[0]
	failed.Down = true
	if err := core.Update(pathcomp.Update{Links: []topology.Link{failed}}); err != nil {
		t.Fatal(err)
	}
	claim := []pathcomp.Claim{{Owner: "one", Demand: d}}
	moves := core.Repair(claim, false)
	if len(moves) != 1 || moves[0].Refusal != nil || moves[0].Stays {
		t.Fatalf("moves %+v", moves)
	}
	m := moves[0].Admission
	if !slices.Contains(m.Second.Shared.Links, "a-p2") || !slices.Equal(m.Forward, []topology.NodeName{"a1", "a2", "p2", "p1", "z1"}) {
		t.Fatalf("moved to %+v, shared %+v", m.Forward, m.Second.Shared)
	}
	if err := ledger.Reserve("one", m); err != nil {
		t.Fatal(err)
	}
	if x := ledger.Excesses(); len(x) > 0 {
		t.Errorf("over-booked: %+v", x)
	}
	if err := core.Update(pathcomp.Update{Links: ladder().Links[:1]}); err != nil {
		t.Fatal(err)
	}
	moves = core.Repair(claim, false)
	if back := moves[0].Admission; moves[0].Refusal != nil || !back.Second.Shared.None() {
		t.Fatalf("moves %+v", moves)
	}
}
