// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

func advanceTests() tests {
	return tests{
		"a step becomes durable":                  testStep,
		"a step on an old version is refused":     testOldVersion,
		"a step off the state chart is refused":   testOffChart,
		"more is reserved with a step":            testReserveMore,
		"what is had is reserved again":           testReserveLike,
		"a move makes before it breaks":           testMove,
		"what is returned can be sold again":      testReturn,
		"released means nothing is held":          testStillHolds,
		"events are numbered without gaps":        testEventNumbers,
		"devices are not a step's to change":      testDevicesStay,
		"a refused step changes nothing":          testRefusedStep,
		"a step cannot move a session elsewhere":  testElsewhere,
		"released sessions are read until purged": testPurge,
		"a sink that waits is not purged":         testPurgeWaits,
	}
}

func testStep(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	at := b.clock.advance(time.Minute)
	s.Phase, s.Reason, s.UpdatedAt, s.Name = session.Applying, "on its way", at, "renamed"
	s.Sink.Token = "newer"
	s.Rate.Forward = 50
	got := b.step(t, order.Step{Session: s, Due: at})
	want := s
	want.Version = 2
	if d := same(want, got); d != "" {
		t.Errorf("answered (-want +got):\n%s", d)
	}
	b.restart(t)
	read, err := b.Session(t.Context(), s.ID)
	if d := same(want, read); err != nil || d != "" {
		t.Errorf("read %v (-want +got):\n%s", err, d)
	}
	if list, _, err := b.Sessions(t.Context(), order.Filter{Name: "renamed", Limit: 1}); err != nil || len(list) != 1 {
		t.Errorf("list by new name = %v, %v", ids(list), err)
	}
}

func testOldVersion(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	b.step(t, order.Step{Session: s})
	_, err := b.Advance(t.Context(), order.Step{Session: s}, b.ledger)
	wantCode(t, err, session.Aborted)
	s.ID = "none"
	_, err = b.Advance(t.Context(), order.Step{Session: s}, b.ledger)
	wantCode(t, err, session.NotFound)
}

func testOffChart(t *testing.T, b *bundle) {
	for _, from := range []session.Phase{session.Admitted, session.Applying} {
		for _, to := range session.Phases() {
			a := small("t1", "v1")
			a.Session.Phase = from
			s := b.admit(t, a)
			s.Phase = to
			_, err := b.Advance(t.Context(), order.Step{Session: s, Return: to == session.Released}, b.ledger)
			if ok := session.CanMove(from, to); ok != (err == nil) {
				t.Errorf("%s to %s: %v", from, to, err)
			} else if !ok {
				wantCode(t, err, session.Incompatible)
			}
		}
	}
}

func testReserveMore(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	later := pathcomp.Window{From: window().Until, Until: window().Until.Add(time.Hour)}
	more := &pathcomp.Admission{Class: "gold", Window: later, Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 10}, {Arc: "link:c>", Kbps: 3}}}
	s = b.step(t, order.Step{Session: s, Reserve: more})
	b.restart(t)
	if got := b.ledger.Taken("link:a>", later); got != 10 {
		t.Errorf("%d kbit/s in the longer window, want 10", got)
	}
	tooMuch := &pathcomp.Admission{Window: later, Uses: []pathcomp.Use{{Arc: "link:c>", Kbps: 100_000}}}
	if _, err := b.Advance(t.Context(), order.Step{Session: s, Reserve: tooMuch}, b.ledger); !errors.Is(err, order.ErrConflict) {
		t.Errorf("beyond the capacity: %v", err)
	}
	_, err := b.Advance(t.Context(), order.Step{Session: s, Reserve: more, Return: true}, b.ledger)
	wantCode(t, err, session.Invalid)
	b.release(t, s)
	all := pathcomp.Window{From: window().From, Until: later.Until}
	if a, c := b.ledger.Taken("link:a>", all), b.ledger.Taken("link:c>", all); a+c != 0 {
		t.Errorf("%d and %d kbit/s left after the release", a, c)
	}
}

// testReserveLike reserves what a session has already, for longer and in another
// variant, and like variants in which it has nothing.
func testReserveLike(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	at := func(hours int) pathcomp.Window {
		from := window().Until.Add(time.Duration(hours) * time.Hour)
		return pathcomp.Window{From: from, Until: from.Add(time.Hour)}
	}
	taken := func(want ...uint64) {
		t.Helper()
		for hours, kbps := range want {
			if got := b.ledger.Taken("link:a>", at(hours)); got != kbps {
				t.Errorf("%d kbit/s %d hours later, want %d", got, hours, kbps)
			}
		}
	}
	like := func(of, as uint32, hours int) order.Step {
		return order.Step{Session: s, Like: &of, Reserve: &pathcomp.Admission{Class: "gold", Variant: as, Window: at(hours)}}
	}
	s = b.step(t, like(0, 0, 0))
	b.restart(t)
	taken(10, 0, 0)
	s = b.step(t, like(0, 3, 1))
	taken(10, 10, 0)
	s = b.step(t, order.Step{Session: s, ReleaseBelow: 3})
	taken(0, 10, 0)
	for _, gone := range []uint32{0, 1, 4} {
		if _, err := b.Advance(t.Context(), like(gone, 3, 2), b.ledger); !errors.Is(err, order.ErrNotBooked) {
			t.Errorf("like variant %d: %v", gone, err)
		}
	}
	alone, both := like(3, 3, 2), like(3, 3, 2)
	alone.Reserve, both.Reserve.Uses = nil, small("t1", "v1").Route.Uses
	for _, bad := range []order.Step{alone, both} {
		_, err := b.Advance(t.Context(), bad, b.ledger)
		wantCode(t, err, session.Invalid)
	}
	taken(0, 10, 0)
	b.release(t, s)
	taken(0, 0, 0)
}

// testMove moves a session to another way that shares an arc with its old one.
func testMove(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Route.Uses = []pathcomp.Use{{Arc: "link:a>", Kbps: 60_000}, {Arc: "link:b>", Kbps: 60_000}}
	s := b.admit(t, a)
	taken := func(want ...uint64) {
		t.Helper()
		for i, arc := range []topology.ArcName{"link:a>", "link:b>", "link:c>"} {
			if got := b.ledger.Taken(arc, window()); got != want[i] {
				t.Errorf("%s: %d kbit/s taken, want %d", arc, got, want[i])
			}
		}
	}
	moved := &pathcomp.Admission{
		Class: "gold", Window: window(), Variant: 1,
		Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 70_000}, {Arc: "link:c>", Kbps: 60_000}},
	}
	beside := *moved
	beside.Variant = 0
	if _, err := b.Advance(t.Context(), order.Step{Session: s, Reserve: &beside}, b.ledger); !errors.Is(err, order.ErrConflict) {
		t.Errorf("more of the same variant: %v", err)
	}
	s = b.step(t, order.Step{Session: s, Reserve: moved})
	taken(70_000, 60_000, 60_000)
	b.restart(t)
	taken(70_000, 60_000, 60_000)
	_, err := b.Advance(t.Context(), order.Step{Session: s, ReleaseBelow: 1, Return: true}, b.ledger)
	wantCode(t, err, session.Invalid)
	s = b.step(t, order.Step{Session: s, ReleaseBelow: 1})
	taken(70_000, 0, 60_000)
	again := *moved
	again.Variant = 2
	s = b.step(t, order.Step{Session: s, Reserve: &again, ReleaseBelow: 2})
	taken(70_000, 0, 60_000)
	b.restart(t)
	taken(70_000, 0, 60_000)
	never := *moved
	never.Variant = pathcomp.EveryVariant
	_, err = b.Advance(t.Context(), order.Step{Session: s, Reserve: &never}, b.ledger)
	wantCode(t, err, session.OutOfRange)
	b.release(t, s)
	taken(0, 0, 0)
}

func testReturn(t *testing.T, b *bundle) {
	fills := func() order.Admission {
		a := small("t1", "v1")
		a.Route.Uses[0].Kbps = 100_000
		return a
	}
	for range 3 {
		s := b.admit(t, fills())
		if r := b.batch(t, fills())[0]; !errors.Is(r.Err, order.ErrConflict) {
			t.Fatalf("a full arc was sold: %v", r.Err)
		}
		b.release(t, s)
	}
	log, err := b.Bookings(t.Context(), 2)
	if err != nil || len(log) != 4 || log[0].Seq != 3 || !log[1].Release || log[1].Owner != log[0].Owner {
		t.Errorf("bookings = %+v, %v", log, err)
	}
	b.restart(t)
	if known := b.ledger.Known(); known != 6 {
		t.Errorf("after a restart booking %d is known, want 6", known)
	}
}

func testStillHolds(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	s.Phase = session.Releasing
	s = b.step(t, order.Step{Session: s})
	s.Phase = session.Released
	_, err := b.Advance(t.Context(), order.Step{Session: s}, b.ledger)
	wantCode(t, err, session.Incompatible)
	s.Phase = session.Releasing
	s = b.step(t, order.Step{Session: s, Return: true})
	s.Phase = session.Released
	b.step(t, order.Step{Session: s})
}

func testEventNumbers(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	for range 3 {
		s = b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: "one"}, {Cause: "two", Notify: true}}})
	}
	events, err := b.Timeline(t.Context(), s.ID)
	if err != nil || len(events) != 7 {
		t.Fatalf("%d events, want 7: %v", len(events), err)
	}
	seen := map[string]bool{}
	for i, e := range events {
		if e.Seq != uint64(i)+1 || e.ID == "" || seen[e.ID] || e.At.IsZero() || e.Session != s.ID {
			t.Errorf("event %d = %+v", i, e)
		}
		seen[e.ID] = true
	}
}

func testDevicesStay(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	s.Devices[0].Have = session.Present
	s.Devices = append(s.Devices, session.DeviceState{Device: "pe9", Have: session.Unknown, At: epoch})
	got := b.step(t, order.Step{Session: s})
	want := append([]session.DeviceState{}, s.Devices...)
	want[0].Have = session.Unknown
	if d := same(want, got.Devices); d != "" {
		t.Errorf("devices (-want +got):\n%s", d)
	}
}

func testRefusedStep(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	bad := s
	bad.Rate.Forward = 1 << 63
	_, err := b.Advance(t.Context(), order.Step{
		Session: bad, Reserve: &pathcomp.Admission{Window: window(), Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 10}}},
		Events: []session.Event{{Cause: "never"}},
	}, b.ledger)
	wantCode(t, err, session.OutOfRange)
	read, err := b.Session(t.Context(), s.ID)
	if d := same(s, read); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if got := b.ledger.Taken("link:a>", window()); got != 10 {
		t.Errorf("%d kbit/s taken, want 10", got)
	}
}

func testElsewhere(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	for _, change := range []func(*session.Session){
		func(s *session.Session) { s.Tenant = "t2" },
		func(s *session.Session) { s.VPN.ID = "v2" },
	} {
		moved := s
		change(&moved)
		_, err := b.Advance(t.Context(), order.Step{Session: moved}, b.ledger)
		wantCode(t, err, session.Invalid)
	}
}

func testPurge(t *testing.T, b *bundle) {
	quiet := func() order.Admission {
		a := small("t1", "v1")
		a.Session.Sink = nil
		return a
	}
	live := b.admit(t, quiet())
	old := b.release(t, b.admit(t, quiet()))
	b.clock.advance(time.Hour)
	young := b.release(t, b.admit(t, quiet()))
	n, err := b.Purge(t.Context(), b.clock.Now().Add(-time.Minute))
	if err != nil || n != 1 {
		t.Errorf("purged %d, want 1: %v", n, err)
	}
	for id, want := range map[session.ID]bool{live.ID: true, old.ID: false, young.ID: true} {
		_, err := b.Session(t.Context(), id)
		if (err == nil) != want {
			t.Errorf("session readable = %v, want %v: %v", err == nil, want, err)
		}
	}
	b.restart(t)
	b.admit(t, quiet())
}

func testPurgeWaits(t *testing.T, b *bundle) {
	s := b.release(t, b.admit(t, small("t1", "v1")))
	b.clock.advance(time.Hour)
	if n, err := b.Purge(t.Context(), b.clock.Now()); n != 0 || err != nil {
		t.Errorf("purged %d that waits: %v", n, err)
	}
	st, ok, err := b.ClaimStream(t.Context(), "d1", b.clock.Now(), b.clock.Now().Add(time.Minute))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := b.Delivered(t.Context(), st, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Purge(t.Context(), b.clock.Now()); n != 1 || err != nil {
		t.Errorf("purged %d that was told: %v", n, err)
	}
	_, err = b.Session(t.Context(), s.ID)
	wantCode(t, err, session.NotFound)
}
