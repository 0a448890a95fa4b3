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
	"github.com/s2cd/s2cd/topology"
)

func bookTests() tests {
	return tests{
		"an arc is never over-booked by many at once": testNeverOverbooked,
		"a book loaded anew equals the one that grew": testLoad,
		"an error while loading ends it":              testLoadFails,
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
	changes, err := b.ArcChanges(t.Context(), "link:a>", 0)
	if err != nil {
		t.Fatal(err)
	}
	sold := 0
	for _, c := range changes {
		if c.Kbps > 0 {
			sold++
		}
	}
	t.Logf("%d of %d admitted", sold, customers*rounds)
	if sold < 20 { // how many get through depends on who comes when
		t.Errorf("only %d were ever admitted", sold)
	}
	sweep(t, changes, capacity)
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

// sweep replays a log: versions are dense, nothing is returned that was not
// taken, and after each change no minute holds more than capacity.
func sweep(t *testing.T, changes []pathcomp.Change, capacity int64) {
	t.Helper()
	minutes := make([]int64, 24*60)
	owners := map[string]int64{}
	for i, c := range changes {
		if c.Version != uint64(i)+1 {
			t.Fatalf("change %d has version %d", i, c.Version)
		}
		for m := int(c.Window.From.Sub(epoch).Minutes()); m < int(c.Window.Until.Sub(epoch).Minutes()); m++ {
			if minutes[m] += c.Kbps; minutes[m] > capacity || minutes[m] < 0 {
				t.Fatalf("version %d: minute %d holds %d kbit/s", c.Version, m, minutes[m])
			}
		}
		if owners[c.Owner] += c.Kbps; owners[c.Owner] < 0 {
			t.Fatalf("version %d: %s returned more than it had", c.Version, c.Owner)
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
		if was, is := before.Known(arc), b.ledger.Known(arc); was != is {
			t.Errorf("%s: version %d became %d", arc, was, is)
		}
	}
	owners := map[string]bool{}
	err := b.LoadArcs(t.Context(), func(c pathcomp.Change) error {
		if c.Kbps != 0 && (c.Class != "gold" || c.Owner == "" || c.Window != window()) {
			t.Errorf("loaded %+v", c)
		}
		owners[c.Owner] = true
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
	if err := b.LoadArcs(t.Context(), func(pathcomp.Change) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
	if known := b.ledger.Known(topology.ArcName("link:a>")); known != 1 {
		t.Errorf("version %d, want 1", known)
	}
}
