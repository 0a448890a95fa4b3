// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func warningTests() tests {
	return tests{
		"a hold's customer is warned once":             testWarned,
		"a warning that fails is repeated as the same": testWarningRepeated,
		"a spent hold is not warned of":                testWarningSpent,
		"a hold that is over is not warned of":         testWarningOver,
		"a warning that was given up is forgotten":     testWarningGivenUp,
		"a warning has one holder":                     testWarningLease,
		"a warning that can never be told is refused":  testWarningRefused,
		"a hold that was not kept is not warned of":    testWarningOfNothing,
		"a warning knows how its token is fetched":     testWarningCredential,
	}
}

// warned is a hold for a minute that is warned of after half of it.
func (b *bundle) warned(id string) order.Hold {
	h := b.held(id)
	h.Warning = &order.Warning{
		At: h.Expires.Add(-30 * time.Second), Offers: []string{"offer-1", "offer-2"}, Correlator: "c-1",
		Sink: session.Sink{
			URL: "https://customer.example/events", CredentialType: session.AccessToken, Token: "secret", TokenExpires: h.Expires.Add(time.Hour),
		},
	}
	return h
}

// warning claims what has to be due of a hold.
func (b *bundle) warning(t *testing.T, of order.Hold) order.Stream {
	t.Helper()
	h := b.head(t)
	want := order.Stream{
		Tenant: of.Tenant, Sink: of.Warning.Sink, Tries: h.Tries, Since: h.Since, Fence: h.Fence,
		Expiring: &order.Expiring{Hold: of.ID, Offers: of.Warning.Offers, Until: of.Expires},
		Event:    session.Event{ID: h.Event.ID, Seq: 1, At: of.Warning.At, Correlator: "c-1", Notify: true},
	}
	if d := same(want, h); d != "" || h.Event.ID == "" {
		t.Errorf("warning (-want +got):\n%s", d)
	}
	return h
}

func testWarned(t *testing.T, b *bundle) {
	h := b.warned("h1")
	b.hold(t, h)
	b.clock.advance(30*time.Second - time.Microsecond)
	b.noHead(t)
	b.clock.advance(time.Microsecond)
	b.restart(t)
	session := b.told(t, 0)
	first := b.warning(t, h)
	if first.Tries != 0 || !first.Since.IsZero() {
		t.Errorf("first try %+v", first)
	}
	if other := b.head(t); other.Session != session.ID || other.Expiring != nil {
		t.Errorf("beside it %+v", other)
	}
	if err := b.Delivered(t.Context(), first, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(29 * time.Second)
	b.noHead(t)
	b.admit(t, b.spending("h1"))
}

func testWarningRepeated(t *testing.T, b *bundle) {
	h := b.warned("h1")
	b.hold(t, h)
	began := b.clock.advance(30 * time.Second)
	first := b.warning(t, h)
	if err := b.RetryAt(t.Context(), first, b.clock.Now().Add(time.Second), "503"); err != nil {
		t.Fatal(err)
	}
	b.noHead(t)
	b.restart(t)
	b.clock.advance(time.Second)
	second := b.warning(t, h)
	if err := b.Postpone(t.Context(), second, b.clock.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	b.noHead(t)
	b.clock.advance(time.Second)
	third := b.warning(t, h)
	if third.Event.ID != first.Event.ID || third.Tries != 1 || !third.Since.Equal(began) {
		t.Errorf("after one try since %v of %s: %+v", began, first.Event.ID, third)
	}
}

func testWarningSpent(t *testing.T, b *bundle) {
	b.hold(t, b.warned("h1"))
	a := b.spending("h1")
	a.Session.Sink = nil
	b.admit(t, a)
	b.clock.advance(30 * time.Second)
	b.noHead(t)

	late := b.warned("h2")
	late.Alternatives = late.Alternatives[:1]
	late.Alternatives[0].Uses = late.Alternatives[0].Uses[1:]
	b.hold(t, late)
	b.clock.advance(30 * time.Second)
	flying := b.warning(t, late)
	a = b.spending("h2")
	a.Session.Sink, a.Route = nil, late.Alternatives[0]
	b.admit(t, a)
	// What was on its way then leaves nothing behind.
	if err := b.RetryAt(t.Context(), flying, b.clock.Now(), "503"); err != nil {
		t.Error(err)
	}
	b.noHead(t)
}

func testWarningOver(t *testing.T, b *bundle) {
	b.hold(t, b.warned("h1"))
	b.clock.advance(time.Minute)
	b.noHead(t) // also before it was ended
	if n, err := b.ExpireHolds(t.Context(), b.clock.Now(), b.ledger); n != 1 || err != nil {
		t.Fatalf("%d holds expired, %v", n, err)
	}
	b.noHead(t)
	if _, err := b.Purge(t.Context(), b.clock.advance(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.hold(t, b.held("h1")) // nothing of it is left
}

func testWarningGivenUp(t *testing.T, b *bundle) {
	for _, final := range []bool{true, false} {
		h := b.warned("h1")
		if !final {
			h = b.warned("h2")
			h.Alternatives[0].Uses, h.Alternatives[1].Uses = h.Alternatives[0].Uses[1:], h.Alternatives[1].Uses[1:]
		}
		b.hold(t, h)
		b.clock.advance(30 * time.Second)
		if err := b.GiveUp(t.Context(), b.warning(t, h), b.clock.Now(), "410", final); err != nil {
			t.Fatal(err)
		}
		b.clock.advance(29 * time.Second)
		b.noHead(t)
	}
	if dead := b.dead(t, order.DeadLetterFilter{}); len(dead) > 0 {
		t.Errorf("dead letters %+v", dead)
	}
}

func testWarningLease(t *testing.T, b *bundle) {
	h := b.warned("h1")
	h.Warning.At = b.clock.Now()
	h.Expires = b.clock.Now().Add(5 * time.Minute)
	b.hold(t, h)
	old := b.warning(t, h)
	b.noHead(t)
	b.clock.advance(time.Minute)
	taken := b.warning(t, h)
	now := b.clock.Now()
	wantCode(t, b.Delivered(t.Context(), old, now), session.Aborted)
	wantCode(t, b.RetryAt(t.Context(), old, now, "late"), session.Aborted)
	wantCode(t, b.GiveUp(t.Context(), old, now, "late", true), session.Aborted)
	wantCode(t, b.Postpone(t.Context(), old, now), session.Aborted)
	if err := b.Postpone(t.Context(), taken, now); err != nil {
		t.Error(err)
	}
	wantCode(t, b.Delivered(t.Context(), taken, now), session.Aborted)
	if err := b.Delivered(t.Context(), b.warning(t, h), now); err != nil {
		t.Error(err)
	}
}

func testWarningRefused(t *testing.T, b *bundle) {
	for _, bad := range []func(*order.Hold){
		func(h *order.Hold) { h.Warning.Sink.URL = "" },
		func(h *order.Hold) { h.Warning.Offers = nil },
		func(h *order.Hold) { h.Warning.At = h.Expires },
	} {
		h := b.warned("h1")
		bad(&h)
		wantCode(t, b.Hold(t.Context(), h, b.ledger), session.Invalid)
	}
	b.taken(t, 0, 0, 0)
}

func testWarningOfNothing(t *testing.T, b *bundle) {
	veto, full := b.warned("h1"), b.warned("h2")
	vetoed := errors.New("quota")
	veto.Validate = func([]order.Hold) error { return vetoed }
	full.Alternatives[1].Uses[1].Kbps = 100_001
	if err := b.Hold(t.Context(), veto, b.ledger); !errors.Is(err, vetoed) {
		t.Errorf("vetoed: %v", err)
	}
	if err := b.Hold(t.Context(), full, b.ledger); !errors.Is(err, order.ErrConflict) {
		t.Errorf("beyond capacity: %v", err)
	}
	b.clock.advance(30 * time.Second)
	b.noHead(t)
}

func testWarningCredential(t *testing.T, b *bundle) {
	h := b.warned("h1")
	h.Warning.Sink = session.Sink{
		URL: "https://customer.example/events", CredentialType: session.PrivateKeyJWT,
		ClientID: "s2cd-at-acme", TokenURI: "https://as.acme.example/token",
	}
	b.hold(t, h)
	b.clock.advance(30 * time.Second)
	b.restart(t)
	b.warning(t, h)
}
