// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func to(forward, reverse uint64) order.Modification {
	return order.Modification{Forward: &forward, Reverse: &reverse}
}

func toLevel(l session.LevelName) order.Modification { return order.Modification{Level: &l} }

func named(name string) order.Modification { return order.Modification{Name: &name} }

// modify carries out a modification that must be accepted.
func (s *shop) modify(t *testing.T, id session.ID, m order.Modification) (session.Session, bool) {
	t.Helper()
	_, changing, err := s.Modify(t.Context(), as("acme"), id, m)
	if err != nil {
		t.Fatal(err)
	}
	return s.stored(t, id), changing
}

// done ends a modification as provision would.
func (s *shop) done(t *testing.T, one session.Session, at time.Time) session.Session {
	t.Helper()
	one.Phase = session.Active
	kept, err := s.store.Advance(t.Context(), order.Step{Session: order.Done(one, at), ReleaseBelow: one.Route.Variant}, s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestMoreAndLessBandwidth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                  string
		to                    session.Rate
		during, after, onPort [2]int64 // on the way, and on the way when done
		billed                int      // charges while it is changed
	}{
		{"up", session.Rate{Forward: 60_000, Reverse: 70_000}, [2]int64{60_000, 70_000}, [2]int64{60_000, 70_000}, both(70_000), 1},
		{"down", session.Rate{Forward: 10_000, Reverse: 20_000}, both(40_000), [2]int64{10_000, 20_000}, both(40_000), 2},
		{"one way each", session.Rate{Forward: 90_000, Reverse: 1_000}, [2]int64{90_000, 40_000}, [2]int64{90_000, 1_000}, both(90_000), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
			got, changing := s.modify(t, one.ID, to(c.to.Forward, c.to.Reverse))
			if !changing || got.Phase != session.Modifying || got.Status != session.Activated || got.Rate != c.to || got.Change != 1 {
				t.Errorf("changing %t: %+v", changing, got)
			}
			if f := got.Former; f == nil || f.Rate != one.Rate || !f.By.Equal(s.now().Add(testnet.ApplyWithin)) || len(got.Charges) != c.billed {
				t.Errorf("was %+v, charges %+v", f, got.Charges)
			}
			for _, d := range got.Devices {
				if d.Have != session.Unknown {
					t.Errorf("%s is said to be %s", d.Device, d.Have)
				}
			}
			if at := s.load("pe1-p1"); at != c.during {
				t.Errorf("%v reserved meanwhile, want %v", at, c.during)
			}
			got = s.done(t, got, s.now())
			if at := s.load("pe1-p1"); at != c.after || got.Former != nil || len(got.Charges) != 2 {
				t.Errorf("%v reserved in the end, want %v; %+v", at, c.after, got)
			}
		})
	}
}

// What a session was goes on to be reserved until the change is undone, too.
func TestFailedChangeGoesBack(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]uint64{"up": 90_000, "down": 5_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSquare(t)
			one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
			got, _ := s.modify(t, one.ID, to(rate, rate))
			// Others cannot have what is needed to go back.
			if _, _, err := s.Create(t.Context(), as("acme"), big(2, 65_000)); session.CodeOf(err) != session.NoResources {
				t.Errorf("sold meanwhile: %v", err)
			}
			back, err := s.store.Advance(t.Context(), order.GoBack(got, "device pe1: refused", s.now()), s.ledger)
			if err != nil {
				t.Fatal(err)
			}
			if back.Phase != session.Modifying || back.Rate != one.Rate || back.Level != one.Level || back.Former != nil || back.Change != 2 {
				t.Errorf("going back: %+v", back)
			}
			if at := s.load("pe1-p1"); at != both(int64(max(rate, 40_000))) {
				t.Errorf("%v reserved while devices go back", at)
			}
			back = s.done(t, back, s.now())
			if at := s.load("pe1-p1"); at != both(40_000) || back.Price != one.Price {
				t.Errorf("%v reserved in the end, %+v", at, back.Price)
			}
		})
	}
}

func big(n int, kbps uint64) order.Order {
	o := wish(n, n)
	o.Rate = session.Rate{Forward: kbps, Reverse: kbps}
	return o
}

func TestScheduledSessionIsChangedAtOnce(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	o := big(1, 40_000)
	o.Start = s.now().Add(time.Hour)
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	got, changing := s.modify(t, made.ID, to(10_000, 10_000))
	if changing || got.Status != session.Scheduled || got.Phase != session.Admitted || got.Former != nil || got.Change != 0 || got.Route.Variant != 1 {
		t.Errorf("changing %t: %+v", changing, got)
	}
	for _, u := range s.uses(t, got) {
		if p := s.ledger.Profile(u.Arc, o.Start, o.Start.Add(time.Second)); len(p) != 1 || p[0].Kbps != 10_000 {
			t.Errorf("%s has %+v", u.Arc, p)
		}
	}
	s.release(t, got)
	s.nothingReserved(t)
}

func TestLevelIsChanged(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	d := testnet.Directory()
	better := d.Catalogue.Levels[0]
	better.Name, better.MaxRTTMicros, better.Price.PerMbpsHour = session.LevelAA, 5000, 7200
	shut := better
	shut.Name, shut.Protected = session.LevelAAA, true
	d.Catalogue.Levels = append(d.Catalogue.Levels, better, shut)
	s.Reload(d)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	got, changing := s.modify(t, one.ID, toLevel(session.LevelAA))
	if !changing || got.Level != session.LevelAA || got.Price.PerMbpsHour != 7200 || got.Route.RTTMicros > 5000 || len(got.Charges) != 1 {
		t.Errorf("changing %t: %+v", changing, got)
	}
	got = s.done(t, got, s.now())
	if len(got.Charges) != 2 || got.Charges[1].Level != session.LevelAA || got.Charges[0].Level != session.LevelA {
		t.Errorf("charges %+v", got.Charges)
	}
	for level, code := range map[session.LevelName]session.Code{"B": session.Invalid, session.LevelAAA: session.Invalid} {
		if _, _, err := s.Modify(t.Context(), as("acme"), one.ID, toLevel(level)); session.CodeOf(err) != code {
			t.Errorf("level %s: %v", level, err)
		}
	}
	// By the longer way the bound of the better level cannot be kept.
	two := s.active(t, s.sold(t, 2, session.LevelA, 10_000))
	tell(t, s.core, link(t, "pe1-p1", true))
	if _, _, err := s.Modify(t.Context(), as("acme"), two.ID, toLevel(session.LevelAA)); session.CodeOf(err) != session.NoResources {
		t.Errorf("beyond the bound: %v", err)
	}
}

func TestNameIsChangedWheneverItLives(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.sold(t, 1, session.LevelA, 10_000)
	one = s.inPhase(t, one, session.Applying)
	got, changing := s.modify(t, one.ID, named("branch"))
	if changing || got.Name != "branch" || got.Phase != session.Applying || got.Tag() == one.Tag() {
		t.Errorf("changing %t: %+v", changing, got)
	}
	if again, _ := s.modify(t, one.ID, named("branch")); again.Version != got.Version {
		t.Error("the same name again is written")
	}
	if got, _ = s.modify(t, one.ID, named("")); got.Name != "" {
		t.Errorf("name %q", got.Name)
	}
}

func TestRefusedModificationChangesNothing(t *testing.T) {
	t.Parallel()
	setUp := func(t *testing.T) (*shop, session.Session) {
		t.Helper()
		s := openSquare(t)
		d := testnet.Directory()
		a := d.Tenants["acme"]
		a.Quota.Kbps = 120_000
		d.Tenants["acme"] = a
		s.Reload(d)
		other := s.sold(t, 2, session.LevelA, 30_000)
		s.active(t, other)
		return s, s.sold(t, 1, session.LevelA, 40_000)
	}
	stale := to(50_000, 50_000)
	stale.Match = order.Match{"stale", ""}
	active := []session.Phase{session.Applying, session.Verifying, session.Active}
	for _, c := range []struct {
		name   string
		phases []session.Phase
		m      order.Modification
		code   session.Code
		field  string
	}{
		{"no room", active, to(75_000, 75_000), session.NoResources, ""},
		{"more than the line", active, to(2_000_000, 1000), session.NoResources, "guaranteedBandwidth"},
		{"beyond the quota", active, to(1000, 71_000), session.QuotaExceeded, "guaranteedBandwidth"},
		{"not in this state", active, stale, session.Precondition, "If-Match"},
		{"while it is built", active[:1], to(50_000, 50_000), session.Incompatible, ""},
		{"while it is proven", active[:2], to(50_000, 50_000), session.Incompatible, ""},
		{"while it moves", append(active[:3:3], session.Modifying), to(50_000, 50_000), session.Aborted, ""},
		{"in doubt", append(active[:3:3], session.Modifying, session.InDoubt), to(50_000, 50_000), session.Aborted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, one := setUp(t)
			one = s.inPhase(t, one, c.phases...)
			before := s.load("pe1-p1")
			if c.code == session.QuotaExceeded { // the network has room
				s.Reload(quota(100_000))
				tell(t, s.core, wider(t))
			}
			_, _, err := s.Modify(t.Context(), as("acme"), one.ID, c.m)
			var refusal *session.Error
			if session.CodeOf(err) != c.code || c.field != "" && (!asErrorAs(err, &refusal) || refusal.Field != c.field) {
				t.Errorf("got %v (code %d), want code %d for %q", err, session.CodeOf(err), c.code, c.field)
			}
			if diff := cmp.Diff(one, s.stored(t, one.ID), cmpopt()...); diff != "" || s.load("pe1-p1") != before {
				t.Errorf("changed, %v reserved (-was +is):\n%s", s.load("pe1-p1"), diff)
			}
		})
	}
	t.Run("ending", func(t *testing.T) {
		t.Parallel()
		s, one := setUp(t)
		s.active(t, one)
		if _, err := s.Delete(t.Context(), as("acme"), one.ID, nil); err != nil {
			t.Fatal(err)
		}
		for _, m := range []order.Modification{to(50_000, 50_000), named("x")} {
			if _, _, err := s.Modify(t.Context(), as("acme"), one.ID, m); session.CodeOf(err) != session.Incompatible {
				t.Errorf("%+v: %v", m, err)
			}
		}
	})
	t.Run("somebody else's, and nobody's", func(t *testing.T) {
		t.Parallel()
		s, one := setUp(t)
		if _, _, err := s.Modify(t.Context(), as("other"), one.ID, stale); session.CodeOf(err) != session.Forbidden {
			t.Errorf("foreign: %v", err)
		}
		if _, _, err := s.Modify(t.Context(), as("acme"), session.ID(uuid.NewString()), stale); session.CodeOf(err) != session.NotFound {
			t.Errorf("unknown: %v", err)
		}
	})
}

// Of many that name the same state exactly one changes it, whatever they change.
func TestOneOfManyWithTheSameStateWins(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	match := order.Match{one.Tag()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[session.Code]int{}
	for i := range 16 {
		wg.Go(func() {
			ctx := context.WithoutCancel(t.Context())
			var err error
			switch m := to(uint64(20_000+1000*i), 10_000); i % 4 {
			case 0:
				_, _, err = s.Extend(ctx, as("acme"), one.ID, order.Extension{By: time.Minute, Match: match})
			case 1:
				m = named("racer")
				fallthrough
			default:
				m.Match = match
				_, _, err = s.Modify(ctx, as("acme"), one.ID, m)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				outcomes[-1]++
				return
			}
			outcomes[session.CodeOf(err)]++
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[session.Code]int{-1: 1, session.Precondition: 15}, outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// Two that need the room of one: one has it, and the link is never over-sold.
func TestRoomGoesToOneOfTwoModifications(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	all := []session.Session{s.active(t, s.sold(t, 1, session.LevelA, 10_000)), s.active(t, s.sold(t, 2, session.LevelA, 10_000))}
	var wg sync.WaitGroup
	codes := make([]session.Code, len(all))
	for i, one := range all {
		wg.Go(func() {
			_, _, err := s.Modify(context.WithoutCancel(t.Context()), as("acme"), one.ID, to(60_000, 60_000))
			if codes[i] = -1; err != nil {
				codes[i] = session.CodeOf(err)
			}
		})
	}
	wg.Wait()
	if codes[0]+codes[1] != session.NoResources-1 || codes[0] != -1 && codes[1] != -1 {
		t.Errorf("outcomes %v", codes)
	}
	if got := s.load("core"); got != both(70_000) {
		t.Errorf("%v reserved", got)
	}
}

func TestQuotaCountsWhatIsHeldWhileChanged(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	s.Reload(quota(50_000))
	one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
	got, _ := s.modify(t, one.ID, to(10_000, 10_000))
	if _, _, err := s.Create(t.Context(), as("acme"), big(2, 20_000)); session.CodeOf(err) != session.QuotaExceeded {
		t.Errorf("before the change is done: %v", err)
	}
	s.done(t, got, s.now())
	if _, _, err := s.Create(t.Context(), as("acme"), big(2, 20_000)); err != nil {
		t.Errorf("after it: %v", err)
	}
	// Less is permitted also where there is too much already.
	s.Reload(quota(1000))
	if got, _ := s.modify(t, one.ID, to(5_000, 5_000)); got.Rate.Forward != 5_000 {
		t.Errorf("%+v", got.Rate)
	}
}

// Dearer is billed when it is there, cheaper when it is asked for.
func TestDelayIsNeverTheCustomers(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	s := openAt(t, nil, clock)
	one := s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	pass(10 * time.Minute)
	up, _ := s.modify(t, one.ID, to(20_000, 20_000))
	pass(5 * time.Minute)
	s.done(t, up, s.now())
	pass(10 * time.Minute)
	down, _ := s.modify(t, one.ID, to(1_000, 1_000))
	pass(5 * time.Minute)
	s.done(t, down, s.now())
	var got []time.Duration
	for _, c := range s.stored(t, one.ID).AllCharges() {
		got = append(got, c.From.Sub(one.StartedAt))
	}
	if diff := cmp.Diff([]time.Duration{0, 15 * time.Minute, 25 * time.Minute}, got); diff != "" {
		t.Errorf("billed from (-want +got):\n%s", diff)
	}
	v, err := s.Session(t.Context(), as("acme"), one.ID)
	// 15 min of 10, 10 min of 20 and 5 min of 1 Mbit/s at a thousandth of a cent a second.
	if want := int64(500 + (900*10+600*20+300*1+500)/1000); err != nil || v.Fee.Minor != want {
		t.Errorf("fee %s, want %d, %v", v.Fee, want, err)
	}
}

// The network may fail while a session is changed, and the change after that.
func TestSessionMovesWhileItIsChanged(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
	s.modify(t, one.ID, to(60_000, 60_000))
	tell(t, s.core, link(t, "p1-pe2", true))
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves {
		t.Fatalf("done %+v", done)
	}
	got := s.stored(t, one.ID)
	if got.Route.Variant != 2 || got.Former == nil || s.load("p1-pe2") != both(60_000) || s.load("p2-pe2") != both(60_000) {
		t.Errorf("%v by p1, %v by p2: %+v", s.load("p1-pe2"), s.load("p2-pe2"), got)
	}
	back, err := s.store.Advance(t.Context(), order.GoBack(got, "refused", s.now()), s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	s.done(t, back, s.now())
	if s.load("p1-pe2") != both(40_000) || s.load("p2-pe2") != both(0) {
		t.Errorf("in the end %v by p1, %v by p2", s.load("p1-pe2"), s.load("p2-pe2"))
	}
	// It is where it was, so that it moves again, as what it was.
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Moves || s.load("p2-pe2") != both(40_000) {
		t.Errorf("done %+v, %v by p2", done, s.load("p2-pe2"))
	}
}

func TestChangedSessionIsNotExtendedBeforeItIsDone(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
	got, _ := s.modify(t, one.ID, to(10_000, 10_000))
	if _, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: time.Minute}); session.CodeOf(err) != session.Aborted {
		t.Errorf("while it is changed: %v", err)
	}
	s.done(t, got, s.now())
	if _, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: time.Minute}); err != nil {
		t.Error(err)
	}
}

// What is not booked is not booked again either: not for longer, and not when a
// change is undone. It is not moved. The session stays as it is.
func TestNothingIsBookedLikeNothing(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 40_000))
	got, _ := s.modify(t, one.ID, to(10_000, 10_000))
	got, err := s.store.Advance(t.Context(), order.Step{Session: got, ReleaseBelow: got.Route.Variant + 1}, s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Advance(t.Context(), order.GoBack(got, "refused", s.now()), s.ledger); !errors.Is(err, order.ErrNotBooked) {
		t.Errorf("undone: %v", err)
	}
	if done := s.reroute(t); len(done) != 1 || done[0].Outcome != order.Failed {
		t.Errorf("rerouted: %+v", done)
	}
	got = s.done(t, got, s.now())
	if _, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: time.Minute}); !errors.Is(err, order.ErrNotBooked) {
		t.Errorf("extended: %v", err)
	}
	if now := s.stored(t, one.ID); now.Version != got.Version || now.Duration != one.Duration {
		t.Errorf("%+v", now)
	}
	s.nothingReserved(t)
}
