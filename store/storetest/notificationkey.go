// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func notificationKeyTests() tests {
	return tests{
		"they outlive a restart and end in turn":   testNotificationKeys,
		"how to fetch a sink's token is kept":      testClientCredential,
		"a sink without credential has no secrets": testNoCredential,
	}
}

func testNotificationKeys(t *testing.T, b *bundle) {
	add := func(fill byte, until time.Time) order.NotificationKey {
		t.Helper()
		k := order.NotificationKey{Secret: bytes.Repeat([]byte{fill}, 32), From: b.clock.Now()}
		if err := b.AddNotificationKey(t.Context(), k, until); err != nil {
			t.Fatal(err)
		}
		return k
	}
	check := func(want ...order.NotificationKey) {
		t.Helper()
		got, err := b.NotificationKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := same(want, got); d != "" {
			t.Errorf("keys (-want +got):\n%s", d)
		}
	}
	check()
	first := add(1, b.clock.Now())
	b.restart(t)
	check(first)
	day := b.clock.Now().Add(24 * time.Hour)
	second := add(2, day)
	first.Until = day
	check(first, second)
	third := add(3, day.Add(time.Hour)) // the first does not live longer for it
	second.Until = day.Add(time.Hour)
	b.restart(t)
	check(first, second, third)
	b.clock.advance(24 * time.Hour)
	check(second, third)
	fourth := add(4, b.clock.Now()) // at once
	check(fourth)
}

func testClientCredential(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Session.Sink = &session.Sink{
		URL: "https://customer.example/events", CredentialType: session.PrivateKeyJWT,
		ClientID: "s2cd-at-customer", TokenURI: "https://as.customer.example/token", JWKSURI: "https://api.example/jwks",
	}
	want := *a.Session.Sink
	s := b.admit(t, a)
	b.restart(t)
	if d := same(want, b.head(t).Sink); d != "" {
		t.Errorf("of the stream (-want +got):\n%s", d)
	}
	got, err := b.Session(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := same(&want, got.Sink); d != "" {
		t.Errorf("of the session (-want +got):\n%s", d)
	}
}

func testNoCredential(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Session.Sink = &session.Sink{URL: "https://customer.example/events"}
	b.admit(t, a)
	if d := same(session.Sink{URL: "https://customer.example/events"}, b.head(t).Sink); d != "" {
		t.Errorf("sink (-want +got):\n%s", d)
	}
}
