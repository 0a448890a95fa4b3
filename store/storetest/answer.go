// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func answerTests() tests {
	return tests{
		"the answer to a create is kept with its key": testCreateAnswer,
		"the answer to a step is kept with its key":   testStepAnswer,
		"an answer outlives its session":              testAnswerOutlives,
		"an answer ends with its key":                 testAnswerEnds,
	}
}

// written is an answer that says which state of a session it is of.
func written(s session.Session) []byte {
	return fmt.Appendf(nil, "%s version %d of VPN %d lasts %s", s.ID, s.Version, s.VPN.Number, s.Duration)
}

// answered wants an answer with a key of client c1 of t1; nil: none is kept.
func (b *bundle) answered(t *testing.T, key string, want []byte) {
	t.Helper()
	r, ok, err := b.Repeated(t.Context(), "t1", "c1", key, "one")
	if err != nil || ok != (want != nil) || string(r.Answer) != string(want) {
		t.Errorf("%s: answer %q, %t, want %q: %v", key, r.Answer, ok, want, err)
	}
}

func keyed(key string) order.Admission {
	a := small("t1", "v1")
	a.Session.Client, a.Key, a.Fingerprint, a.Answer = "c1", key, "one", written
	a.Session.Sink = nil // which would be told first
	a.Assign = func(values []uint64) { a.Session.VPN.Number = uint32(values[0]) }
	return a
}

func testCreateAnswer(t *testing.T, b *bundle) {
	refused := keyed("refused")
	refused.Validate = func(order.Holdings) error { return errors.New("veto") }
	r := b.batch(t, keyed("k"), refused, keyed("k"), keyed("other"))
	want := written(r[0].Session)
	if !r[2].Repeated || r[0].Session.VPN.Number == 0 {
		t.Fatalf("admitted %+v", r)
	}
	b.step(t, order.Step{Session: r[0].Session})
	for range 2 {
		b.answered(t, "k", want)
		b.answered(t, "other", written(r[3].Session))
		b.answered(t, "refused", nil)
		b.restart(t)
	}
	none := keyed("none")
	none.Answer = func(session.Session) []byte { return nil }
	s := b.admit(t, none)
	if got, ok, err := b.Repeated(t.Context(), "t1", "c1", "none", "one"); !ok || err != nil || len(got.Answer) > 0 || got.Session.ID != s.ID {
		t.Errorf("without an answer: %+v, %t, %v", got, ok, err)
	}
	unasked := small("t1", "v1")
	unasked.Answer = func(session.Session) []byte { t.Error("asked for without a key"); return nil }
	b.admit(t, unasked)
}

func testStepAnswer(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	longer := func(s session.Session) order.Step {
		s.Duration += time.Hour
		return order.Step{Session: s, Client: "c1", Key: "k", Fingerprint: "one", Answer: written}
	}
	first := b.step(t, longer(s))
	again := longer(first)
	again.Answer = func(session.Session) []byte { t.Error("answered anew"); return nil }
	b.step(t, again)
	for range 2 {
		b.answered(t, "k", written(first))
		b.restart(t)
	}
}

func testAnswerOutlives(t *testing.T, b *bundle) {
	s := b.admit(t, keyed("k"))
	want := written(s)
	b.release(t, s)
	b.clock.advance(time.Hour)
	if n, err := b.Purge(t.Context(), b.clock.Now()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	b.answered(t, "k", want)
}

func testAnswerEnds(t *testing.T, b *bundle) {
	b.admit(t, keyed("k"))
	b.clock.advance(12 * time.Hour)
	want := written(b.admit(t, keyed("later")))
	b.clock.advance(12 * time.Hour)
	for range 2 {
		b.answered(t, "k", nil)
		b.answered(t, "later", want)
		if _, err := b.Purge(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
	again := written(b.admit(t, keyed("k")))
	b.answered(t, "k", again)
}
