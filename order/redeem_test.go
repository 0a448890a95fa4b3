// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// The link has 100 Mbit/s for all. A hold of both levels keeps what the larger
// one needs; once the smaller one was ordered the rest is free, and whoever comes
// may have it. What the level that is ordered needs is never free.

// watched is a store that has a rival try after each change of the ledger by an
// order.
type watched struct {
	order.Store
	rival func(after string)
}

func (w *watched) AdmitBatch(ctx context.Context, batch []order.Admission, l order.Ledger) ([]order.AdmitResult, error) {
	return w.Store.AdmitBatch(ctx, batch, &watchedLedger{l, w.rival})
}

type watchedLedger struct {
	order.Ledger
	rival func(after string)
}

func (w *watchedLedger) Reserve(owner string, a pathcomp.Admission) error {
	err := w.Ledger.Reserve(owner, a)
	w.rival("Reserve")
	return err
}

func (w *watchedLedger) Settle(bookings []pathcomp.Booking) {
	w.Ledger.Settle(bookings)
	w.rival("Settle")
}

func (w *watchedLedger) Withdraw(owner string) {
	w.Ledger.Withdraw(owner)
	w.rival("Withdraw")
}

// TestHeldRoomIsNeverFree: no step of an order that is refused after it has
// reserved, of the one that is admitted, or of one more leaves the level's room
// to somebody else.
func TestHeldRoomIsNeverFree(t *testing.T) {
	t.Parallel()
	for i, level := range []session.LevelName{session.LevelA, session.LevelAA} {
		needs := []uint64{80_000, 96_000}[i]
		s := open(t, func(d *order.Directory) {
			levels(d)
			d.Pools.Tunnels["gw1"] = order.Range{Min: 51820, Max: 51820}
		})
		if _, _, err := s.Create(t.Context(), as("other"), wide(2, 2, 1000)); err != nil {
			t.Fatal(err)
		}
		o := wide(1, 1, 80_000)
		o.OfferID, o.Level = s.heldOffers(t, o)[i].ID, level
		var steps []string
		service := s.serve(t, &watched{s.store, func(after string) {
			steps = append(steps, after)
			if s.fits(100_000 - 1000 - needs + 1) {
				t.Errorf("level %s: after %v a rival got held room", level, steps)
			}
		}})
		if _, _, err := service.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.NoResources {
			t.Errorf("level %s: without a tunnel: %v", level, err)
		}
		if all := s.reserved(t); all != 97_000 {
			t.Errorf("level %s: after the refused order %d are reserved", level, all)
		}
		more := testnet.Directory()
		levels(more)
		service.Reload(more)
		for _, want := range []session.Code{0, session.OfferUsed} {
			if _, _, err := service.Create(t.Context(), as("acme"), o); (err == nil) != (want == 0) || err != nil && session.CodeOf(err) != want {
				t.Errorf("level %s: %v, want %v", level, err, want)
			}
		}
		if want := []string{"Reserve", "Withdraw", "Reserve", "Settle"}; len(steps) != len(want) {
			t.Errorf("level %s: a rival tried after %v, want %v", level, steps, want)
		}
		if all := s.reserved(t); all != int64(1000+needs) {
			t.Errorf("level %s: after the order %d are reserved", level, all)
		}
	}
}

// fits says whether somebody else could have kbps on the link now.
func (s *shop) fits(kbps uint64) bool {
	const rival = "rival"
	err := s.ledger.Reserve(rival, pathcomp.Admission{
		Class: "assured", Window: pathcomp.Window{From: s.now(), Until: s.now().Add(time.Hour)},
		Uses: []pathcomp.Use{{Arc: topology.LinkArc("core", 0), Kbps: kbps}},
	})
	s.ledger.Withdraw(rival)
	return err == nil
}

// TestRivalsNeverGetHeldRoom: while orders of held offers come, and others try
// for the same room until all are answered, every held offer is redeemed once and
// the link is never oversold. Four holds keep 24 Mbit/s each, for level AA; where
// all are redeemed at level A, 20 Mbit/s become free. Rivals want a little more:
// they would fit whenever one hold's room was free, and else never.
func TestRivalsNeverGetHeldRoom(t *testing.T) {
	t.Parallel()
	const free = 100_000 - testnet.Sites*20_000
	s := open(t, levels)
	var held [testnet.Sites][]order.LevelOffer
	for i := range held {
		held[i] = s.heldOffers(t, wide(i+1, i+1, 20_000))
	}
	var orders, rivals sync.WaitGroup
	var won [testnet.Sites]int
	var mu sync.Mutex
	answered := make(chan struct{})
	for i := range held {
		for n := range 4 { // both levels' offers, each twice
			orders.Go(func() {
				o := wide(i+1, i+1, 20_000)
				offer := held[i][n%2]
				o.OfferID, o.Level = offer.ID, offer.Level
				_, _, err := s.Create(t.Context(), as("acme"), o)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won[i]++
				} else if session.CodeOf(err) != session.OfferUsed {
					t.Errorf("offer %d of %d: %v", n, i, err)
				}
			})
		}
		rivals.Go(func() {
			for {
				if _, _, err := s.Create(t.Context(), as("other"), wide(i+1, i+1, free+1)); session.CodeOf(err) != session.NoResources {
					t.Errorf("rival %d: %v", i, err)
					return
				}
				select {
				case <-answered:
					return
				default:
				}
			}
		})
	}
	orders.Wait()
	close(answered)
	rivals.Wait()
	if won != [testnet.Sites]int{1, 1, 1, 1} {
		t.Errorf("orders that held offers got: %v", won)
	}
	if all := s.reserved(t); all < 80_000 || all > 96_000 {
		t.Errorf("%d are reserved", all)
	}
	if x := s.ledger.Excesses(); len(x) > 0 {
		t.Errorf("oversold: %v", x)
	}
}
