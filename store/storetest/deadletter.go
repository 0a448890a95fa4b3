// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func deadLetterTests() tests {
	return tests{
		"they are told after all, in order":      testReplay,
		"a stream that ended for good lives on":  testReplayDead,
		"a delivery in flight is not overtaken":  testReplayInFlight,
		"nothing is replayed where nothing died": testReplayNothing,
		"they are listed by session and tenant":  testDeadLettersOf,
		"they outlive the session for a week":    testDeadLettersKept,
	}
}

func (b *bundle) dead(t *testing.T, f order.DeadLetterFilter) []order.DeadLetter {
	t.Helper()
	f.Limit = 10
	list, err := b.DeadLetters(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (b *bundle) giveUp(t *testing.T, final bool) order.Stream {
	t.Helper()
	h := b.head(t)
	if err := b.GiveUp(t.Context(), h, b.clock.Now(), "503", final); err != nil {
		t.Fatal(err)
	}
	return h
}

// hear takes events in turn and compares their numbers.
func (b *bundle) hear(t *testing.T, seqs ...uint64) {
	t.Helper()
	for _, want := range seqs {
		h := b.head(t)
		if h.Event.Seq != want || h.Tries != 0 || !h.Since.IsZero() {
			t.Errorf("head = %+v, want event %d", h, want)
		}
		if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b.noHead(t)
}

func testReplay(t *testing.T, b *bundle) {
	s := b.told(t, 1)
	first := b.giveUp(t, false)
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.hear(t, 3)
	n, err := b.Replay(t.Context(), s.ID)
	if err != nil || n != 3 {
		t.Fatalf("%d events, %v; want 3", n, err)
	}
	if left := b.dead(t, order.DeadLetterFilter{}); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
	b.restart(t)
	h := b.head(t)
	if h.Event.ID != first.Event.ID {
		t.Errorf("event %+v has another id than %+v", h.Event, first.Event)
	}
	if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.hear(t, 2, 3)
}

func testReplayDead(t *testing.T, b *bundle) {
	s := b.told(t, 0)
	b.giveUp(t, true)
	b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.noHead(t)
	if n, err := b.Replay(t.Context(), s.ID); err != nil || n != 2 {
		t.Fatalf("%d events, %v; want 2", n, err)
	}
	b.hear(t, 1, 2)
}

func testReplayInFlight(t *testing.T, b *bundle) {
	s := b.told(t, 0)
	b.giveUp(t, false)
	b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	flying := b.head(t)
	if _, err := b.Replay(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	b.noHead(t)
	wantCode(t, b.Delivered(t.Context(), flying, b.clock.Now()), session.Aborted)
	b.noHead(t)
	b.clock.advance(time.Minute) // its lease
	b.hear(t, 1, 2)
}

func testReplayNothing(t *testing.T, b *bundle) {
	s := b.told(t, 0)
	for _, id := range []session.ID{s.ID, "unknown"} {
		_, err := b.Replay(t.Context(), id)
		wantCode(t, err, session.NotFound)
	}
	b.hear(t, 1)
}

func testDeadLettersOf(t *testing.T, b *bundle) {
	one := b.told(t, 1)
	b.giveUp(t, false)
	other := b.admit(t, small("t2", "v2"))
	b.giveUp(t, true)
	at := b.clock.Now()
	want := []order.DeadLetter{
		{Session: one.ID, Tenant: one.Tenant, Last: 2, Reason: "503", At: at},
		{Session: other.ID, Tenant: other.Tenant, Last: 1, Reason: "503", At: at},
	}
	for _, tt := range []struct {
		f    order.DeadLetterFilter
		want []order.DeadLetter
	}{
		{order.DeadLetterFilter{}, want},
		{order.DeadLetterFilter{Session: one.ID}, want[:1]},
		{order.DeadLetterFilter{Tenant: other.Tenant}, want[1:]},
		{order.DeadLetterFilter{Session: one.ID, Tenant: other.Tenant}, nil},
	} {
		if d := same(tt.want, b.dead(t, tt.f)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.f, d)
		}
	}
}

func testDeadLettersKept(t *testing.T, b *bundle) {
	s := b.release(t, b.told(t, 0))
	b.giveUp(t, true)
	const week = 7 * 24 * time.Hour
	b.clock.advance(week - time.Second)
	if n, err := b.Purge(t.Context(), b.clock.Now()); err != nil || n != 0 {
		t.Fatalf("%d sessions purged, %v", n, err)
	}
	if n, err := b.Replay(t.Context(), s.ID); err != nil || n != 1 {
		t.Fatalf("%d events, %v; want 1", n, err)
	}
	b.giveUp(t, true)
	b.clock.advance(week + time.Second)
	if n, err := b.Purge(t.Context(), b.clock.Now()); err != nil || n != 1 {
		t.Fatalf("%d sessions purged, %v", n, err)
	}
}
