// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
	"github.com/s2cd/s2cd/topology"
)

// outage is a network with sessions, some of which have to move.
type outage struct {
	core    *pathcomp.Core
	ledger  *pathcomp.Ledger
	log     *log
	steered bool
	claims  []pathcomp.Claim
}

func (o *outage) search(d pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal) {
	if o.steered {
		return o.core.Steer(d)
	}
	return o.core.Search(d)
}

// newOutage sells sessions, extends some, and then fails a link or drains a
// node.
func newOutage(t *testing.T, r *rand.Rand) *outage {
	t.Helper()
	n := randomNetwork(r, 7)
	for len(n.Links) == 0 {
		n = randomNetwork(r, 7)
	}
	for i := range n.Links {
		n.Links[i].Reservable = topology.Shares{All: 800, ByClass: map[string]uint32{"gold": 500}}
	}
	o := &outage{log: &log{}, steered: r.IntN(2) == 0}
	o.core, o.ledger = newCore(t, n)
	for i := range 4 + r.IntN(24) {
		from := r.IntN(trialSeconds / 2)
		d := pathcomp.Demand{
			From: pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name}, To: pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name},
			Kbps: [2]uint64{uint64(1 + r.IntN(300)), uint64(1 + r.IntN(300))}, Class: []string{"gold", "best"}[r.IntN(2)],
			BookingPermille: 1000, OverheadPermill: 50, Window: window(from, from+1+r.IntN(trialSeconds/2-1)),
		}
		if r.IntN(3) == 0 {
			d.MaxRTTMicros = 1 + r.Uint32N(4000)
		}
		owner := fmt.Sprint("s", i)
		a, refusal := o.search(d)
		if refusal != nil || len(a.Uses) == 0 {
			continue
		}
		o.book(t, owner, a)
		if r.IntN(4) == 0 {
			more := a
			more.Window = pathcomp.Window{From: a.Window.Until, Until: a.Window.Until.Add(time.Second)}
			if o.ledger.Reserve(owner, more) == nil {
				o.ledger.Settle(o.log.write(booking(owner, more)))
				d.Window.Until = more.Window.Until
			}
		}
		if r.IntN(2) == 0 { // has begun
			d.Window.From = d.Window.From.Add(d.Window.Until.Sub(d.Window.From) / 2).Truncate(time.Second)
		}
		o.claims = append(o.claims, pathcomp.Claim{Owner: owner, Demand: d, Rank: r.IntN(3), Since: clock().Add(time.Duration(r.IntN(3)) * time.Second)})
	}
	o.fail(t, r)
	return o
}

func (o *outage) book(t *testing.T, owner string, a pathcomp.Admission) {
	t.Helper()
	if err := o.ledger.Reserve(owner, a); err != nil {
		t.Fatalf("%s %+v: %v", owner, a, err)
	}
	o.ledger.Settle(o.log.write(booking(owner, a)))
}

func (o *outage) fail(t *testing.T, r *rand.Rand) {
	t.Helper()
	n := o.core.Network()
	var u pathcomp.Update
	if l := n.Links[r.IntN(len(n.Links))]; r.IntN(3) > 0 {
		l.Down = true
		u.Links = []topology.Link{l}
	} else {
		node := n.Nodes[r.IntN(len(n.Nodes))]
		node.Down, node.Maintenance = r.IntN(2) == 0, true
		u.Nodes = []topology.Node{node}
	}
	if err := o.core.Update(u); err != nil {
		t.Fatal(err)
	}
}

// hit says by the log who has a booking where something is down or drained.
func (o *outage) hit() []string {
	n := o.core.Network()
	dead := map[topology.ArcName]bool{}
	for _, l := range n.Links {
		a, _ := n.Node(l.A)
		z, _ := n.Node(l.Z)
		for d := range 2 {
			dead[topology.LinkArc(l.Name, d)] = l.Down || l.IGPMetric[d] == topology.MaxMetric ||
				a.Down || a.Maintenance || z.Down || z.Maintenance
		}
	}
	var owners []string
	for _, b := range o.log.live() {
		if slices.ContainsFunc(b.Uses, func(u pathcomp.Use) bool { return dead[u.Arc] }) {
			owners = append(owners, b.Owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// overbooked audits what the log says is held.
func (o *outage) overbooked() int64 {
	limits := map[string]audit.Limit{}
	for _, l := range o.core.Network().Links {
		for d := range 2 {
			limits[string(topology.LinkArc(l.Name, d))] = audit.Limit{Total: 800, Class: map[string]int64{"gold": 500}}
		}
	}
	total, gold := loads(o.log.live(), trialSeconds)
	var items []audit.Item
	for arc, kbps := range total {
		for s := range kbps {
			at := audit.Item{Arc: string(arc), From: int64(s), Until: int64(s) + 1}
			for class, most := range map[string]int64{"gold": gold[arc][s], "best": kbps[s] - gold[arc][s]} {
				at.Class, at.Kbps = class, most
				items = append(items, at)
			}
		}
	}
	return audit.Overbooked(items, limits)
}

// carryOut makes a move as the log does: what is new is durable before what was
// gives way.
func (o *outage) carryOut(t *testing.T, m pathcomp.Move) {
	t.Helper()
	o.book(t, m.Owner, m.Admission)
	if over := o.overbooked(); over > 0 {
		t.Fatalf("%+v: %d seconds are over-booked while both are held", m, over)
	}
	o.ledger.Settle(o.log.write(pathcomp.Booking{Owner: m.Owner, Release: true, Variant: m.Admission.Variant}))
	if over := o.overbooked(); over > 0 {
		t.Fatalf("%+v: %d seconds are over-booked after it", m, over)
	}
}

// has says, second by second, whether what an owner has is what an admission
// asks for.
func (o *outage) has(owner string, a pathcomp.Admission) bool {
	var own []pathcomp.Booking
	for _, b := range o.log.live() {
		if b.Owner == owner {
			own = append(own, b)
		}
	}
	have, _ := loads(own, trialSeconds)
	want, _ := loads([]pathcomp.Booking{booking(owner, a)}, trialSeconds)
	first, end := int(a.Window.From.Sub(clock()).Seconds()), int(a.Window.Until.Sub(clock()).Seconds())
	for _, l := range o.core.Network().Links {
		for d := range 2 {
			for s := first; s < end; s++ {
				if at := topology.LinkArc(l.Name, d); kbpsAt(have[at], s) != kbpsAt(want[at], s) {
					return false
				}
			}
		}
	}
	return true
}

// kbpsAt is what is taken in a second, where anything ever is.
func kbpsAt(kbps []int64, second int) int64 {
	if kbps == nil {
		return 0
	}
	return kbps[second]
}

// TestRepairCanBeCarriedOut plans and does as planned, step by step, beside a
// model that does one claim after the other on the ledger itself.
func TestRepairCanBeCarriedOut(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	var moves, stays, refusals, shared int
	for range 250 {
		o := newOutage(t, r)
		affected := o.core.Affected()
		if diff := gocmp.Diff(o.hit(), affected); diff != "" {
			t.Fatalf("affected (-log +core):\n%s", diff)
		}
		if r.IntN(3) > 0 { // else all are looked at
			o.claims = slices.DeleteFunc(o.claims, func(c pathcomp.Claim) bool { return !slices.Contains(affected, c.Owner) })
		}
		r.Shuffle(len(o.claims), func(i, j int) { o.claims[i], o.claims[j] = o.claims[j], o.claims[i] })
		given := slices.Clone(o.claims)
		plan := o.core.Repair(o.claims, o.steered)
		if diff := gocmp.Diff(given, o.claims); diff != "" || len(plan) != len(given) {
			t.Fatalf("%d claims, %d moves; claims (-before +after):\n%s", len(given), len(plan), diff)
		}
		left := slices.Clone(o.claims)
		slices.SortFunc(left, func(x, y pathcomp.Claim) int {
			return cmp.Or(cmp.Compare(x.Rank, y.Rank), x.Since.Compare(y.Since), cmp.Compare(x.Owner, y.Owner))
		})
		var waiting []pathcomp.Claim
		for rank, again := 0, true; rank < 3; {
			if again {
				waiting = append(waiting, slices.DeleteFunc(slices.Clone(left), func(c pathcomp.Claim) bool { return c.Rank != rank })...)
			}
			var refused []pathcomp.Claim
			again = true // with the next rank, if nothing moves
			for _, c := range waiting {
				d := c.Demand
				d.Instead = c.Owner
				want, refusal := o.search(d)
				if refusal != nil {
					refused = append(refused, c)
					continue
				}
				m := plan[0]
				plan = plan[1:]
				if m.Owner != c.Owner || m.Refusal != nil || m.Stays != o.has(c.Owner, want) {
					t.Fatalf("got %+v, want %s to stay: %v, or to have %+v", m, c.Owner, o.has(c.Owner, want), want)
				}
				if m.Stays {
					stays++
					continue
				}
				want.Variant = m.Admission.Variant
				if diff := gocmp.Diff(want, m.Admission); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", c.Owner, diff)
				}
				if slices.ContainsFunc(o.ledger.Bookings(c.Owner)[0].Uses, func(u pathcomp.Use) bool {
					return slices.ContainsFunc(want.Uses, func(v pathcomp.Use) bool { return u.Arc == v.Arc })
				}) {
					shared++
				}
				moves++
				again = false
				o.carryOut(t, m)
			}
			if waiting = refused; again {
				rank++
			}
		}
		for i, c := range waiting {
			if plan[i].Owner != c.Owner || plan[i].Refusal == nil {
				t.Fatalf("got %+v, want a refusal of %s", plan[i], c.Owner)
			}
			refusals++
		}
	}
	if min(moves, stays, refusals, shared) < 40 {
		t.Errorf("%d moves (%d over some of the same links), %d stay, %d refused: too few to tell", moves, shared, stays, refusals)
	}
}

// TestRepairLooksAgain has the first claim wait for the room that the second
// leaves, and the third in vain.
func TestRepairLooksAgain(t *testing.T) {
	t.Parallel()
	n := &topology.Network{Revision: 1, AS: 65000}
	for _, name := range []topology.NodeName{"a", "b", "c", "d"} {
		n.Nodes = append(n.Nodes, topology.Node{Name: name, Role: topology.PE})
	}
	n.Links = []topology.Link{
		link("ab1", "a", "b", 1000, 10, 1), link("ab2", "a", "b", 1000, 10, 2), link("bc", "b", "c", 1000, 10, 1),
		link("ad", "a", "d", 1000, 10, 10), link("dc", "d", "c", 1000, 10, 10),
	}
	core, ledger := newCore(t, n)
	claim := func(owner string, to topology.NodeName, rank int) pathcomp.Claim {
		return pathcomp.Claim{Owner: owner, Rank: rank, Demand: pathcomp.Demand{
			From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: to}, Kbps: [2]uint64{600, 600}, BookingPermille: 1000, Window: window(0, 10),
		}}
	}
	claims := []pathcomp.Claim{claim("first", "b", 0), claim("second", "c", 1)}
	for _, c := range claims {
		a, refusal := core.Steer(c.Demand)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if err := ledger.Reserve(c.Owner, a); err != nil {
			t.Fatal(err)
		}
	}
	n.Links[0].Down, n.Links[2].Down = true, true
	if err := core.Update(pathcomp.Update{Links: []topology.Link{n.Links[0], n.Links[2]}}); err != nil {
		t.Fatal(err)
	}
	var got [][]topology.ArcName
	for _, m := range core.Repair(append(claims, claim("third", "b", 2)), true) {
		got = append(got, append([]topology.ArcName{topology.ArcName(m.Owner)}, m.Admission.Links[0]...))
	}
	want := [][]topology.ArcName{{"second", "link:ad>", "link:dc>"}, {"first", "link:ab2>"}, {"third"}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
