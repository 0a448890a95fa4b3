// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func secretTests() tests {
	return tests{
		"one is kept as long as a session has it": testSecretLives,
		"a refused admission leaves none":         testNoSecret,
	}
}

// withSecret is an order that refers to a secret.
func withSecret(vpn, ref, value string) order.Admission {
	a := small("t1", vpn)
	a.Session.A.Routing.Secret, a.Session.Sink = ref, nil
	a.Secrets = []order.Secret{{Ref: ref, Value: session.Hidden(value)}}
	return a
}

func (b *bundle) wantSecret(t *testing.T, ref, want string) {
	t.Helper()
	got, err := b.Secret(t.Context(), ref)
	if got != want || (err == nil) != (want != "") {
		t.Errorf("%s stands for %q, want %q: %v", ref, got, want, err)
	}
}

func testSecretLives(t *testing.T, b *bundle) {
	b.wantSecret(t, "ref-1", "")
	results := b.batch(t, withSecret("v1", "ref-1", "one"), withSecret("v1", "ref-1", "one"), withSecret("v2", "ref-2", "two"))
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	b.restart(t)
	b.wantSecret(t, "ref-1", "one")
	b.wantSecret(t, "ref-2", "two")
	first := b.release(t, results[0].Session)
	b.wantSecret(t, "ref-1", "one")
	b.release(t, results[1].Session)
	b.wantSecret(t, "ref-1", "")
	b.wantSecret(t, "ref-2", "two")
	first.Name = "renamed after its end"
	b.step(t, order.Step{Session: first})
	if n, err := b.Purge(t.Context(), b.clock.advance(time.Second)); n != 2 || err != nil {
		t.Errorf("purged %d: %v", n, err)
	}
}

func testNoSecret(t *testing.T, b *bundle) {
	refused := withSecret("v1", "ref-1", "one")
	refused.Validate = func(order.Holdings) error { return session.Errorf(session.Invalid, "", "no") }
	late := withSecret("v2", "ref-2", "two")
	late.Events = append(late.Events, late.Events...)
	late.Session.Devices = append(late.Session.Devices, late.Session.Devices...)
	results := b.batch(t, refused, late, withSecret("v3", "ref-3", "three"))
	if results[0].Err == nil || results[1].Err == nil || results[2].Err != nil {
		t.Fatal(results)
	}
	b.wantSecret(t, "ref-1", "")
	b.wantSecret(t, "ref-2", "")
	b.wantSecret(t, "ref-3", "three")
}
