// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// clock is a time that a test moves on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// heldOffers are the offers of an inquiry that keeps room.
func (s *shop) heldOffers(t testing.TB, o order.Order) []order.LevelOffer {
	t.Helper()
	q := o.Inquiry
	q.Hold, q.Level = true, ""
	a := s.check(t, q)
	for _, one := range a.Offers {
		if !one.HeldUntil.Equal(s.now().Add(5*time.Minute)) || !one.ValidUntil.Equal(one.HeldUntil) {
			t.Fatalf("not held: %+v", one)
		}
	}
	return a.Offers
}

func (s *shop) expire(t testing.TB, want int) {
	t.Helper()
	if n, err := s.store.ExpireHolds(t.Context(), s.now(), s.ledger); n != want || err != nil {
		t.Errorf("%d holds expired, want %d: %v", n, want, err)
	}
}

// taken is the most that is reserved on the link between the PEs, from now on.
func (s *shop) taken(class string) int64 {
	var most int64
	for _, step := range s.ledger.ClassProfile(topology.LinkArc("core", 0), class, s.now(), s.now().Add(100*time.Hour)) {
		most = max(most, step.Kbps)
	}
	return most
}

func wide(site, cloud int, kbps uint64) order.Order {
	o := wish(site, cloud)
	o.Rate = session.Rate{Forward: kbps, Reverse: kbps}
	return o
}

func TestOfferHoldsItsPrice(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openAt(t, nil, c.Now)
	o := wish(1, 1)
	o.OfferID = s.check(t, o.Inquiry).Offers[0].ID
	d := testnet.Directory()
	d.Catalogue.Levels[0].Price.PerMbpsHour *= 10
	s.Reload(d)
	for _, bad := range []struct {
		name   string
		change func(*order.Order)
		want   session.Code
	}{
		{"other rate", func(o *order.Order) { o.Rate.Forward++ }, session.OfferAltered},
		{"other duration", func(o *order.Order) { o.Duration++ }, session.OfferAltered},
		{"other end", func(o *order.Order) { o.A = wish(2, 1).A }, session.OfferAltered},
		{"other start", func(o *order.Order) { o.Start = s.now().Add(time.Hour) }, session.OfferAltered},
		{"altered", func(o *order.Order) { o.OfferID = "x" + o.OfferID[1:] }, session.OfferAltered},
		{"cut", func(o *order.Order) { o.OfferID = o.OfferID[:len(o.OfferID)-1] }, session.OfferAltered},
		{"spelt otherwise", func(o *order.Order) { o.OfferID += "\n" }, session.OfferAltered},
		{"made up", func(o *order.Order) { o.OfferID = strings.Repeat("A", 160) }, session.OfferAltered},
		{"very long", func(o *order.Order) { o.OfferID = strings.Repeat("A", 2048) }, session.OfferAltered},
	} {
		o := o
		bad.change(&o)
		if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != bad.want {
			t.Errorf("%s: %v", bad.name, err)
		}
	}
	if _, _, err := s.Create(t.Context(), as("other"), o); session.CodeOf(err) != session.OfferForeign {
		t.Errorf("foreign: %v", err)
	}
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || made.Price.PerMbpsHour != 3600 {
		t.Fatalf("price %+v, %v", made.Price, err)
	}
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.OfferUsed {
		t.Errorf("used: %v", err)
	}
	c.advance(10 * time.Minute)
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.OfferExpired {
		t.Errorf("expired: %v", err)
	}
}

// TestUsedOfferSaysSo also where the session it was used for is in the way.
func TestUsedOfferSaysSo(t *testing.T) {
	t.Parallel()
	for _, hold := range []bool{false, true} {
		s := open(t, levels)
		o := wide(1, 1, 80_000)
		o.Hold, o.Level = hold, ""
		offers := s.check(t, o.Inquiry).Offers
		for i, level := range []session.LevelName{session.LevelA, session.LevelA, session.LevelAA} {
			o.OfferID, o.Level = offers[min(i, 1)].ID, level
			if i == 1 {
				o.OfferID = offers[0].ID
			}
			_, _, err := s.Create(t.Context(), as("acme"), o)
			if want := [3]session.Code{0, session.OfferUsed, session.OfferUsed}[i]; (err == nil) != (i == 0) || err != nil && session.CodeOf(err) != want {
				t.Errorf("hold %v, order %d: %v", hold, i, err)
			}
		}
	}
}

// TestAlternativesShareOneHold: on what they have in common they take the most
// of any of them, in each class and in all, and not the sum.
func TestAlternativesShareOneHold(t *testing.T) {
	t.Parallel()
	s := open(t, levels)
	offers := s.heldOffers(t, wide(1, 1, 60_000))
	if len(offers) != 2 { // of class assured 60, of class priority 72 Mbit/s
		t.Fatalf("offers %+v", offers)
	}
	if a, p, all := s.taken("assured"), s.taken("priority"), s.reserved(t); a != 60_000 || p != 72_000 || all != 72_000 {
		t.Errorf("taken %d, %d, in all %d", a, p, all)
	}
	if _, _, err := s.Create(t.Context(), as("other"), wide(1, 1, 28_001)); session.CodeOf(err) != session.NoResources {
		t.Errorf("held room was sold: %v", err)
	}
	if _, _, err := s.Create(t.Context(), as("other"), wide(1, 1, 28_000)); err != nil {
		t.Errorf("what is not held: %v", err)
	}
	// The order takes one alternative; the rest of the room is free at once.
	o := wide(1, 1, 60_000)
	o.OfferID = offers[0].ID
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || made.Level != session.LevelA {
		t.Fatalf("%+v, %v", made, err)
	}
	if all := s.reserved(t); all != 88_000 {
		t.Errorf("after the order %d are reserved", all)
	}
	s.expire(t, 0)
}

// reserved is the most that is reserved on the link in all, as the store knows it.
func (s *shop) reserved(t testing.TB) int64 {
	t.Helper()
	fresh := pathcomp.NewLedger(s.now)
	if err := s.store.LoadBookings(t.Context(), fresh.Load); err != nil {
		t.Fatal(err)
	}
	var most [2]int64
	for i, l := range []*pathcomp.Ledger{fresh, s.ledger} {
		for _, step := range l.Profile(topology.LinkArc("core", 0), s.now(), s.now().Add(100*time.Hour)) {
			most[i] = max(most[i], step.Kbps)
		}
	}
	if most[0] != most[1] {
		t.Errorf("stored %d, in the ledger %d", most[0], most[1])
	}
	return most[0]
}

func TestHoldEndsByItself(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openAt(t, nil, c.Now)
	o := wide(1, 1, 60_000)
	o.OfferID = s.heldOffers(t, o)[0].ID
	c.advance(5*time.Minute - time.Second)
	s.expire(t, 0)
	if all := s.reserved(t); all != 60_000 {
		t.Errorf("just before the end %d are held", all)
	}
	c.advance(time.Second)
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.OfferExpired {
		t.Errorf("expired: %v", err)
	}
	s.expire(t, 1)
	s.nothingReserved(t)
	if _, _, err := s.Create(t.Context(), as("other"), wide(1, 1, 100_000)); err != nil {
		t.Errorf("all of it again: %v", err)
	}
}

// TestHeldRoomLastsForTheLatestOrder: an order at the last moment needs its room
// until later than one at once would, and somebody else comes right after it.
func TestHeldRoomLastsForTheLatestOrder(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openAt(t, nil, c.Now)
	o := wide(1, 1, 60_000)
	o.OfferID = s.heldOffers(t, o)[0].ID
	until := s.now().Add(time.Minute + time.Hour + 5*time.Minute) // with deadline, duration and what is held
	next := wide(2, 2, 100_000)
	for next.Start = until; ; next.Start = next.Start.Add(time.Second) {
		if _, _, err := s.Create(t.Context(), as("other"), next); err == nil {
			break
		}
		if next.Start.Sub(until) > time.Minute {
			t.Fatal("nobody can come after the hold")
		}
	}
	c.advance(5*time.Minute - time.Nanosecond)
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || !made.Route.Until.After(until) {
		t.Errorf("%+v, %v", made.Route, err)
	}
}

func TestHoldsAreLimited(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openAt(t, func(d *order.Directory) {
		acme := d.Tenants["acme"]
		acme.Quota = session.Quota{Offers: 2, Kbps: 50_000}
		d.Tenants["acme"] = acme
	}, c.Now)
	first := s.heldOffers(t, wish(1, 1))
	c.advance(time.Minute)
	s.heldOffers(t, wish(2, 2))
	q := wish(3, 3).Inquiry
	if a := s.check(t, q); a.Outcome != order.Available {
		t.Errorf("without a hold: %+v", a)
	}
	q.Hold = true
	refused := func(as order.Caller, q order.Inquiry, field string) {
		t.Helper()
		_, err := s.Check(t.Context(), as, q)
		var e *session.Error
		if !errors.As(err, &e) || e.Code != session.QuotaExceeded || e.Field != field {
			t.Errorf("got %v", err)
		}
	}
	refused(as("acme"), q, "hold")
	if a, err := s.Check(t.Context(), as("other"), q); err != nil || a.Offers[0].HeldUntil.IsZero() {
		t.Errorf("the other tenant: %+v, %v", a, err)
	}
	// What was ordered holds no more, and neither does what expired, also before
	// it is cleaned up.
	o := wish(1, 1)
	o.OfferID = first[0].ID
	if _, _, err := s.Create(t.Context(), as("acme"), o); err != nil {
		t.Fatal(err)
	}
	s.heldOffers(t, wish(3, 3))
	refused(as("acme"), q, "hold")
	c.advance(5 * time.Minute)
	s.heldOffers(t, wish(4, 4))
	q.Rate.Reverse = 50_001
	c.advance(time.Hour)
	refused(as("acme"), q, "guaranteedBandwidth")
}

// busy is a store in which something happens before each hold.
type busy struct {
	order.Store
	before func() error
}

func (b busy) Hold(ctx context.Context, h order.Hold, l order.Ledger) error {
	if err := b.before(); err != nil {
		return err
	}
	return b.Store.Hold(ctx, h, l)
}

// TestRoomGoneIsSearchedAgain: what others took between search and hold is not
// offered, and it is not tried for ever.
func TestRoomGoneIsSearchedAgain(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	q := wide(1, 1, 60_000).Inquiry
	q.Hold = true
	rivals := 0
	a, err := s.serve(t, busy{s.store, func() error {
		rivals++
		_, _, err := s.Create(t.Context(), as("other"), wide(rivals, rivals, 41_000))
		return err
	}}).Check(t.Context(), as("acme"), q)
	if err != nil || a.Outcome != order.AvailableLater || rivals != 1 || a.Refusals[0].MostKbps != 59_000 {
		t.Errorf("after %d rivals: %+v, %v", rivals, a, err)
	}
	q.Rate = session.Rate{Forward: 1000, Reverse: 1000}
	for conflicts, want := range map[int]session.Code{3: session.Internal, 4: session.Aborted} {
		left := conflicts
		a, err := s.serve(t, busy{s.store, func() error {
			if left--; left >= 0 {
				return order.ErrConflict
			}
			return nil
		}}).Check(t.Context(), as("acme"), q)
		if session.CodeOf(err) != want || (err == nil) != (len(a.Offers) == 1 && !a.Offers[0].HeldUntil.IsZero()) {
			t.Errorf("%d conflicts: %+v, %v", conflicts, a, err)
		}
	}
	if left := s.reserved(t); left != 42_000 {
		t.Errorf("%d are reserved", left)
	}
}

// TestRestartKeepsHolds: a ledger made of what the store has keeps others out,
// and the order gets its room.
func TestRestartKeepsHolds(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	o := wide(1, 1, 90_000)
	o.OfferID = s.heldOffers(t, o)[0].ID
	s.restart(t)
	if _, _, err := s.Create(t.Context(), as("other"), wide(1, 1, 20_000)); session.CodeOf(err) != session.NoResources {
		t.Errorf("held room was sold: %v", err)
	}
	if _, _, err := s.Create(t.Context(), as("acme"), o); err != nil {
		t.Error(err)
	}
	s.restart(t)
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.OfferUsed {
		t.Errorf("used before the restart: %v", err)
	}
}
