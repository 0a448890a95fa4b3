// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

func modifyTests() tests {
	return tests{
		"what a session was is kept":               testFormer,
		"a step makes devices unknown":             testAnew,
		"a finding of what it was is passed over":  testOldChange,
		"a tenant's use is seen by a step":         testStepValidates,
		"a step is repeated with its key":          testStepKey,
		"the last event comes with the account":    testLastAccount,
		"a changed session holds the larger quota": testHeldQuota,
	}
}

func testFormer(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	at := b.clock.advance(time.Minute)
	s.StartedAt, s.ExpiresAt, s.Change = at, at.Add(time.Hour), 3
	s.Charges = []session.Charge{{From: at, Rate: s.Rate, Level: s.Level, Price: session.Price{Currency: "EUR", PerMbpsHour: 7}}}
	s.Former = &session.Former{Rate: session.Rate{Forward: 7, Reverse: 8}, Level: "AA", Route: s.Route, By: at.Add(time.Minute)}
	s.Delivered = &session.Delivered{At: at, Proof: "data-plane", RTTMicros: 9}
	want := b.step(t, order.Step{Session: s})
	b.restart(t)
	got, err := b.Session(t.Context(), s.ID)
	if d := same(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if got.Former == nil || len(got.Charges) != 1 || got.Delivered == nil {
		t.Errorf("read %+v", got)
	}
	// In microseconds, and the caller's own stays as it is.
	s = got
	odd := at.Add(1500 * time.Nanosecond)
	s.Charges = []session.Charge{{From: odd}}
	if kept := b.step(t, order.Step{Session: s}); !s.Charges[0].From.Equal(odd) || !kept.Charges[0].From.Equal(at.Add(time.Microsecond)) {
		t.Errorf("given %s, kept %s", s.Charges[0].From, kept.Charges[0].From)
	}
}

func testAnew(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	found := []provision.Finding{{Session: s.ID, Have: session.Refused, Reason: "no"}}
	if err := b.RecordDevice(t.Context(), b.lease(t, "d1"), found, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := b.Session(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Change++
	got := b.step(t, order.Step{Session: s, Anew: true})
	for _, d := range got.Devices {
		if d.Have != session.Unknown || d.Reason != "" || !d.At.Equal(b.clock.Now()) {
			t.Errorf("device %+v", d)
		}
	}
}

func testOldChange(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	s.Change = 2
	s = b.step(t, order.Step{Session: s, Anew: true})
	l := b.lease(t, "d1")
	for _, change := range []uint32{1, 3} {
		old := []provision.Finding{{Session: s.ID, Have: session.Present, Change: change, Refused: true}}
		if err := b.RecordDevice(t.Context(), l, old, b.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Session(t.Context(), s.ID)
	if d := same(s, got); err != nil || d != "" {
		t.Errorf("%v (-was +is):\n%s", err, d)
	}
	now := []provision.Finding{{Session: s.ID, Have: session.Present, Change: 2}}
	if err := b.RecordDevice(t.Context(), l, now, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if got, err = b.Session(t.Context(), s.ID); err != nil || got.Version != s.Version+1 {
		t.Errorf("version %d after %d, %v", got.Version, s.Version, err)
	}
}

func testStepValidates(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	b.admit(t, small("t1", "v1"))
	b.admit(t, small("t2", "v2"))
	var seen order.Holdings
	more := s
	more.Rate.Forward += 1000
	veto := errors.New("veto")
	_, err := b.Advance(t.Context(), order.Step{Session: more, Validate: func(h order.Holdings) error { seen = h; return veto }}, b.ledger)
	if !errors.Is(err, veto) || seen.Sessions != 2 || seen.Kbps != 2*s.Rate.Larger() {
		t.Errorf("%v, seen %+v", err, seen)
	}
	if got, err := b.Session(t.Context(), s.ID); err != nil || got.Version != s.Version {
		t.Errorf("changed: %+v, %v", got, err)
	}
	b.step(t, order.Step{Session: more, Validate: func(order.Holdings) error { return nil }})
}

func testStepKey(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	keyed := func(s session.Session, body string) order.Step {
		s.Duration += time.Hour
		return order.Step{Session: s, Client: "c1", Key: "k", Fingerprint: body}
	}
	first := b.step(t, keyed(s, "one"))
	again := b.step(t, keyed(first, "one"))
	if d := same(first, again); d != "" {
		t.Errorf("repeated (-first +again):\n%s", d)
	}
	_, err := b.Advance(t.Context(), keyed(first, "two"), b.ledger)
	wantCode(t, err, session.Exists)
	b.restart(t)
	if got, ok, err := b.Repeated(t.Context(), "t1", "c1", "k", "one"); !ok || err != nil || got.Session.ID != s.ID {
		t.Errorf("looked up: %v, %t, %v", got.Session.ID, ok, err)
	}
	refused := keyed(first, "x")
	refused.Key, refused.Validate = "k2", func(order.Holdings) error { return errors.New("veto") }
	if _, err := b.Advance(t.Context(), refused, b.ledger); err == nil {
		t.Error("not refused")
	}
	if _, ok, err := b.Repeated(t.Context(), "t1", "c1", "k2", "x"); ok || err != nil {
		t.Errorf("the key of what was refused is kept: %t, %v", ok, err)
	}
	b.clock.advance(24 * time.Hour)
	if last := b.step(t, keyed(first, "two")); last.Duration != first.Duration+time.Hour {
		t.Errorf("a day later: %s", last.Duration)
	}
}

func testLastAccount(t *testing.T, b *bundle) {
	s := b.told(t, 0)
	if h := b.head(t); h.Account != nil {
		t.Errorf("an account with %s", h.Event.Status)
	} else if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	at := b.clock.advance(time.Minute)
	s.StartedAt, s.ExpiresAt, s.EndedAt = at, at.Add(time.Hour), at.Add(time.Minute)
	s.Price = session.Price{Currency: "EUR", Exponent: 2, SetUp: 700}
	b.clock.advance(time.Hour)
	b.step(t, order.Step{Session: s, Events: []session.Event{{Status: session.Terminated, Notify: true}}})
	if h := b.head(t); h.Account == nil || !h.Account.Final || h.Account.Total.Minor != 700 || h.Account.Served != time.Minute {
		t.Errorf("account %+v", h.Account)
	}
}

func testHeldQuota(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	had := s.Rate.Larger()
	s.Former = &session.Former{Rate: s.Rate}
	s.Rate = session.Rate{Forward: 1, Reverse: 1}
	held := func(want uint64) {
		t.Helper()
		var seen order.Holdings
		s = b.step(t, order.Step{Session: s, Validate: func(h order.Holdings) error { seen = h; return nil }})
		if seen.Kbps != want {
			t.Errorf("%d kbit/s held, want %d", seen.Kbps, want)
		}
	}
	held(had) // before this step, and
	held(had) // after it
	s.Former = nil
	held(had)
	held(1)
}
