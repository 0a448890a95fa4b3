// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/topology"
)

// shop is the use cases on a real store and a real core; nothing delivers.
type shop struct {
	*order.Service
	store  *sqlite.Store
	ledger *pathcomp.Ledger
	core   *pathcomp.Core
	now    func() time.Time
	woken  []session.ID

	path      string // what it is started from
	network   *topology.Network
	directory *order.Directory
}

type silent struct{}

func (silent) Measured(session.Session) order.Measured { return order.Measured{} }

func open(t testing.TB, change func(*order.Directory)) *shop {
	t.Helper()
	return openAt(t, change, func() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) })
}

func openAt(t testing.TB, change func(*order.Directory), now func() time.Time) *shop {
	t.Helper()
	return openOn(t, testnet.Network(), change, now)
}

func openOn(t testing.TB, n *topology.Network, change func(*order.Directory), now func() time.Time) *shop {
	t.Helper()
	s := &shop{now: now, path: filepath.Join(t.TempDir(), "s2cd.db"), network: n, directory: testnet.Directory()}
	if change != nil {
		change(s.directory)
	}
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	return s
}

// start makes all of it anew from what the store has.
func (s *shop) start(t testing.TB) {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitetest.Put(s.path); err != nil {
		t.Fatal(err)
	}
	s.store, err = sqlite.Open(t.Context(), sqlite.Config{Path: s.path, Clock: s.now, Logger: slog.New(slog.DiscardHandler), Seal: box})
	if err != nil {
		t.Fatal(err)
	}
	s.ledger = pathcomp.NewLedger(s.now)
	if err := s.store.LoadBookings(t.Context(), s.ledger.Load); err != nil {
		t.Fatal(err)
	}
	if s.core, err = pathcomp.NewCore(s.network, s.ledger, s.now); err != nil {
		t.Fatal(err)
	}
	s.Service = s.serve(t, s.store)
}

// serve makes the use cases on a store that stands in for s's.
func (s *shop) serve(t testing.TB, store order.Store) *order.Service {
	t.Helper()
	var mu sync.Mutex
	service, err := order.New(order.Config{
		Store: store, Paths: s.core, Ledger: s.ledger, Meter: silent{}, Directory: s.directory, OfferKey: make([]byte, 32), Clock: s.now,
		NewID: func() session.ID { return session.ID(uuid.NewString()) },
		Wake:  func(one session.Session) { mu.Lock(); defer mu.Unlock(); s.woken = append(s.woken, one.ID) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func (s *shop) stop(t testing.TB) {
	t.Helper()
	if err := s.store.Close(); err != nil {
		t.Error(err)
	}
}

func (s *shop) restart(t testing.TB) {
	t.Helper()
	s.stop(t)
	s.start(t)
}

func as(tenant session.TenantID) order.Caller {
	return order.Caller{Tenant: tenant, Client: string(tenant) + "-app", Correlator: "c-1"}
}

func wish(site, cloud int) order.Order {
	return order.Order{
		Inquiry: order.Inquiry{
			A: order.EndRequest{AccessPoint: fmt.Sprintf("site%d", site), Prefixes: prefixes(fmt.Sprintf("10.%d.0.0/16", site))},
			Z: order.EndRequest{
				AccessPoint: fmt.Sprintf("cloud%d", cloud), Prefixes: prefixes(fmt.Sprintf("172.16.%d.0/24", cloud)),
				WireGuard: &order.WireGuardEnd{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
			},
			Rate: session.Rate{Forward: 10_000, Reverse: 10_000}, Duration: time.Hour, Level: session.LevelA,
		},
		Routing: session.Static,
	}
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestFaultyOrdersAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, c := range []struct {
		name   string
		change func(*order.Order)
		code   session.Code
		field  string
	}{
		{"unknown access point", func(o *order.Order) { o.A.AccessPoint = "site99" }, session.AreaNotSupported, "accessPoint.id"},
		{"unknown address", func(o *order.Order) {
			o.Z.AccessPoint, o.Z.Type, o.Z.Primary = "", session.Cloud, netip.MustParseAddr("192.0.2.99")
		}, session.AreaNotSupported, "endPoint.primaryIpAddress"},
		{"secondary not connected", func(o *order.Order) {
			o.A.AccessPoint, o.A.Type, o.A.Primary, o.A.Secondary = "", session.Site, netip.MustParseAddr("10.255.1.2"), netip.MustParseAddr("10.255.9.2")
		}, session.AreaNotSupported, "accessPoint.secondaryIpAddress"},
		{"same end twice", func(o *order.Order) { o.Z = o.A }, session.Invalid, "endPoint"},
		{"protected", func(o *order.Order) { o.Protected = true }, session.NotSupported, "accessPoint"},
		{"level not sold", func(o *order.Order) { o.Level = "B" }, session.Invalid, "sla"},
		{"no bandwidth", func(o *order.Order) { o.Rate = session.Rate{} }, session.OutOfRange, "guaranteedBandwidth"},
		{"more than the line", func(o *order.Order) { o.Rate.Forward = 2_000_000 }, session.NoResources, "guaranteedBandwidth"},
		{"more than the link", func(o *order.Order) { o.Rate.Forward = 200_000 }, session.NoResources, "guaranteedBandwidth"},
		{"start in the past", func(o *order.Order) { o.Start = s.now().Add(-time.Second) }, session.Invalid, "startTime"},
		{"too long", func(o *order.Order) { o.Duration = 49 * time.Hour }, session.DurationTooLong, "duration"},
		{"negative duration", func(o *order.Order) { o.Duration = -time.Second }, session.OutOfRange, "duration"},
		{"no prefixes", func(o *order.Order) { o.A.Prefixes = nil }, session.Invalid, "accessPoint.staticPrefixes"},
		{"prefix with host bits", func(o *order.Order) { o.A.Prefixes = prefixes("10.1.2.3/16") }, session.Invalid, "accessPoint.staticPrefixes"},
		{"prefixes overlap", func(o *order.Order) { o.A.Prefixes = prefixes("10.1.0.0/16", "10.1.128.0/17") }, session.Invalid, "accessPoint.staticPrefixes"},
		{"both ends have it", func(o *order.Order) { o.Z.Prefixes = prefixes("10.1.1.0/24") }, session.Invalid, "endPoint.staticPrefixes"},
		{"tunnel to a line", func(o *order.Order) { o.A.WireGuard = o.Z.WireGuard }, session.Invalid, "accessPoint.wireguard"},
		{"tunnel without key", func(o *order.Order) { o.Z.WireGuard = nil }, session.Invalid, "endPoint.wireguard"},
		{"BGP through a tunnel", func(o *order.Order) { o.Z.PeerAS = 65001 }, session.NotSupported, "endPoint.asNumber"},
		{"BGP within the provider's AS", func(o *order.Order) { o.Routing, o.A.PeerAS = session.BGP, 65000 }, session.NotSupported, "accessPoint.asNumber"},
		{"BGP without AS number", func(o *order.Order) { o.Routing = session.BGP }, session.Invalid, "accessPoint.asNumber"},
		{"AS number without BGP", func(o *order.Order) { o.A.PeerAS = 65001 }, session.Invalid, "routingProtocol"},
		{"IPv6 without addresses at the handoff", func(o *order.Order) { o.Z.Prefixes = prefixes("2001:db8:1::/48") }, session.NotSupported, "endPoint.staticPrefixes"},
		{"start in a lifetime", func(o *order.Order) { o.Start = s.now().AddDate(21, 0, 0) }, session.OutOfRange, "startTime"},
		{"token that has expired", func(o *order.Order) {
			o.Sink = &session.Sink{CredentialType: session.AccessToken, TokenExpires: s.now()}
		}, session.TokenExpired, "sinkCredential.accessTokenExpiresUtc"},
		{"server elsewhere", func(o *order.Order) {
			o.Server = &session.ApplicationServer{IPv4: netip.MustParsePrefix("172.16.9.1/32")}
		}, session.Invalid, "applicationServer.ipv4Address"},
		{"more servers than lie behind", func(o *order.Order) {
			o.Server = &session.ApplicationServer{IPv4: netip.MustParsePrefix("172.16.0.0/16")}
		}, session.Invalid, "applicationServer.ipv4Address"},
		{"server of a family that is not there", func(o *order.Order) {
			o.Server = &session.ApplicationServer{IPv4: netip.MustParsePrefix("172.16.1.1/32"), IPv6: netip.MustParsePrefix("2001:db8::1/128")}
		}, session.Invalid, "applicationServer.ipv6Address"},
		{"made-up offer", func(o *order.Order) { o.OfferID = "abc" }, session.OfferAltered, "offerId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := wish(1, 1)
			c.change(&o)
			_, _, err := s.Create(t.Context(), as("acme"), o)
			var refusal *session.Error
			if !asError(err, &refusal) || refusal.Code != c.code || refusal.Field != c.field || refusal.Detail == "" {
				t.Errorf("got %v (code %d), want code %d for %q", err, session.CodeOf(err), c.code, c.field)
			}
		})
	}
	t.Run("nobody's client", func(t *testing.T) {
		t.Parallel()
		if _, _, err := s.Create(t.Context(), as("nobody"), wish(1, 1)); session.CodeOf(err) != session.Forbidden {
			t.Errorf("got %v", err)
		}
	})
	t.Cleanup(func() { s.nothingReserved(t) })
}

func asError(err error, target **session.Error) bool {
	e, ok := err.(*session.Error) //nolint:errorlint // the refusal itself is asked for
	if ok {
		*target = e
	}
	return ok
}

// uses returns what a session has reserved on its route, which is the same at all
// times.
func (s *shop) uses(t *testing.T, one session.Session) []pathcomp.Use {
	t.Helper()
	uses := s.ledger.Uses(string(one.ID), one.Route.Variant)
	if len(uses) == 0 {
		t.Errorf("%s has nothing reserved in variant %d", one.ID, one.Route.Variant)
	}
	for _, b := range s.ledger.Bookings(string(one.ID)) {
		if b.Variant == one.Route.Variant && !slices.Equal(b.Uses, uses) {
			t.Errorf("%s has reserved %v and %v in variant %d", one.ID, uses, b.Uses, b.Variant)
		}
	}
	return uses
}

// nothingReserved fails when anything is held.
func (s *shop) nothingReserved(t *testing.T) {
	t.Helper()
	err := s.store.LoadBookings(context.WithoutCancel(t.Context()), func(b pathcomp.Booking) error {
		if b.Owner != "" {
			return fmt.Errorf("%s still has %v", b.Owner, b.Uses)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSessionsOfOneSiteShareItsVPN(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	create := func(tenant session.TenantID, site, cloud int) session.Session {
		made, _, err := s.Create(t.Context(), as(tenant), wish(site, cloud))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	one, two := create("acme", 1, 1), create("acme", 1, 2)
	if one.VPN != two.VPN || one.A.RD != two.A.RD || one.Z.Transfer.VLAN != two.Z.Transfer.VLAN || one.Z.Tunnel.Port == two.Z.Tunnel.Port {
		t.Errorf("one site, two clouds:\n%+v\n%+v", one, two)
	}
	apart := create("acme", 3, 3)
	foreign := create("other", 1, 1)
	for _, o := range []session.Session{apart, foreign} {
		if o.VPN.ID == one.VPN.ID || o.VPN.VRF == one.VPN.VRF || o.A.RD == one.A.RD || o.Z.Transfer.VLAN == one.Z.Transfer.VLAN {
			t.Errorf("not apart:\n%+v\n%+v", one, o)
		}
	}
	if _, _, err := s.Create(t.Context(), as("acme"), wish(3, 1)); session.CodeOf(err) != session.Incompatible {
		t.Errorf("joining two VPNs: %v", err)
	}
	if _, _, err := s.Create(t.Context(), as("acme"), wish(1, 1)); session.CodeOf(err) != session.Exists || !strings.Contains(err.Error(), string(one.ID)) {
		t.Errorf("ordered again: %v", err)
	}
	other := wish(1, 1)
	other.Z.WireGuard = &order.WireGuardEnd{PublicKey: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
	if _, _, err := s.Create(t.Context(), as("acme"), other); session.CodeOf(err) != session.PrefixOverlap {
		t.Errorf("the same prefixes behind another tunnel: %v", err)
	}
	clash := wish(1, 4)
	clash.Z.Prefixes = prefixes("172.16.2.128/25")
	if _, _, err := s.Create(t.Context(), as("acme"), clash); session.CodeOf(err) != session.PrefixOverlap || !strings.Contains(err.Error(), "overlaps") {
		t.Errorf("overlap within a VPN: %v", err)
	}
}

func TestConcurrentOrdersFoundOneVPN(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	vpns := map[session.VPNID]int{}
	for cloud := 1; cloud <= testnet.Sites; cloud++ {
		wg.Go(func() {
			made, _, err := s.Create(context.WithoutCancel(t.Context()), as("acme"), wish(1, cloud))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("cloud %d: %v", cloud, err)
			}
			vpns[made.VPN.ID]++
		})
	}
	wg.Wait()
	if len(vpns) != 1 {
		t.Errorf("VPNs %v", vpns)
	}
}

func TestQuotaAndForeignSessions(t *testing.T) {
	t.Parallel()
	s := open(t, func(d *order.Directory) {
		a := d.Tenants["acme"]
		a.Quota = session.Quota{Sessions: 2, Kbps: 25_000}
		d.Tenants["acme"] = a
	})
	made, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	big := wish(2, 2)
	big.Rate.Reverse = 20_000
	if _, _, err := s.Create(t.Context(), as("acme"), big); session.CodeOf(err) != session.QuotaExceeded {
		t.Errorf("rate: %v", err)
	}
	if _, _, err := s.Create(t.Context(), as("acme"), wish(2, 2)); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Create(t.Context(), as("acme"), wish(3, 3)); session.CodeOf(err) != session.QuotaExceeded {
		t.Errorf("count: %v", err)
	}
	for name, call := range map[string]func(order.Caller, session.ID) error{
		"get": func(c order.Caller, id session.ID) error { _, err := s.Session(t.Context(), c, id); return err },
		"extend": func(c order.Caller, id session.ID) error {
			_, _, err := s.Extend(t.Context(), c, id, order.Extension{By: time.Hour})
			return err
		},
		"delete": func(c order.Caller, id session.ID) error { _, err := s.Delete(t.Context(), c, id, nil); return err },
	} {
		if err := call(as("other"), made.ID); session.CodeOf(err) != session.Forbidden {
			t.Errorf("foreign %s: %v", name, err)
		}
		if err := call(as("acme"), session.ID(uuid.NewString())); session.CodeOf(err) != session.NotFound {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
	page, err := s.Sessions(t.Context(), as("other"), order.ListFilter{Page: 1, PerPage: 10})
	if err != nil || page.Total != 0 {
		t.Errorf("the other tenant sees %+v, %v", page, err)
	}
}

func TestExtendReservesLongerAndIsCapped(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	made, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	// A new revision of the topology changes nothing of what was sold.
	next := *testnet.Network()
	next.Revision++
	if err := s.core.Swap(&next); err != nil {
		t.Fatal(err)
	}
	v, _, err := s.Extend(t.Context(), as("acme"), made.ID, order.Extension{By: time.Hour})
	if err != nil || v.Session.Duration != 2*time.Hour || v.Session.Route.Until.Sub(made.Route.Until) != time.Hour {
		t.Fatalf("%+v, %v", v.Session, err)
	}
	if v, _, err = s.Extend(t.Context(), as("acme"), made.ID, order.Extension{By: 1000 * time.Hour}); err != nil || v.Session.Duration != 48*time.Hour {
		t.Errorf("not capped: %v, %v", v.Session.Duration, err)
	}
	at := v.Session.Route.Until.Add(-time.Second)
	for _, u := range s.uses(t, made) {
		if p := s.ledger.Profile(u.Arc, at, at.Add(time.Second)); len(p) == 0 || p[0].Kbps != int64(u.Kbps) {
			t.Errorf("%s has %+v reserved at the end, want %d", u.Arc, p, u.Kbps)
		}
	}
	if _, err := s.Delete(t.Context(), as("acme"), made.ID, nil); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Delete(t.Context(), as("acme"), made.ID, nil); err != nil || v.Session.StatusInfo != session.DeleteRequested {
		t.Errorf("deleted again: %+v, %v", v.Session, err)
	}
	if _, _, err := s.Extend(t.Context(), as("acme"), made.ID, order.Extension{By: time.Hour}); session.CodeOf(err) != session.Incompatible {
		t.Errorf("extending what ends: %v", err)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	o := wish(1, 1)
	o.Key, o.Fingerprint = "k-1", order.Fingerprint([]byte("body"))
	first, answer, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || answer != nil {
		t.Fatal(answer, err)
	}
	again, answer, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || answer != nil || again.ID != first.ID {
		t.Errorf("repeated: %q %s, %v", answer, again.ID, err)
	}
	// Also when nothing of it could be ordered any more.
	gone := testnet.Directory()
	gone.Catalogue.Levels = nil
	s.Reload(gone)
	if again, _, err = s.Create(t.Context(), as("acme"), o); err != nil || again.ID != first.ID {
		t.Errorf("repeated after the level was withdrawn: %s, %v", again.ID, err)
	}
	o.Fingerprint = order.Fingerprint([]byte("another body"))
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.Exists {
		t.Errorf("same key, other body: %v", err)
	}
}

// A pool of each kind: sessions come and go, nothing leaks and nothing is given
// twice.
//
// S2CD_STRESS_ROUNDS says how often all sites are sold, if not 10 times.
func TestPoolsNeverLeak(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	rounds := 10
	if text := os.Getenv("S2CD_STRESS_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("S2CD_STRESS_ROUNDS: %v", err)
		}
	}
	for round := range rounds {
		var made []session.Session
		used := map[string]session.ID{}
		for i := 1; i <= testnet.Sites; i++ {
			for _, tenant := range []session.TenantID{"acme", "other"} {
				one, _, err := s.Create(t.Context(), as(tenant), wish(i, i))
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				made = append(made, one)
				for _, v := range []string{
					"vrf " + one.VPN.VRF, "rd " + one.A.RD, "rd " + one.Z.RD, fmt.Sprint("vlan ", one.Z.Transfer.VLAN),
					fmt.Sprint("transfer ", one.Z.Transfer.PE), fmt.Sprint("port ", one.Z.Tunnel.Port),
				} {
					if other, twice := used[v]; twice {
						t.Fatalf("%s given to %s and %s", v, other, one.ID)
					}
					used[v] = one.ID
				}
			}
		}
		for _, one := range made {
			s.release(t, one)
		}
	}
	s.nothingReserved(t)
	last, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil || last.VPN.Number != 1 || last.Z.Transfer.VLAN != 100 || last.Z.Tunnel.Port != 51820 {
		t.Errorf("after %d sessions the lowest values are not free: %+v, %v", rounds*2*testnet.Sites, last, err)
	}
}

// release takes a session to its end as provision would.
func (s *shop) release(t *testing.T, one session.Session) {
	t.Helper()
	ended, err := s.store.Advance(t.Context(), order.Ending(one, session.DurationExpired, "test", "", s.now()), s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	ended.Phase, ended.Status = session.Released, session.Terminated
	if _, err := s.store.Advance(t.Context(), order.Step{Session: ended, Return: true}, s.ledger); err != nil {
		t.Fatal(err)
	}
}

// TestEndedSessionIsDeletedAsItIsRead deletes what ended by itself: the answer is
// its final account, and it stays readable.
func TestEndedSessionIsDeletedAsItIsRead(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	made, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	s.release(t, made)
	read, err := s.Session(t.Context(), as("acme"), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := s.Delete(t.Context(), as("acme"), made.ID, order.Match{read.Session.Tag()})
		if err != nil {
			t.Fatal(err)
		}
		if got.Session.StatusInfo != session.DurationExpired || got.Session.Version != read.Session.Version || got.Account.Total != read.Account.Total {
			t.Errorf("deleted %+v, read %+v", got, read)
		}
	}
}
