// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// told is all that a core says of its network and bookings.
type told struct {
	Profiles   map[topology.ArcName][2][]pathcomp.Step // of all and of gold
	Owners     map[topology.ArcName][]string
	Bookings   map[string][]pathcomp.Booking
	Excesses   []pathcomp.Excess
	Affected   []string
	Admissions []pathcomp.Admission
	Refusals   []*pathcomp.Refusal
}

const trialSeconds = 40

// tell asks a core all there is, of some owners.
func tell(core *pathcomp.Core, owners []string) told {
	n, ledger := core.Network(), core.Ledger()
	out := told{Profiles: map[topology.ArcName][2][]pathcomp.Step{}, Owners: map[topology.ArcName][]string{}, Bookings: map[string][]pathcomp.Booking{}}
	until := clock().Add(trialSeconds * time.Second)
	for _, l := range n.Links {
		for d := range 2 {
			arc := topology.LinkArc(l.Name, d)
			out.Profiles[arc] = [2][]pathcomp.Step{ledger.Profile(arc, clock(), until), ledger.ClassProfile(arc, "gold", clock(), until)}
			out.Owners[arc] = ledger.OwnersOn(arc)
		}
	}
	for k, from := range n.Nodes[:min(2, len(n.Nodes))] {
		to := n.Nodes[(k+1)%len(n.Nodes)]
		d := pathcomp.Demand{
			From: pathcomp.Terminal{Node: from.Name}, To: pathcomp.Terminal{Node: to.Name}, Kbps: [2]uint64{300, 200},
			Class: []string{"gold", "best"}[k%2], BookingPermille: 1000, Window: window(k, 2*k+10), Instead: owners[k%len(owners)],
		}
		for _, search := range []func(pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal){core.Search, core.Steer} {
			a, refusal := search(d)
			out.Admissions, out.Refusals = append(out.Admissions, a), append(out.Refusals, refusal)
		}
	}
	for _, owner := range owners {
		out.Bookings[owner] = ledger.Bookings(owner)
	}
	out.Excesses, out.Affected = ledger.Excesses(), core.Affected()
	return out
}

// differ compares what two cores say. Serial numbers are their own.
func differ(a, b told) string {
	return cmp.Diff(a, b, cmpopts.IgnoreFields(pathcomp.Admission{}, "Snapshot"), cmpopts.EquateEmpty())
}

// TestForkAgainstFreshCore does to a fork whatever can be done, and the same to a
// core of its own. They say the same, and what was forked says what it said.
func TestForkAgainstFreshCore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newForkMachine(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"reserve": m.reserve, "settle": m.settle, "release": m.release, "withdraw": m.withdraw,
			"update": m.update, "swap": m.swap, "fork": m.fork, "ask": m.ask, "compare": m.compare,
		})
		m.compare(rt)
		for i, parent := range m.parents {
			if diff := differ(m.before[i], tell(parent, m.owners)); diff != "" {
				rt.Fatalf("generation %d has changed (-before +after):\n%s", i, diff)
			}
		}
	})
}

type forkMachine struct {
	owners  []string
	parents []*pathcomp.Core
	before  []told // by parents
	tried   *pathcomp.Core
	fresh   *pathcomp.Core
	seq     uint64
	pending map[string][]pathcomp.Booking
}

func newForkMachine(t *rapid.T) *forkMachine {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "network"), 1))
	n := randomNetwork(r, 6)
	for i := range n.Links {
		if r.IntN(2) == 0 {
			n.Links[i].Reservable = topology.Shares{All: 900, ByClass: map[string]uint32{"gold": 500}}
		}
	}
	m := &forkMachine{owners: []string{"a", "b", "c", "d"}, pending: map[string][]pathcomp.Booking{}}
	for _, core := range []**pathcomp.Core{&m.tried, &m.fresh} {
		ledger := pathcomp.NewLedger(clock)
		made, err := pathcomp.NewCore(n, ledger, clock)
		if err != nil {
			t.Fatal(err)
		}
		*core = made
	}
	for range rapid.IntRange(0, 12).Draw(t, "before") {
		m.reserve(t)
		if rapid.Bool().Draw(t, "durable") {
			m.settle(t)
		}
	}
	m.fork(t)
	return m
}

// fork goes on with a fork of what was tried out on.
func (m *forkMachine) fork(t *rapid.T) {
	if len(m.parents) == 3 {
		return
	}
	if rapid.Bool().Draw(t, "unasked") { // a fork that has borrowed nothing
		m.parents, m.before = append(m.parents, m.tried), append(m.before, tell(m.fresh, m.owners))
	} else {
		m.parents, m.before = append(m.parents, m.tried), append(m.before, tell(m.tried, m.owners))
	}
	m.tried = m.tried.Fork()
}

// both does something on both cores, which answer the same.
func (m *forkMachine) both(t *rapid.T, what string, do func(*pathcomp.Core) error) bool {
	tried, fresh := do(m.tried), do(m.fresh)
	if (tried == nil) != (fresh == nil) {
		t.Fatalf("%s: on the fork %v, on a fresh core %v", what, tried, fresh)
	}
	return tried == nil
}

func (m *forkMachine) reserve(t *rapid.T) {
	links := m.tried.Network().Links
	if len(links) == 0 {
		return
	}
	from := rapid.IntRange(0, trialSeconds-2).Draw(t, "from")
	a := pathcomp.Admission{
		Class: rapid.SampledFrom([]string{"gold", "best"}).Draw(t, "class"), Variant: rapid.Uint32Range(0, 2).Draw(t, "variant"),
		Window: window(from, rapid.IntRange(from+1, trialSeconds-1).Draw(t, "until")),
	}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(links)-1), 1, min(3, len(links)), rapid.ID).Draw(t, "links") {
		d := rapid.IntRange(0, 1).Draw(t, "direction")
		a.Uses = append(a.Uses, pathcomp.Use{Arc: topology.LinkArc(links[i].Name, d), Kbps: rapid.Uint64Range(1, 500).Draw(t, "kbps")})
	}
	owner := rapid.SampledFrom(m.owners).Draw(t, "owner")
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		a.Replaces = owner
		owner = rapid.SampledFrom(m.owners).Draw(t, "successor")
	}
	if m.both(t, "reserve", func(c *pathcomp.Core) error { return c.Ledger().Reserve(owner, a) }) {
		m.pending[owner] = append(m.pending[owner], booking(owner, a))
	}
}

// settle makes durable what some owner has pending.
func (m *forkMachine) settle(t *rapid.T) {
	owner := rapid.SampledFrom(m.owners).Draw(t, "owner")
	for _, b := range m.pending[owner] {
		m.enter(t, b)
	}
	delete(m.pending, owner)
}

func (m *forkMachine) enter(t *rapid.T, b pathcomp.Booking) {
	m.seq++
	b.Seq = m.seq
	if rapid.Bool().Draw(t, "settled") {
		m.both(t, "settle", func(c *pathcomp.Core) error { c.Ledger().Settle([]pathcomp.Booking{b}); return nil })
		return
	}
	if !m.both(t, "catch up", func(c *pathcomp.Core) error { return c.Ledger().CatchUp([]pathcomp.Booking{b}) }) {
		t.Fatalf("%+v was not entered", b)
	}
}

func (m *forkMachine) release(t *rapid.T) {
	owner := rapid.SampledFrom(m.owners).Draw(t, "owner")
	m.enter(t, pathcomp.Booking{Owner: owner, Release: true, Variant: rapid.SampledFrom([]uint32{1, 2, pathcomp.EveryVariant}).Draw(t, "below")})
}

func (m *forkMachine) withdraw(t *rapid.T) {
	owner := rapid.SampledFrom(m.owners).Draw(t, "owner")
	delete(m.pending, owner)
	m.both(t, "withdraw", func(c *pathcomp.Core) error { c.Ledger().Withdraw(owner); return nil })
}

// update fails, mends, shrinks or widens a link, or drains or fails a node.
func (m *forkMachine) update(t *rapid.T) {
	n := m.tried.Network()
	var u pathcomp.Update
	if len(n.Links) > 0 && rapid.Bool().Draw(t, "link") {
		l := rapid.SampledFrom(n.Links).Draw(t, "which")
		l.Down = rapid.Bool().Draw(t, "down")
		l.Kbps[0] = rapid.SampledFrom([]uint64{300, 1000, 10_000}).Draw(t, "kbps")
		u.Links = []topology.Link{l}
	} else {
		node := rapid.SampledFrom(n.Nodes).Draw(t, "node")
		node.Down, node.Maintenance = rapid.Bool().Draw(t, "down"), rapid.Bool().Draw(t, "maintenance")
		u.Nodes = []topology.Node{node}
	}
	m.both(t, "update", func(c *pathcomp.Core) error { return c.Update(u) })
}

// swap takes a link away, which gives others new numbers.
func (m *forkMachine) swap(t *rapid.T) {
	n := *m.tried.Network()
	if len(n.Links) == 0 || rapid.IntRange(0, 2).Draw(t, "seldom") > 0 {
		return
	}
	i := rapid.IntRange(0, len(n.Links)-1).Draw(t, "link")
	n.Links = slices.Delete(slices.Clone(n.Links), i, i+1)
	n.Revision++
	m.both(t, "swap", func(c *pathcomp.Core) error { return c.Swap(&n) })
}

// ask asks for one thing, so that only this is copied.
func (m *forkMachine) ask(t *rapid.T) {
	owner := rapid.SampledFrom(m.owners).Draw(t, "owner")
	if diff := cmp.Diff(m.fresh.Ledger().Bookings(owner), m.tried.Ledger().Bookings(owner)); diff != "" {
		t.Fatalf("bookings of %s (-fresh +fork):\n%s", owner, diff)
	}
}

func (m *forkMachine) compare(t *rapid.T) {
	if diff := differ(tell(m.fresh, m.owners), tell(m.tried, m.owners)); diff != "" {
		t.Fatalf("-fresh +fork:\n%s", diff)
	}
}

// TestForkWhileItsBaseIsUsed forks, moves and releases on the forks while others
// book and update in the base. No calendar of a fork ever shows less than
// nothing, which would be room that is not there.
func TestForkWhileItsBaseIsUsed(t *testing.T) {
	t.Parallel()
	const workers, rounds = 2, 150
	core, ledger := newCore(t, square())
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range rounds {
				owner := fmt.Sprintf("%d-%d", w, i%8)
				if a, refusal := core.Steer(demand(uint64(1 + i%90))); refusal == nil && i%3 > 0 {
					a.Variant = uint32(i % 2)
					if err := ledger.Reserve(owner, a); err != nil && !errors.Is(err, pathcomp.ErrStale) && !errors.Is(err, pathcomp.ErrNoRoom) {
						t.Error(err)
					}
				} else {
					ledger.Withdraw(owner)
				}
				l := core.Network().Links[i%4]
				l.Down = i%7 == 0
				if err := core.Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range rounds {
		fork := core.Fork()
		l := fork.Network().Links[i%4]
		l.Down = true
		if err := fork.Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
			t.Error(err)
		}
		var claims []pathcomp.Claim
		for _, owner := range fork.Affected() {
			claims = append(claims, pathcomp.Claim{Owner: owner, Demand: demand(10)})
		}
		fork.Repair(claims, true)
		child := fork.Fork()
		for _, c := range claims {
			child.Ledger().Withdraw(c.Owner)
		}
		for _, l := range fork.Network().Links {
			for _, s := range child.Ledger().Profile(topology.LinkArc(l.Name, 0), clock(), clock().Add(time.Hour)) {
				if s.Kbps < 0 {
					t.Fatalf("link %s: %d kbit/s at %v", l.Name, s.Kbps, s.From)
				}
			}
		}
	}
	group.Wait()
	for w := range workers {
		for i := range 8 {
			ledger.Withdraw(fmt.Sprintf("%d-%d", w, i))
		}
	}
	for _, l := range core.Network().Links {
		if p := ledger.Profile(topology.LinkArc(l.Name, 0), clock(), clock().Add(time.Hour)); len(p) != 1 || p[0].Kbps != 0 {
			t.Errorf("link %s: %v is left in the base", l.Name, p)
		}
	}
}

// Moves that are tried on a fork leave what they leave, and make room for others.
func TestTry(t *testing.T) {
	t.Parallel()
	core, session := triangle()
	if err := core.Try("x", pathcomp.Admission{}); err == nil {
		t.Error("tried on what is no fork")
	}
	before := tell(core, []string{session.Owner})
	fork := core.Fork()
	link := fork.Network().Links[0]
	link.Down = true
	if err := fork.Update(pathcomp.Update{Links: []topology.Link{link}}); err != nil {
		t.Fatal(err)
	}
	for _, move := range fork.Repair([]pathcomp.Claim{session}, true) {
		if err := fork.Try(move.Owner, move.Admission); err != nil {
			t.Fatal(err)
		}
	}
	for arc, want := range map[topology.ArcName]int64{"link:paris-lyon>": 0, "link:paris-metz>": 6_000_000, "link:metz-lyon>": 6_000_000} {
		if got := fork.Ledger().Profile(arc, session.Demand.Window.From, session.Demand.Window.Until); got[0].Kbps != want {
			t.Errorf("%s: %+v, want %d", arc, got, want)
		}
	}
	other := session.Demand
	other.Kbps = [2]uint64{2_000_001, 0}
	if _, refusal := fork.Steer(other); refusal == nil || refusal.Cause != pathcomp.Bandwidth {
		t.Errorf("beside what moved: %v", refusal)
	}
	if diff := differ(before, tell(core, []string{session.Owner})); diff != "" {
		t.Errorf("what was forked has changed (-before +after):\n%s", diff)
	}
}
