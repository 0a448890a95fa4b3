// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

func bookTests() tests {
	return tests{
		"an arc is never over-booked by many at once": testNeverOverbooked,
		"a book loaded anew equals the one that grew": testLoad,
		"an error while loading ends it":              testLoadFails,
		"a book behind the log is loaded anew":        testReloaded,
		"a book ahead of the store is refused":        testAhead,
		"two daemons never sell the same room":        testDaemons,
	}
}

// testNeverOverbooked lets 200 customers fight for one arc that has room for
// ten, and replays its log with other arithmetic than the ledger's.
func testNeverOverbooked(t *testing.T, b *bundle) {
	const customers, rounds, capacity = 200, 3, 100_000
	var wg sync.WaitGroup
	for c := range customers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(c)))
			for range rounds {
				if err := b.comeAndGo(t, random, c); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	log, err := b.Bookings(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	sold := 0
	for _, one := range log {
		if !one.Release {
			sold++
		}
	}
	t.Logf("%d of %d admitted", sold, customers*rounds)
	if sold < 20 { // how many get through depends on who comes when
		t.Errorf("only %d were ever admitted", sold)
	}
	sweep(t, log, capacity)
	if left := b.ledger.Taken("link:a>", pathcomp.Window{From: epoch, Until: epoch.Add(100 * time.Hour)}); left != 0 {
		t.Errorf("%d kbit/s left", left)
	}
}

// comeAndGo orders once and, if admitted, ends the session again.
func (b *bundle) comeAndGo(t *testing.T, random *rand.Rand, customer int) error {
	tenant := string(rune('a' + customer%7))
	a := small("t"+tenant, "v"+tenant)
	from := epoch.Add(time.Duration(random.IntN(8)) * time.Minute)
	a.Route.Window = pathcomp.Window{From: from, Until: from.Add(time.Duration(1+random.IntN(5)) * time.Minute)}
	a.Route.Uses[0].Kbps = uint64(5_000 + 1_000*random.IntN(20))
	results, err := b.AdmitBatch(t.Context(), []order.Admission{a}, b.ledger)
	if err != nil || errors.Is(results[0].Err, order.ErrConflict) {
		return err
	}
	if err := results[0].Err; err != nil {
		return err
	}
	s := results[0].Session
	s.Phase = session.Releasing
	if s, err = b.Advance(t.Context(), order.Step{Session: s}, b.ledger); err != nil {
		return err
	}
	s.Phase = session.Released
	_, err = b.Advance(t.Context(), order.Step{Session: s, Return: true}, b.ledger)
	return err
}

// sweep replays a log of one arc without variants: its numbers have no gaps,
// nothing is released that was not taken, and after each booking no minute holds
// more than capacity.
func sweep(t *testing.T, log []pathcomp.Booking, capacity int64) {
	t.Helper()
	minutes := make([]int64, 24*60)
	held := map[string]pathcomp.Booking{}
	for i, b := range log {
		if b.Seq != uint64(i)+1 {
			t.Fatalf("booking %d has number %d", i, b.Seq)
		}
		sign := int64(1)
		if b.Release {
			was, ok := held[b.Owner]
			if !ok {
				t.Fatalf("booking %d: %s releases what it has not", b.Seq, b.Owner)
			}
			delete(held, b.Owner)
			b.Window, b.Uses, sign = was.Window, was.Uses, -1
		} else {
			held[b.Owner] = b
		}
		for m := int(b.Window.From.Sub(epoch).Minutes()); m < int(b.Window.Until.Sub(epoch).Minutes()); m++ {
			if minutes[m] += sign * int64(b.Uses[0].Kbps); minutes[m] > capacity || minutes[m] < 0 {
				t.Fatalf("booking %d: minute %d holds %d kbit/s", b.Seq, m, minutes[m])
			}
		}
	}
}

func testLoad(t *testing.T, b *bundle) {
	var live []session.Session
	for i := range 40 {
		a := small("t1", "v1")
		a.Route.Uses = []pathcomp.Use{{Arc: arcName(i % 5), Kbps: uint64(i + 1)}, {Arc: arcName(5 + i%3), Kbps: 7}}
		live = append(live, b.admit(t, a))
	}
	for i, s := range live {
		if i%2 == 0 || i%5 == 3 {
			b.release(t, s)
		}
	}
	before := b.ledger
	b.restart(t)
	for i := range 8 {
		arc := arcName(i)
		if was, is := before.Taken(arc, window()), b.ledger.Taken(arc, window()); was != is {
			t.Errorf("%s: %d kbit/s became %d", arc, was, is)
		}
	}
	if was, is := before.Known(), b.ledger.Known(); was != is {
		t.Errorf("booking %d became %d", was, is)
	}
	owners := map[string]bool{}
	err := b.LoadBookings(t.Context(), func(one pathcomp.Booking) error {
		if one.Owner != "" && (one.Class != "gold" || len(one.Uses) != 2 || one.Window != window()) {
			t.Errorf("loaded %+v", one)
		}
		owners[one.Owner] = true
		return nil
	})
	if err != nil || len(owners) < 10 {
		t.Errorf("%d owners: %v", len(owners), err)
	}
	b.admit(t, small("t1", "v1"))
}

func testLoadFails(t *testing.T, b *bundle) {
	b.admit(t, small("t1", "v1"))
	stop := errors.New("stop")
	if err := b.LoadBookings(t.Context(), func(pathcomp.Booking) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
	if known := b.ledger.Known(); known != 1 {
		t.Errorf("booking %d, want 1", known)
	}
}

// testReloaded has a book miss bookings that are no longer in the log.
func testReloaded(t *testing.T, b *bundle) {
	live := b.admit(t, small("t1", "v1"))
	other := NewLedger(100_000)
	if _, err := b.AdmitBatch(t.Context(), []order.Admission{small("t1", "v1")}, other); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.release(t, b.admit(t, small("t1", "v1")))
	}
	b.clock.advance(time.Hour)
	if _, err := b.Purge(t.Context(), b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	log, err := b.Bookings(t.Context(), 0)
	if err != nil || len(log) != 3 || log[0].Owner != string(live.ID) || log[2].Seq != 8 || !log[2].Release {
		t.Errorf("the log after it was trimmed: %+v, %v", log, err)
	}
	if _, err := b.AdmitBatch(t.Context(), []order.Admission{small("t1", "v1")}, other); err != nil {
		t.Fatal(err)
	}
	if got, reloads := other.Taken("link:a>", window()), other.Reloads(); got != 30 || reloads != 1 {
		t.Errorf("%d kbit/s after %d reloads, want 30 after 1", got, reloads)
	}
	if f := other.Faults(); len(f) > 0 {
		t.Error(f)
	}
	b.restart(t)
	if known, want := b.ledger.Known(), other.Known(); known != want {
		t.Errorf("after a restart booking %d is known, want %d", known, want)
	}
}

// testAhead shows a store a book of another store, or of a newer copy.
func testAhead(t *testing.T, b *bundle) {
	other := NewLedger(100_000)
	if err := other.Load(pathcomp.Booking{Seq: 7}); err != nil {
		t.Fatal(err)
	}
	r, err := b.AdmitBatch(t.Context(), []order.Admission{small("t1", "v1")}, other)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, r[0].Err, session.Internal)
}
