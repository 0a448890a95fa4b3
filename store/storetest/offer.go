// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// using is an order for what an offer without a hold promises.
func (b *bundle) using(id string) order.Admission {
	a := small("t1", "v1")
	a.Offer, a.OfferExpires = id, b.clock.Now().Add(time.Hour)
	return a
}

func (b *bundle) spent(t *testing.T, id string, want bool) {
	t.Helper()
	if got, err := b.Spent(t.Context(), id); got != want || err != nil {
		t.Errorf("%s spent: %v, %v, want %v", id, got, err, want)
	}
}

func testOfferOnce(t *testing.T, b *bundle) {
	b.spent(t, "o1", false)
	r := b.batch(t, b.using("o1"), b.using("o1"), b.using("o2"))
	if r[0].Err != nil || !errors.Is(r[1].Err, order.ErrHoldSpent) || r[2].Err != nil {
		t.Errorf("errors %v, %v, %v; want none, spent, none", r[0].Err, r[1].Err, r[2].Err)
	}
	b.restart(t)
	wantCode(t, b.batch(t, b.using("o1"))[0].Err, session.OfferUsed)
	b.spent(t, "o1", true)
	b.hold(t, b.held("h1"))
	b.spent(t, "h1", false)
	b.admit(t, b.spending("h1"))
	b.spent(t, "h1", true)
}

func testOfferLeft(t *testing.T, b *bundle) {
	refused := func() order.Admission {
		a := b.using("o1")
		a.Pools = append(a.Pools, order.PoolRequest{Pool: "p", Holder: "h", Min: 1, Max: 0})
		return a
	}
	r := b.batch(t, refused(), small("t1", "v1"))
	wantCode(t, r[0].Err, session.NoResources)
	b.spent(t, "o1", false)
	r = b.batch(t, refused(), b.using("o1"))
	wantCode(t, r[0].Err, session.NoResources)
	if r[1].Err != nil {
		t.Errorf("after one that was refused: %v", r[1].Err)
	}
	b.spent(t, "o1", true)
}

func testOfferPurged(t *testing.T, b *bundle) {
	b.admit(t, b.using("o1"))
	for _, want := range []bool{true, false} {
		if _, err := b.Purge(t.Context(), b.clock.advance(40*time.Minute)); err != nil {
			t.Fatal(err)
		}
		b.spent(t, "o1", want)
	}
}
