// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func outboxTests() tests {
	return tests{
		"events are told in order":                    testInOrder,
		"a retry keeps the head of the line":          testRetry,
		"a dead stream keeps its letters":             testDead,
		"a given up stream goes on with later events": testRevived,
		"what is postponed was not tried":             testPostpone,
		"a stream has one holder":                     testStreamLease,
		"due streams take turns":                      testStreamTurns,
		"without sink nobody is told":                 testNoSink,
		"a sink that comes later":                     testLateSink,
		"what waits outlives a restart":               testStreamRestart,
		"a stream is given back once":                 testGivenBackOnce,
		"a new event does not hurry a retry":          testNoHurry,
		"quiet events do not make it due":             testQuiet,
		"released sessions are told about too":        testToldReleased,
	}
}

func (b *bundle) stream(t *testing.T) (order.Stream, bool) {
	t.Helper()
	now := b.clock.Now()
	s, ok, err := b.ClaimStream(t.Context(), "d1", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return s, ok
}

// head claims a stream that has to be due.
func (b *bundle) head(t *testing.T) order.Stream {
	t.Helper()
	s, ok := b.stream(t)
	if !ok {
		t.Fatal("no stream is due")
	}
	return s
}

func (b *bundle) noHead(t *testing.T) {
	t.Helper()
	if s, ok := b.stream(t); ok {
		t.Errorf("stream is due: %+v", s)
	}
}

// told is a session with notifications 2, 3 ... behind the first.
func (b *bundle) told(t *testing.T, more int) session.Session {
	t.Helper()
	s := b.admit(t, small("t1", "v1"))
	for i := range more {
		s = b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: fmt.Sprint(i + 2), Notify: true}}})
	}
	return s
}

func testInOrder(t *testing.T, b *bundle) {
	s := b.told(t, 2)
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: "quiet"}, {Cause: "last", Notify: true}}})
	timeline, err := b.Timeline(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 2, 3, 5} {
		h := b.head(t)
		if d := same(timeline[want-1], h.Event); d != "" {
			t.Errorf("event %d (-want +got):\n%s", want, d)
		}
		if h.Session != s.ID || h.Tenant != s.Tenant || h.Sink.Token != "secret" || h.Sink.URL != s.Sink.URL || h.Tries != 0 || !h.Since.IsZero() {
			t.Errorf("stream = %+v", h)
		}
		b.noHead(t) // one delivery in flight
		if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b.noHead(t)
}

func testRetry(t *testing.T, b *bundle) {
	b.told(t, 1)
	first := b.head(t)
	began := b.clock.Now()
	for try := 1; try < 4; try++ {
		at := b.clock.Now().Add(time.Duration(try) * time.Second)
		h := first
		if try > 1 {
			h = b.head(t)
		}
		if err := b.RetryAt(t.Context(), h, at, "refused"); err != nil {
			t.Fatal(err)
		}
		b.clock.advance(time.Duration(try)*time.Second - time.Microsecond)
		b.noHead(t)
		b.clock.advance(time.Microsecond)
	}
	h := b.head(t)
	if h.Event.ID != first.Event.ID || h.Tries != 3 || !h.Since.Equal(began) {
		t.Errorf("after three tries: %+v", h)
	}
	if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if next := b.head(t); next.Event.Seq != 2 || next.Tries != 0 || !next.Since.IsZero() {
		t.Errorf("next = %+v", next)
	}
}

func testDead(t *testing.T, b *bundle) {
	s := b.told(t, 1)
	if err := b.GiveUp(t.Context(), b.head(t), b.clock.Now(), "410", true); err != nil {
		t.Fatal(err)
	}
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.clock.advance(24 * time.Hour)
	b.noHead(t)
	b.restart(t)
	b.noHead(t)
	if events, err := b.Timeline(t.Context(), s.ID); err != nil || len(events) != 3 {
		t.Errorf("%d events left, want 3: %v", len(events), err)
	}
}

func testRevived(t *testing.T, b *bundle) {
	s := b.told(t, 1)
	h := b.head(t)
	if err := b.RetryAt(t.Context(), h, b.clock.Now(), "503"); err != nil {
		t.Fatal(err)
	}
	if err := b.GiveUp(t.Context(), b.head(t), b.clock.Now(), "too old", false); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(24 * time.Hour)
	b.noHead(t)
	b.restart(t)
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: "quiet"}}})
	b.noHead(t)
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Status: session.Terminated, Notify: true}}})
	h = b.head(t)
	if h.Event.Seq != 4 || h.Event.Status != session.Terminated || h.Tries != 0 || !h.Since.IsZero() {
		t.Errorf("head = %+v", h)
	}
	if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.noHead(t)
	if events, err := b.Timeline(t.Context(), s.ID); err != nil || len(events) != 4 {
		t.Errorf("%d events left, want 4: %v", len(events), err)
	}
}

func testPostpone(t *testing.T, b *bundle) {
	b.told(t, 0)
	if err := b.Postpone(t.Context(), b.head(t), b.clock.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	b.noHead(t)
	began := b.clock.advance(time.Second)
	h := b.head(t)
	if h.Tries != 0 || !h.Since.IsZero() {
		t.Errorf("postponed = %+v", h)
	}
	for _, back := range []func() error{
		func() error { return b.RetryAt(t.Context(), h, b.clock.advance(time.Second), "503") },
		func() error { return b.Postpone(t.Context(), h, b.clock.advance(time.Second)) },
	} {
		if err := back(); err != nil {
			t.Fatal(err)
		}
		h = b.head(t)
		if h.Tries != 1 || h.Since.Before(began) || h.Since.After(began.Add(time.Second)) {
			t.Errorf("after one try since %v: %+v", began, h)
		}
	}
}

func testStreamLease(t *testing.T, b *bundle) {
	b.told(t, 0)
	old := b.head(t)
	b.clock.advance(time.Minute)
	taken := b.head(t)
	if taken.Fence <= old.Fence || taken.Event.ID != old.Event.ID {
		t.Errorf("taken over %+v after %+v", taken, old)
	}
	now := b.clock.Now()
	wantCode(t, b.Delivered(t.Context(), old, now), session.Aborted)
	wantCode(t, b.RetryAt(t.Context(), old, now, "late"), session.Aborted)
	wantCode(t, b.GiveUp(t.Context(), old, now, "late", false), session.Aborted)
	wantCode(t, b.Postpone(t.Context(), old, now), session.Aborted)
	if err := b.Delivered(t.Context(), taken, now); err != nil {
		t.Error(err)
	}
}

func testStreamTurns(t *testing.T, b *bundle) {
	first := b.told(t, 3)
	b.clock.advance(time.Second)
	second := b.told(t, 0)
	h := b.head(t)
	if h.Session != first.ID {
		t.Fatal("the stream that is due longest comes first")
	}
	b.clock.advance(time.Second)
	if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if h := b.head(t); h.Session != second.ID {
		t.Error("a long stream keeps another waiting")
	}
}

func testNoSink(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Session.Sink = nil
	s := b.admit(t, a)
	b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.noHead(t)
}

func testLateSink(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Session.Sink = nil
	s := b.admit(t, a)
	s.Sink = &session.Sink{URL: "https://late.example"}
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: "first it hears", Notify: true}}})
	if h := b.head(t); h.Event.Seq != 2 || h.Sink.URL != s.Sink.URL {
		t.Errorf("head = %+v", h)
	}
	s.Sink = nil
	b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.clock.advance(time.Hour)
	b.noHead(t)
}

func testStreamRestart(t *testing.T, b *bundle) {
	b.told(t, 1)
	b.head(t) // and crash
	b.restart(t)
	b.noHead(t)
	b.clock.advance(time.Minute)
	if h := b.head(t); h.Event.Seq != 1 {
		t.Errorf("head = %+v", h)
	}
}

func testGivenBackOnce(t *testing.T, b *bundle) {
	b.told(t, 1)
	h := b.head(t)
	if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.Delivered(t.Context(), h, b.clock.Now()), session.Aborted)
	if h := b.head(t); h.Event.Seq != 2 {
		t.Errorf("head = %+v", h)
	}
}

func testNoHurry(t *testing.T, b *bundle) {
	s := b.told(t, 0)
	if err := b.RetryAt(t.Context(), b.head(t), b.clock.Now().Add(time.Hour), "503"); err != nil {
		t.Fatal(err)
	}
	b.step(t, order.Step{Session: s, Events: []session.Event{{Notify: true}}})
	b.clock.advance(time.Minute)
	b.noHead(t)
}

func testQuiet(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Events[0].Notify = false
	s := b.admit(t, a)
	b.step(t, order.Step{Session: s, Events: []session.Event{{Cause: "quiet"}}})
	b.noHead(t)
}

func testToldReleased(t *testing.T, b *bundle) {
	s := b.release(t, b.admit(t, small("t1", "v1")))
	s = b.step(t, order.Step{Session: s, Events: []session.Event{{Status: session.Terminated, Notify: true}}})
	if err := b.Delivered(t.Context(), b.head(t), b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if h := b.head(t); h.Session != s.ID || h.Event.Status != session.Terminated {
		t.Errorf("head = %+v", h)
	}
}
