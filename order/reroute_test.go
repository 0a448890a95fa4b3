// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// openSquare sells on two ways, at level A and at AA, which goes before it.
func openSquare(t *testing.T) *shop {
	t.Helper()
	at := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	return openOn(t, testnet.Square(), func(d *order.Directory) {
		better := d.Catalogue.Levels[0]
		better.Name = session.LevelAA
		d.Catalogue.Levels = append(d.Catalogue.Levels, better)
	}, func() time.Time { return at })
}

// sold orders from a site to the cloud of the same number.
func (s *shop) sold(t *testing.T, site int, level session.LevelName, kbps uint64) session.Session {
	t.Helper()
	o := wish(site, site)
	o.Level, o.Rate = level, session.Rate{Forward: kbps, Reverse: kbps}
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// inPhase takes a session through the phases as provision would.
func (s *shop) inPhase(t *testing.T, one session.Session, phases ...session.Phase) session.Session {
	t.Helper()
	for _, p := range phases {
		one.Phase = p
		if p == session.Active {
			one.Status, one.StartedAt, one.ExpiresAt = session.Activated, s.now(), s.now().Add(one.Duration)
		}
		var err error
		if one, err = s.store.Advance(t.Context(), order.Step{Session: one, Due: s.now()}, s.ledger); err != nil {
			t.Fatal(err)
		}
	}
	return one
}

func (s *shop) active(t *testing.T, one session.Session) session.Session {
	t.Helper()
	return s.inPhase(t, one, session.Applying, session.Verifying, session.Active)
}

// tell changes what a core knows of links and nodes.
func tell(t *testing.T, core *pathcomp.Core, u pathcomp.Update) {
	t.Helper()
	if err := core.Update(u); err != nil {
		t.Fatal(err)
	}
}

// link is a link of the square as it is when it is down, or up.
func link(t *testing.T, name string, down bool) pathcomp.Update {
	t.Helper()
	l, ok := testnet.Square().Link(name)
	if !ok {
		t.Fatalf("no link %s", name)
	}
	is := *l
	is.Down = down
	return pathcomp.Update{Links: []topology.Link{is}}
}

func (s *shop) stored(t *testing.T, id session.ID) session.Session {
	t.Helper()
	one, err := s.store.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// load is what is reserved on a link now, A to Z and Z to A.
func (s *shop) load(name string) [2]int64 {
	var out [2]int64
	for d := range out {
		for _, step := range s.ledger.Profile(topology.LinkArc(name, d), s.now(), s.now().Add(time.Second)) {
			out[d] = step.Kbps
		}
	}
	return out
}

func both(kbps int64) [2]int64 { return [2]int64{kbps, kbps} }

func (s *shop) reroute(t *testing.T) []order.Rerouted {
	t.Helper()
	done, err := s.Reroute(t.Context(), s.core, "c-2")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestActiveSessionMovesMakeBeforeBreak(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	tell(t, s.core, link(t, "p1-pe2", true))

	want := []order.Rerouted{{
		Session: one.ID, Tenant: "acme", Level: session.LevelA, Outcome: order.Moves,
		Was: []topology.NodeName{"pe1", "p1", "pe2"}, Is: []topology.NodeName{"pe1", "p2", "pe2"}, RTT: 8000,
	}}
	plan, err := s.PlanReroute(t.Context(), s.core)
	if diff := cmp.Diff(want, plan); err != nil || diff != "" {
		t.Fatalf("planned %v (-want +got):\n%s", err, diff)
	}
	if got := s.stored(t, one.ID); got.Version != one.Version || s.load("pe1-p2") != both(0) {
		t.Errorf("a plan changed %+v, %v", got, s.load("pe1-p2"))
	}
	s.woken = nil
	if diff := cmp.Diff(want, s.reroute(t)); diff != "" {
		t.Fatalf("done (-want +got):\n%s", diff)
	}
	got := s.stored(t, one.ID)
	if got.Phase != session.Modifying || got.Status != session.Activated || got.Route.Variant != 1 || got.Route.RTTMicros != 8000 ||
		got.Route.Forward != session.NodesOf(want[0].Is) || !got.Route.Until.Equal(one.Route.Until) || !slices.Contains(s.woken, one.ID) {
		t.Errorf("moved: %+v, woken %v", got, s.woken)
	}
	// Both ways at once, and where they share an arc the larger and not the sum.
	for name, want := range map[string][2]int64{"pe1-p1": both(10_000), "p1-pe2": both(10_000), "pe1-p2": both(10_000), "p2-pe2": both(10_000)} {
		if got := s.load(name); got != want {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
	port := topology.AccessArc(topology.PortAccess("pe1", "eth1"), 0)
	if p := s.ledger.Profile(port, s.now(), s.now().Add(time.Second)); len(p) != 1 || p[0].Kbps != 10_000 {
		t.Errorf("the port has %+v", p)
	}
	events, err := s.store.Timeline(t.Context(), one.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := events[len(events)-1]; last.Correlator != "c-2" || last.Notify || !strings.Contains(last.Cause, "fault") {
		t.Errorf("event %+v", last)
	}
}

// A session that is moved again before its devices are as they shall be keeps
// all ways that it has.
func TestModifyingSessionMovesOn(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	tell(t, s.core, link(t, "p1-pe2", true))
	s.reroute(t)
	tell(t, s.core, link(t, "p1-pe2", false))
	tell(t, s.core, link(t, "p2-pe2", true))
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves || done[0].RTT != 4000 {
		t.Fatalf("done %+v", done)
	}
	got := s.stored(t, one.ID)
	if got.Phase != session.Modifying || got.Route.Variant != 2 {
		t.Errorf("moved again: %+v", got)
	}
	for _, name := range []string{"p1-pe2", "p2-pe2"} {
		if got := s.load(name); got != both(10_000) {
			t.Errorf("%s has %v", name, got)
		}
	}
	got.Phase = session.Active
	if _, err := s.store.Advance(t.Context(), order.Step{Session: got, ReleaseBelow: got.Route.Variant}, s.ledger); err != nil {
		t.Fatal(err)
	}
	if s.load("p1-pe2") != both(10_000) || s.load("p2-pe2") != both(0) {
		t.Errorf("in the end %v by p1 and %v by p2", s.load("p1-pe2"), s.load("p2-pe2"))
	}
}

// A daemon that starts while a session has two ways sees what the one before saw,
// and a session that ends meanwhile gives both back.
func TestMovingSessionSurvivesAndEnds(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	tell(t, s.core, link(t, "p1-pe2", true))
	s.reroute(t)
	fresh := pathcomp.NewLedger(s.now)
	if err := s.store.LoadBookings(t.Context(), fresh.Load); err != nil {
		t.Fatal(err)
	}
	for _, u := range s.uses(t, one) {
		from, until := s.now(), one.Route.Until
		if diff := cmp.Diff(fresh.Profile(u.Arc, from, until), s.ledger.Profile(u.Arc, from, until)); diff != "" {
			t.Errorf("%s (-stored +ledger):\n%s", u.Arc, diff)
		}
	}
	s.release(t, s.stored(t, one.ID))
	s.nothingReserved(t)
	if got := s.load("p1-pe2")[0] + s.load("p2-pe2")[0]; got != 0 {
		t.Errorf("%d kbit/s left", got)
	}
}

func TestSessionNotYetInServiceMovesAtOnce(t *testing.T) {
	t.Parallel()
	for name, phases := range map[string][]session.Phase{
		"admitted": nil, "applying": {session.Applying}, "in doubt": {session.Applying, session.InDoubt}, "verifying": {session.Applying, session.Verifying},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			one := s.inPhase(t, s.sold(t, 1, session.LevelA, 10_000), phases...)
			tell(t, s.core, link(t, "p1-pe2", true))
			if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves {
				t.Fatalf("done %+v", done)
			}
			if got := s.stored(t, one.ID); got.Phase != one.Phase || got.Route.Variant != 1 {
				t.Errorf("moved: %+v", got)
			}
			if s.load("p1-pe2") != both(0) || s.load("p2-pe2") != both(10_000) {
				t.Errorf("%v by p1 and %v by p2", s.load("p1-pe2"), s.load("p2-pe2"))
			}
		})
	}
}

func TestHoldsAndEndingSessionsAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	ending := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	if _, err := s.Delete(t.Context(), as("acme"), ending.ID, nil); err != nil {
		t.Fatal(err)
	}
	hold := pathcomp.Admission{
		Class: "assured", Window: pathcomp.Window{From: s.now(), Until: s.now().Add(time.Hour)},
		Uses: []pathcomp.Use{{Arc: topology.LinkArc("p1-pe2", 0), Kbps: 1000}},
	}
	err := s.store.Hold(t.Context(), order.Hold{
		ID: "h", Tenant: "acme", Expires: s.now().Add(time.Hour), Alternatives: []pathcomp.Admission{hold},
		Validate: func([]order.Hold) error { return nil },
	}, s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, s.core, link(t, "p1-pe2", true))
	if got := s.core.Affected(); len(got) != 2 {
		t.Fatalf("affected are %v", got)
	}
	before := s.load("p1-pe2")
	if done := s.reroute(t); len(done) != 0 {
		t.Errorf("done %+v", done)
	}
	if got := s.load("p1-pe2"); got != before || got[0] != 11_000 {
		t.Errorf("reserved %v, before %v", got, before)
	}
}

// Room for one of two: the better level has it, whoever came first. The other
// keeps what it has and says why.
func TestScarceRoomGoesByLevel(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	low := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
	high := s.active(t, s.sold(t, 2, session.LevelAA, 50_000))
	n := testnet.Square()
	for i := range n.Links[2:] {
		n.Links[2+i].Kbps = [2]uint64{60_000, 60_000}
	}
	n.Links[0].Down = true // pe1-p1
	tell(t, s.core, pathcomp.Update{Links: n.Links})
	done := s.reroute(t)
	want := []order.Rerouted{
		{Session: high.ID, Tenant: "acme", Level: session.LevelAA, Outcome: order.Moves, Was: high.Route.Forward.List(), Is: []topology.NodeName{"pe1", "p2", "pe2"}, RTT: 8000},
		{
			Session: low.ID, Tenant: "acme", Level: session.LevelA, Outcome: order.NoWay, Was: low.Route.Forward.List(), Cause: pathcomp.Bandwidth,
			Reason: "bandwidth: link:p2-pe2<, link:p2-pe2>, link:pe1-p2<, link:pe1-p2>",
		},
	}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got := s.stored(t, low.ID); got.Phase != session.Active || got.Version != low.Version || s.load("p1-pe2") != both(90_000) {
		t.Errorf("refused: %+v, %v reserved", got, s.load("p1-pe2"))
	}
}

// Routers take traffic back when a link is up again: so do reservations.
func TestReservationsFollowTrafficBack(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	tell(t, s.core, link(t, "p1-pe2", true))
	s.reroute(t)
	moved := s.stored(t, one.ID)
	moved.Phase = session.Active
	if _, err := s.store.Advance(t.Context(), order.Step{Session: moved, ReleaseBelow: moved.Route.Variant}, s.ledger); err != nil {
		t.Fatal(err)
	}
	if done := s.reroute(t); len(done) != 0 {
		t.Errorf("while it is down: %+v", done)
	}
	tell(t, s.core, link(t, "p1-pe2", false))
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves || !slices.Equal(done[0].Is, one.Route.Forward.List()) {
		t.Errorf("when it is up again: %+v", done)
	}
}

// An arc that the inventory has no more is no reason to keep what is booked on it.
func TestSessionsLeaveArcsThatAreGone(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.sold(t, 1, session.LevelA, 10_000)
	n := testnet.Square()
	n.Links = slices.DeleteFunc(n.Links, func(l topology.Link) bool { return l.Name == "p1-pe2" })
	if err := s.core.Swap(n); err != nil {
		t.Fatal(err)
	}
	if done := s.reroute(t); len(done) != 1 || done[0].Session != one.ID || done[0].Outcome != order.Moves {
		t.Errorf("done %+v", done)
	}
	if s.load("p1-pe2") != both(0) || s.load("p2-pe2") != both(10_000) {
		t.Errorf("%v by p1 and %v by p2", s.load("p1-pe2"), s.load("p2-pe2"))
	}
}

// What was sold stays sold: neither a bound that was tightened nor a rate that is
// booked otherwise today moves a session that the network takes where it is.
func TestCatalogueMovesNobody(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	s.sold(t, 1, session.LevelA, 10_000)
	d := testnet.Directory()
	d.Catalogue.Levels[0].MaxRTTMicros, d.Catalogue.Levels[0].BookingPermille = 3000, 1100
	s.Reload(d)
	if done := s.reroute(t); len(done) != 0 {
		t.Errorf("done %+v", done)
	}
}

// lossy is the square with packets lost on the links at pe2: more by p2.
func lossy(p1, p2 uint32) pathcomp.Update {
	var u pathcomp.Update
	for name, ppm := range map[string]uint32{"p1-pe2": p1, "p2-pe2": p2} {
		l, _ := testnet.Square().Link(name)
		is := *l
		is.LossPPM = [2]uint32{ppm, 0}
		u.Links = append(u.Links, is)
	}
	return u
}

// A session keeps the loss that it was sold with: a bound that was tightened since
// leaves it where it is and where the network takes it, up to that loss.
func TestSessionKeepsTheLossItWasSoldWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		bound   uint32 // of the level now
		sold    bool   // the loss is known
		after   pathcomp.Update
		outcome order.RerouteOutcome
	}{
		{"as it was", 1000, true, lossy(500, 500), ""},
		{"tightened", 10, true, lossy(500, 500), ""},
		{"tightened, and it loses less", 10, true, lossy(100, 500), ""},
		{"tightened, and it loses more", 10, true, lossy(600, 500), order.NoWay},
		{"it loses more, within the bound", 1000, true, lossy(600, 500), ""},
		{"it loses more than the bound", 1000, true, lossy(1100, 500), order.NoWay},
		{"stored without its loss", 10, false, lossy(500, 500), order.NoWay},
		{"stored without its loss, within the bound", 1000, false, lossy(500, 500), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			level := func(ppm uint32) *order.Directory {
				d := testnet.Directory()
				d.Catalogue.Levels[0].MaxLossPPM = ppm
				return d
			}
			s.Reload(level(1000))
			tell(t, s.core, lossy(500, 500))
			one := s.sold(t, 1, session.LevelA, 10_000)
			if one.Route.LossPPM < 500 || one.Route.LossPPM > 501 {
				t.Errorf("sold with a loss of %d", one.Route.LossPPM)
			}
			if !c.sold {
				one.Route.LossPPM = 0
				if _, err := s.store.Advance(t.Context(), order.Step{Session: one, Due: s.now()}, s.ledger); err != nil {
					t.Fatal(err)
				}
			}
			s.Reload(level(c.bound))
			tell(t, s.core, c.after)
			done := s.reroute(t)
			switch {
			case c.outcome == "" && len(done) != 0:
				t.Errorf("done %+v", done)
			case c.outcome != "" && (len(done) != 1 || done[0].Outcome != c.outcome || done[0].Cause != pathcomp.Loss):
				t.Errorf("done %+v, want %s", done, c.outcome)
			}
		})
	}
}

// One that moves has the loss of its new way from then on.
func TestLossMovesWithTheSession(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	d := testnet.Directory()
	d.Catalogue.Levels[0].MaxLossPPM = 1000
	s.Reload(d)
	tell(t, s.core, lossy(500, 100))
	one := s.sold(t, 1, session.LevelA, 10_000)
	tell(t, s.core, link(t, "pe1-p1", true))
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves {
		t.Errorf("done %+v", done)
	}
	if got := s.stored(t, one.ID).Route.LossPPM; got < 100 || got > 101 {
		t.Errorf("moved to a loss of %d", got)
	}
}

// Of a protected session the way counts that loses more.
func TestProtectedSessionKeepsTheLossItWasSoldWith(t *testing.T) {
	t.Parallel()
	s := openTwin(t, func(n *topology.Network) { n.Links[1].LossPPM = [2]uint32{400, 400} })
	s.soldProtected(t, 20_000)
	d := testnet.TwinDirectory()
	d.Catalogue.Levels[0].MaxLossPPM = 10
	s.Reload(d)
	if done := s.reroute(t); len(done) != 0 {
		t.Errorf("done %+v", done)
	}
}

// Another level is asked for as it is sold today.
func TestNewLevelBringsItsOwnLoss(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	tell(t, s.core, lossy(500, 500))
	one := s.sold(t, 1, session.LevelA, 10_000)
	d := testnet.Directory()
	better := d.Catalogue.Levels[0]
	better.Name, better.MaxLossPPM = session.LevelAA, 10
	d.Catalogue.Levels = append(d.Catalogue.Levels, better)
	s.Reload(d)
	if _, _, err := s.Modify(t.Context(), as("acme"), one.ID, toLevel(session.LevelAA)); session.CodeOf(err) != session.NoResources {
		t.Errorf("changed to a level that loses less: %v", err)
	}
}

func TestLevelNoLongerSoldIsToldAndLeft(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.sold(t, 1, session.LevelAA, 10_000)
	tell(t, s.core, link(t, "p1-pe2", true))
	s.Reload(testnet.Directory())
	if done := s.reroute(t); len(done) != 1 || done[0].Session != one.ID || done[0].Outcome != order.NoWay || !strings.Contains(done[0].Reason, "no longer sold") {
		t.Errorf("done %+v", done)
	}
}

// planner lets something happen between a plan and what is done.
type planner struct {
	*pathcomp.Core
	then func()
}

func (p planner) Repair(claims []pathcomp.Claim, steered bool) []pathcomp.Move {
	plan := p.Core.Repair(claims, steered)
	p.then()
	return plan
}

func TestWhatChangesMeanwhileFails(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *shop, one session.Session) error{
		"the session": func(s *shop, one session.Session) error {
			_, _, err := s.Extend(context.Background(), as("acme"), one.ID, order.Extension{By: time.Minute})
			return err
		},
		"the network": func(s *shop, _ session.Session) error {
			l, _ := testnet.Square().Link("p2-pe2")
			is := *l
			is.Kbps[0]++
			return s.core.Update(pathcomp.Update{Links: []topology.Link{is}})
		},
		"the room": func(s *shop, _ session.Session) error {
			return s.ledger.Reserve("other", pathcomp.Admission{
				Class: "assured", Window: pathcomp.Window{From: s.now(), Until: s.now().Add(time.Minute)},
				Uses: []pathcomp.Use{{Arc: topology.LinkArc("p2-pe2", 0), Kbps: 95_000}},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
			tell(t, s.core, link(t, "p1-pe2", true))
			var failure error
			done, err := s.Reroute(t.Context(), planner{s.core, func() { failure = change(s, one) }}, "c-2")
			if err = errors.Join(err, failure); err != nil {
				t.Fatal(err)
			}
			if len(done) != 1 || done[0].Outcome != order.Failed || done[0].Reason == "" || done[0].Is != nil {
				t.Errorf("done %+v", done)
			}
			if got := s.stored(t, one.ID); got.Phase != session.Active || got.Route.Variant != 0 {
				t.Errorf("it has become %+v", got)
			}
		})
	}
}

func TestWhatIfOnAForkChangesNothing(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	fork := s.core.Fork()
	tell(t, fork, link(t, "p1-pe2", true))
	plan, err := s.PlanReroute(t.Context(), fork)
	if err != nil || len(plan) != 1 || plan[0].Outcome != order.Moves {
		t.Fatalf("planned %+v, %v", plan, err)
	}
	if now, err := s.PlanReroute(t.Context(), s.core); err != nil || len(now) != 0 {
		t.Errorf("without what if: %+v, %v", now, err)
	}
	tell(t, s.core, link(t, "p1-pe2", true))
	if diff := cmp.Diff(plan, s.reroute(t)); diff != "" {
		t.Errorf("done is not what was planned (-plan +done):\n%s", diff)
	}
	if got := s.stored(t, one.ID); got.Route.Variant != 1 {
		t.Errorf("moved: %+v", got)
	}
}

func TestNodesInMaintenanceAndDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		node   topology.Node
		want   order.RerouteOutcome
		reason string
	}{
		// Routers do not know of our maintenance and go on by way of p1.
		{"drained", topology.Node{Name: "p1", Role: topology.P, Maintenance: true}, order.NoWay, "maintenance: p1"},
		{"down", topology.Node{Name: "p1", Role: topology.P, Down: true}, order.Moves, ""},
		{"its own PE down", topology.Node{Name: "pe2", Role: topology.PE, Down: true}, order.NoWay, "no-path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			s.active(t, s.sold(t, 1, session.LevelA, 10_000))
			tell(t, s.core, pathcomp.Update{Nodes: []topology.Node{c.node}})
			if done := s.reroute(t); len(done) != 1 || done[0].Outcome != c.want || done[0].Reason != c.reason {
				t.Errorf("done %+v", done)
			}
		})
	}
}
