// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// market is customers that do as they like.
type market struct {
	*shop
	*testing.T
	clock  *clock
	random *rand.Rand
	offers []*heldOffer
	live   []session.Session
	seen   map[string]int // what happened
}

type heldOffer struct {
	order.Order
	until time.Time
	used  bool
}

// TestHoldsAreKeptInAnyOrder plays random holds, orders, expiries and rivals:
// what is held can be ordered, once, until it expires, whatever others do.
func TestHoldsAreKeptInAnyOrder(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := market{shop: openAt(t, nil, c.Now), T: t, clock: c, random: rand.New(rand.NewPCG(1, 2)), seen: map[string]int{}}
	steps := []func(){m.holds, m.orders, m.orders, m.rivals, m.waits}
	for range 120 {
		steps[m.random.IntN(len(steps))]()
		if all := m.reserved(t); all > 100_000 {
			t.Fatalf("oversold: %d", all)
		}
		if len(m.live) > 3 {
			m.release(t, m.live[0])
			m.live = m.live[1:]
		}
	}
	if faults, err := m.store.Audit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("audit: %v %v", faults, err)
	}
	for _, what := range []string{"held", "redeemed", "used", "expired", "rival kept out", "rival"} {
		if m.seen[what] == 0 {
			t.Errorf("never %s: %v", what, m.seen)
		}
	}
}

func (m *market) wish() order.Order {
	n := 1 + m.random.IntN(testnet.Sites)
	return wide(n, n, 1000*(1+m.random.Uint64N(60)))
}

func (m *market) holds() {
	o := m.wish()
	o.Hold = true
	if a := m.check(m, o.Inquiry); a.Outcome == order.Available {
		o.OfferID = a.Offers[0].ID
		m.offers = append(m.offers, &heldOffer{o, a.Offers[0].HeldUntil, false})
		m.seen["held"]++
	}
}

func (m *market) orders() {
	if len(m.offers) == 0 {
		return
	}
	o := m.offers[max(0, len(m.offers)-1-m.random.IntN(3))]
	made, _, err := m.Create(m.Context(), as("acme"), o.Order)
	want, what := session.Exists, "already tunnelled" // the one tunnel of the access point is there
	switch {
	case !m.now().Before(o.until):
		want, what = session.OfferExpired, "expired"
	case o.used:
		want, what = session.OfferUsed, "used"
	case err == nil:
		o.used = true
		m.live = append(m.live, made)
		m.seen["redeemed"]++
		return
	}
	m.seen[what]++
	if session.CodeOf(err) != want {
		m.Errorf("%s: got %v", what, err)
	}
}

func (m *market) rivals() {
	made, _, err := m.Create(m.Context(), as("other"), m.wish())
	switch code := session.CodeOf(err); {
	case err == nil:
		m.seen["rival"]++
		m.live = append(m.live, made)
	case code == session.NoResources:
		m.seen["rival kept out"]++
	case code != session.Exists:
		m.Errorf("rival: %v", err)
	}
}

func (m *market) waits() {
	m.clock.advance(time.Duration(1+m.random.IntN(300)) * time.Second)
	if _, err := m.store.ExpireHolds(m.Context(), m.now(), m.ledger); err != nil {
		m.Error(err)
	}
}
