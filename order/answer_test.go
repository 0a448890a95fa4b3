// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// told is an answer that tells apart what a customer would see change.
func told(v order.View) []byte {
	return fmt.Appendf(nil, "%s lasts %s, is %q, %s; VLAN %d, key %q", v.Session.ID, v.Session.Duration, v.Session.Name, v.Session.Tag(), v.A.VLAN, v.Z.TunnelPublicKey)
}

// shown is what is told of a session now.
func (s *shop) shown(t *testing.T, id session.ID) []byte {
	t.Helper()
	v, err := s.Session(t.Context(), as("acme"), id)
	if err != nil {
		t.Fatal(err)
	}
	return told(v)
}

// TestRepeatedRequestsAreAnsweredAsBefore: whatever has become of the session, the
// catalogue and the time since.
func TestRepeatedRequestsAreAnsweredAsBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	s := openAt(t, nil, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	o := wish(1, 1)
	o.Start = now.Add(time.Minute)
	o.Key, o.Fingerprint, o.Answer = "k-1", "body", told
	made, ordered, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || !bytes.Equal(ordered, s.shown(t, made.ID)) {
		t.Fatalf("%q, want %q: %v", ordered, s.shown(t, made.ID), err)
	}
	e := order.Extension{By: time.Hour, Key: "k-2", Fingerprint: "an hour", Answer: told}
	_, extended, err := s.Extend(t.Context(), as("acme"), made.ID, e)
	if err != nil || !bytes.Equal(extended, s.shown(t, made.ID)) {
		t.Fatalf("%q, want %q: %v", extended, s.shown(t, made.ID), err)
	}
	repeat := func(when string) {
		t.Helper()
		_, again, err := s.Create(t.Context(), as("acme"), o)
		if err != nil || !bytes.Equal(again, ordered) {
			t.Errorf("%s the order is answered %q, was %q: %v", when, again, ordered, err)
		}
		if _, again, err = s.Extend(t.Context(), as("acme"), made.ID, e); err != nil || !bytes.Equal(again, extended) {
			t.Errorf("%s the extension is answered %q, was %q: %v", when, again, extended, err)
		}
	}
	repeat("at once")
	if _, _, err := s.Modify(t.Context(), as("acme"), made.ID, order.Modification{Name: new("renamed")}); err != nil {
		t.Fatal(err)
	}
	repeat("renamed")
	mu.Lock()
	now = now.Add(time.Hour) // the start that was ordered has gone by
	mu.Unlock()
	repeat("later")
	none := testnet.Directory()
	none.Catalogue.Levels = nil
	s.Reload(none)
	repeat("with the level withdrawn")
	if _, err := s.Delete(t.Context(), as("acme"), made.ID, nil); err != nil {
		t.Fatal(err)
	}
	repeat("deleted")
	one := s.stored(t, made.ID)
	one.Phase = session.Released
	if _, err := s.store.Advance(t.Context(), order.Step{Session: one, Return: true}, s.ledger); err != nil {
		t.Fatal(err)
	}
	if n, err := s.store.Purge(t.Context(), now.Add(time.Hour)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	repeat("gone")
}

// TestTwinsAreAnsweredTheSame: of many that are sent at once one is carried out, and
// all are answered what that is.
func TestTwinsAreAnsweredTheSame(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	o := wish(1, 1)
	o.Key, o.Fingerprint, o.Answer = "k-1", "body", told
	orders := atOnce(t, func() ([]byte, error) {
		_, answer, err := s.Create(t.Context(), as("acme"), o)
		return answer, err
	})
	made, _, err := s.Create(t.Context(), as("acme"), wish(2, 2))
	if err != nil {
		t.Fatal(err)
	}
	e := order.Extension{By: time.Hour, Key: "k-2", Fingerprint: "an hour", Answer: told}
	extensions := atOnce(t, func() ([]byte, error) {
		_, answer, err := s.Extend(t.Context(), as("acme"), made.ID, e)
		return answer, err
	})
	for _, answers := range [][][]byte{orders, extensions} {
		if same := slices.CompactFunc(answers, bytes.Equal); len(same) != 1 || len(same[0]) == 0 {
			t.Errorf("answers %q", same)
		}
	}
}

func atOnce(t *testing.T, do func() ([]byte, error)) [][]byte {
	t.Helper()
	answers := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			var err error
			if answers[i], err = do(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return answers
}

// TestAnswerThatFails: a fault in what encodes an answer is the caller's to meet, and
// orders nothing twice.
func TestAnswerThatFails(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	o := wish(1, 1)
	o.Key, o.Fingerprint, o.Answer = "k-1", "body", func(order.View) []byte { panic("a fault") }
	made, answer, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || answer != nil {
		t.Fatal(answer, err)
	}
	if again, answer, err := s.Create(t.Context(), as("acme"), o); err != nil || answer != nil || again.ID != made.ID {
		t.Errorf("repeated: %q %s, %v", answer, again.ID, err)
	}
}
