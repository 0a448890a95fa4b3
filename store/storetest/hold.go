// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

func holdTests() tests {
	return tests{
		"a hold takes the most of its alternatives":   testHoldTakesMost,
		"a hold is all of its alternatives or none":   testHoldWhole,
		"a spent hold's room is never free":           testSpend,
		"a hold that cannot be spent says why":        testUnspendable,
		"a refused admission leaves its hold":         testHoldLeft,
		"two orders in one batch spend a hold once":   testSpentOnce,
		"expired holds return their room":             testExpire,
		"validation sees the holds of the tenant":     testHoldValidate,
		"holds that ended are forgotten after a time": testHoldPurged,
		"an offer without a hold is used once":        testOfferOnce,
		"a refused admission leaves its offer":        testOfferLeft,
		"a used offer is known until it expires":      testOfferPurged,
	}
}

// held is a hold of two alternatives that share an arc.
func (b *bundle) held(id string) order.Hold {
	return order.Hold{
		ID: id, Tenant: "t1", Expires: b.clock.Now().Add(time.Minute),
		Alternatives: []pathcomp.Admission{
			{Class: "gold", Window: window(), Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 60_000}, {Arc: "link:b>", Kbps: 10}}},
			{Class: "best", Window: window(), Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 70_000}, {Arc: "link:c>", Kbps: 10}}},
		},
	}
}

func (b *bundle) hold(t *testing.T, h order.Hold) {
	t.Helper()
	if err := b.Hold(t.Context(), h, b.ledger); err != nil {
		t.Fatal(err)
	}
}

// spending is an order for the first alternative of a hold.
func (b *bundle) spending(id string) order.Admission {
	a := small("t1", "v1")
	a.Hold, a.Route = id, b.held(id).Alternatives[0]
	return a
}

func (b *bundle) taken(t *testing.T, want ...uint64) {
	t.Helper()
	for i, arc := range []topology.ArcName{"link:a>", "link:b>", "link:c>"} {
		if got := b.ledger.Taken(arc, window()); got != want[i] {
			t.Errorf("%s: %d kbit/s taken, want %d", arc, got, want[i])
		}
	}
}

func testHoldTakesMost(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	b.taken(t, 70_000, 10, 10)
	b.restart(t)
	b.taken(t, 70_000, 10, 10)
	a := small("t1", "v1")
	a.Route.Uses[0].Kbps = 30_001
	if r := b.batch(t, a)[0]; !errors.Is(r.Err, order.ErrConflict) {
		t.Errorf("held room was sold: %v", r.Err)
	}
}

func testHoldWhole(t *testing.T, b *bundle) {
	h := b.held("h1")
	h.Alternatives[1].Uses[1].Kbps = 100_001
	if err := b.Hold(t.Context(), h, b.ledger); !errors.Is(err, order.ErrConflict) {
		t.Errorf("a hold beyond capacity: %v", err)
	}
	b.taken(t, 0, 0, 0)
	for _, bad := range []func(*order.Hold){
		func(h *order.Hold) { h.ID = "" },
		func(h *order.Hold) { h.Tenant = "" },
		func(h *order.Hold) { h.Alternatives = nil },
		func(h *order.Hold) { h.Expires = b.clock.Now() },
	} {
		h := b.held("h1")
		bad(&h)
		wantCode(t, b.Hold(t.Context(), h, b.ledger), session.Invalid)
	}
	b.hold(t, b.held("h1"))
	wantCode(t, b.Hold(t.Context(), b.held("h1"), b.ledger), session.Exists)
}

func testSpend(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	fills := small("t1", "v1")
	fills.Route.Uses[0].Kbps = 30_000
	b.admit(t, fills)
	// The order that spends takes more than is free, and the one behind it no
	// more than was free before: the rest of the hold returns with the commit.
	greedy := small("t1", "v1")
	greedy.Route.Uses[0].Kbps = 10_000
	r := b.batch(t, b.spending("h1"), greedy)
	if r[0].Err != nil || !errors.Is(r[1].Err, order.ErrConflict) {
		t.Fatalf("errors %v, %v; want none, conflict", r[0].Err, r[1].Err)
	}
	b.taken(t, 90_000, 10, 0)
	b.restart(t)
	b.taken(t, 90_000, 10, 0)
	b.admit(t, greedy)
	b.release(t, r[0].Session)
	b.taken(t, 40_000, 0, 0)
	if n, err := b.ExpireHolds(t.Context(), b.clock.advance(time.Hour), b.ledger); n != 0 || err != nil {
		t.Errorf("%d holds expired, want 0: %v", n, err)
	}
}

func testUnspendable(t *testing.T, b *bundle) {
	b.hold(t, b.held("used"))
	b.admit(t, b.spending("used"))
	foreign := b.held("foreign")
	foreign.Tenant = "t2"
	foreign.Alternatives = foreign.Alternatives[:1]
	foreign.Alternatives[0].Uses = []pathcomp.Use{{Arc: "link:d>", Kbps: 1}}
	b.hold(t, foreign)
	late := foreign
	late.ID, late.Tenant = "late", "t1"
	b.hold(t, late)
	b.clock.advance(time.Minute)
	for id, want := range map[string]struct {
		why  error
		code session.Code
	}{
		"used": {order.ErrHoldSpent, session.OfferUsed}, "foreign": {order.ErrHoldForeign, session.OfferForeign},
		"late": {order.ErrHoldExpired, session.OfferExpired}, "none": {order.ErrHoldUnknown, session.OfferExpired},
	} {
		err := b.batch(t, b.spending(id))[0].Err
		wantCode(t, err, want.code)
		if !errors.Is(err, want.why) {
			t.Errorf("%s: %v, want %v", id, err, want.why)
		}
	}
	if n, err := b.ExpireHolds(t.Context(), b.clock.Now(), b.ledger); n != 2 || err != nil {
		t.Errorf("%d holds expired, want 2: %v", n, err)
	}
	if err := b.batch(t, b.spending("late"))[0].Err; !errors.Is(err, order.ErrHoldExpired) {
		t.Errorf("ended: %v", err)
	}
}

func testHoldLeft(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	refused := b.spending("h1")
	refused.Pools = append(refused.Pools, order.PoolRequest{Pool: "p", Holder: "h", Min: 1, Max: 0})
	r := b.batch(t, refused, small("t1", "v1"))
	wantCode(t, r[0].Err, session.NoResources)
	b.taken(t, 70_010, 10, 10)
	b.admit(t, b.spending("h1"))
	b.taken(t, 60_010, 10, 0)
}

func testSpentOnce(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	r := b.batch(t, b.spending("h1"), b.spending("h1"))
	if r[0].Err != nil || !errors.Is(r[1].Err, order.ErrHoldSpent) {
		t.Errorf("errors %v, %v; want none, spent", r[0].Err, r[1].Err)
	}
	b.taken(t, 60_000, 10, 0)
}

func testExpire(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	later := b.held("h2")
	later.Expires = later.Expires.Add(time.Minute)
	later.Alternatives = later.Alternatives[:1]
	later.Alternatives[0].Uses = later.Alternatives[0].Uses[1:]
	b.hold(t, later)
	for i, want := range []int{0, 1, 0, 1} {
		n, err := b.ExpireHolds(t.Context(), b.clock.Now(), b.ledger)
		if n != want || err != nil {
			t.Errorf("look %d: %d holds expired, want %d: %v", i, n, want, err)
		}
		b.clock.advance([]time.Duration{time.Minute, 0, time.Minute, 0}[i])
		b.taken(t, []uint64{70_000, 0, 0, 0}[i], []uint64{20, 10, 10, 0}[i], []uint64{10, 0, 0, 0}[i])
	}
}

func testHoldValidate(t *testing.T, b *bundle) {
	count := func(tenant session.TenantID, id string, want int) {
		t.Helper()
		h := b.held(id)
		h.Tenant, h.Alternatives = tenant, []pathcomp.Admission{{Window: window(), Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 1}}}}
		veto := errors.New("veto")
		h.Validate = func(live []order.Hold) error {
			if len(live) != want {
				t.Errorf("%s sees %+v, want %d", id, live, want)
			}
			return veto
		}
		if err := b.Hold(t.Context(), h, b.ledger); !errors.Is(err, veto) {
			t.Errorf("%s: %v", id, err)
		}
		h.Validate = nil
		b.hold(t, h)
	}
	count("t1", "h1", 0)
	count("t1", "h2", 1)
	count("t2", "h3", 0)
	spends := b.spending("h1")
	spends.Route.Uses = spends.Route.Uses[1:]
	b.admit(t, spends)
	count("t1", "h4", 1)
	b.clock.advance(time.Minute)
	count("t1", "h5", 0)
}

func testHoldPurged(t *testing.T, b *bundle) {
	b.hold(t, b.held("h1"))
	if _, err := b.ExpireHolds(t.Context(), b.clock.advance(time.Minute), b.ledger); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Purge(t.Context(), b.clock.advance(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := b.batch(t, b.spending("h1"))[0].Err; !errors.Is(err, order.ErrHoldUnknown) {
		t.Errorf("after it was purged: %v", err)
	}
	b.hold(t, b.held("h1"))
}
