// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

func asErrorAs(err error, target **session.Error) bool { return errors.As(err, target) }

func cmpopt() []cmp.Option {
	return []cmp.Option{cmpopts.EquateComparable(topology.Use{}), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b session.End) bool { return a.AccessPoint == b.AccessPoint })}
}

// quota is the test net's directory with a limit for acme.
func quota(kbps uint64) *order.Directory {
	d := testnet.Directory()
	a := d.Tenants["acme"]
	a.Quota.Kbps = kbps
	d.Tenants["acme"] = a
	return d
}

// wider has ten times the bandwidth on all links of the square.
func wider(t *testing.T) pathcomp.Update {
	t.Helper()
	var u pathcomp.Update
	for _, l := range testnet.Square().Links {
		l.Kbps = [2]uint64{1_000_000, 1_000_000}
		u.Links = append(u.Links, l)
	}
	return u
}

func TestExtensionIsRepeatedWithoutEffect(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := openAt(t, nil, clock)
	one := s.sold(t, 1, session.LevelA, 10_000)
	key := order.Extension{By: time.Hour, Key: "k-1", Fingerprint: "one hour", Match: order.Match{one.Tag()}}
	for range 3 { // If-Match is of the first: the repeated ones are answered all the same
		v, _, err := s.Extend(t.Context(), as("acme"), one.ID, key)
		if err != nil || v.Session.Duration != 2*time.Hour {
			t.Fatalf("%s, %v", v.Session.Duration, err)
		}
	}
	other := key
	other.Fingerprint = "two hours"
	if _, _, err := s.Extend(t.Context(), as("acme"), one.ID, other); session.CodeOf(err) != session.Exists {
		t.Errorf("another body: %v", err)
	}
	o := wish(2, 2)
	o.Key, o.Fingerprint = key.Key, "an order"
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.Exists {
		t.Errorf("a create with the key of an extension: %v", err)
	}
	if _, _, err := s.Extend(t.Context(), order.Caller{Tenant: "acme", Client: "another"}, one.ID, order.Extension{By: time.Hour, Key: "k-1", Fingerprint: "x"}); err != nil {
		t.Errorf("another client's key: %v", err)
	}
	mu.Lock()
	now = now.Add(24 * time.Hour)
	mu.Unlock()
	key.Match = nil
	if v, _, err := s.Extend(t.Context(), as("acme"), one.ID, key); err != nil || v.Session.Duration != 4*time.Hour {
		t.Errorf("a day later: %s, %v", v.Session.Duration, err)
	}
}

// One that is granted nothing is remembered too: it grants nothing later either.
func TestExtensionBeyondTheMaximumIsRemembered(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	one := s.sold(t, 1, session.LevelA, 10_000)
	if _, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: 1000 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	key := order.Extension{By: time.Hour, Key: "k-1", Fingerprint: "one hour"}
	for range 2 {
		if v, _, err := s.Extend(t.Context(), as("acme"), one.ID, key); err != nil || v.Session.Duration != 48*time.Hour {
			t.Fatalf("%s, %v", v.Session.Duration, err)
		}
		d := testnet.Directory()
		d.Catalogue.MaxDuration = 100 * time.Hour
		s.Reload(d)
	}
}

func TestConcurrentRepeatsExtendOnce(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	one := s.sold(t, 1, session.LevelA, 10_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: time.Hour, Key: "k-1", Fingerprint: "one hour"})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := s.stored(t, one.ID); got.Duration != 2*time.Hour {
		t.Errorf("lasts %s", got.Duration)
	}
}

func TestLongerWindowIsAdmittedBeforeItIsPromised(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	one := s.sold(t, 1, session.LevelA, 60_000)
	later := big(2, 60_000)
	later.Start = one.Route.Until.Add(time.Minute)
	if _, _, err := s.Create(t.Context(), as("acme"), later); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Extend(t.Context(), as("acme"), one.ID, order.Extension{By: time.Hour, Key: "k-1", Fingerprint: "one hour"})
	if session.CodeOf(err) != session.NoResources {
		t.Errorf("sold twice: %v", err)
	}
	if got := s.stored(t, one.ID); got.Duration != one.Duration || got.Version != one.Version {
		t.Errorf("changed: %+v", got)
	}
}

func TestDeleteHoldsTheAccount(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := openAt(t, func(d *order.Directory) { d.Catalogue.Levels[0].Price.EarlyPermille = 250 }, clock)
	one := s.active(t, s.sold(t, 1, session.LevelA, 100_000))
	mu.Lock()
	now = now.Add(20 * time.Minute)
	mu.Unlock()
	if _, err := s.Delete(t.Context(), as("acme"), one.ID, order.Match{"another"}); session.CodeOf(err) != session.Precondition {
		t.Errorf("in another state: %v", err)
	}
	v, err := s.Delete(t.Context(), as("acme"), one.ID, order.Match{"another", one.Tag()})
	if err != nil {
		t.Fatal(err)
	}
	// 20 min of 100 Mbit/s, and a quarter of the other 40.
	a := v.Account
	if !a.Final || a.Usage.Minor != 120 || a.Early.Minor != 60 || a.Total.Minor != 680 || v.Fee != a.Total || a.Served != 20*time.Minute {
		t.Errorf("account %+v", a)
	}
	mu.Lock()
	now = now.Add(20 * time.Minute)
	mu.Unlock()
	again, err := s.Delete(t.Context(), as("acme"), one.ID, nil)
	if diff := cmp.Diff(a, again.Account); err != nil || diff != "" {
		t.Errorf("later %v (-then +now):\n%s", err, diff)
	}
}
