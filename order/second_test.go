// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// openTwin sells protected sessions, on a network that was changed.
func openTwin(t *testing.T, change func(*topology.Network)) *shop {
	t.Helper()
	n := testnet.Twin()
	if change != nil {
		change(n)
	}
	at := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	return openOn(t, n, func(d *order.Directory) { *d = *testnet.TwinDirectory() }, func() time.Time { return at })
}

// protectedWish is a wish for a protected session of a rate.
func protectedWish(n int, kbps uint64) order.Order {
	o := wide(n, n, kbps)
	o.Protected = true
	o.Z.SecondWireGuard = &order.WireGuardEnd{PublicKey: "AAIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", Endpoint: netip.MustParseAddrPort("203.0.113.101:51820")}
	return o
}

func (s *shop) soldProtected(t *testing.T, kbps uint64) session.Session {
	t.Helper()
	made, _, err := s.Create(t.Context(), as("acme"), protectedWish(1, kbps))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// on returns the most that is reserved on a link in one direction.
func (s *shop) on(name string) int64 {
	var most int64
	for _, step := range s.ledger.Profile(topology.LinkArc(name, 0), s.now(), s.now().Add(100*time.Hour)) {
		most = max(most, step.Kbps)
	}
	return most
}

func TestProtectedSessionIsOffered(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	a := s.check(t, protectedWish(1, 10_000).Inquiry)
	if a.Outcome != order.Available || len(a.Offers) != 1 {
		t.Fatalf("%+v", a)
	}
	o := a.Offers[0]
	if o.RTTMicros != 2000 || o.SecondRTTMicros != 4000 {
		t.Errorf("round trips %d and %d", o.RTTMicros, o.SecondRTTMicros)
	}
	if o.Charges.Protection.Minor*2 != o.Charges.Usage.Minor || o.Charges.Usage.Minor == 0 {
		t.Errorf("charges %+v", o.Charges)
	}
	// From pe1 to pe3 go what comes from the first site to the second cloud, and
	// what comes back from the first cloud to the second site: 25 each way fit.
	a = s.check(t, protectedWish(1, 26_000).Inquiry)
	if a.Outcome != order.Unavailable || a.Refusals[0].MostKbps != 25_000 || a.Refusals[0].Code != session.NoResources {
		t.Errorf("%+v", a)
	}
}

func TestProtectedSessionHasTwoOfAll(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	one := s.soldProtected(t, 10_000)
	var names []string
	for _, d := range one.Devices {
		names = append(names, string(d.Device))
	}
	if diff := cmp.Diff([]string{"gw1", "gw2", "pe1", "pe2", "pe3", "pe4"}, names); diff != "" {
		t.Error(diff)
	}
	kept := s.stored(t, one.ID)
	a, z := kept.A.Second, kept.Z.Second
	if a == nil || z == nil || a.PE() != "pe3" || a.RD != "192.0.2.4:1" || z.PE() != "pe4" || z.RD != "192.0.2.5:1" || z.Gateway() != "gw2" {
		t.Fatalf("second ends %+v, %+v", a, z)
	}
	if z.Tunnel.Port != 51820 || z.Transfer.VLAN == 0 || slices.Equal(z.Transfer.PE, kept.Z.Transfer.PE) || z.Tunnel.PublicKey == kept.Z.Tunnel.PublicKey {
		t.Errorf("drawn %+v, %+v beside %+v", z.Tunnel, z.Transfer, kept.Z.Transfer)
	}
	if w := kept.Route.Second; w == nil || w.RTTMicros != 4000 || w.Meets || !slices.Equal(w.Forward.List(), []topology.NodeName{"pe3", "pe4"}) {
		t.Errorf("second way %+v", kept.Route.Second)
	}
	got := map[string]int64{}
	for _, l := range []string{"core", "core2", "pe1-pe3", "pe2-pe4"} {
		got[l] = s.on(l)
	}
	if diff := cmp.Diff(map[string]int64{"core": 10_000, "core2": 10_000, "pe1-pe3": 20_000, "pe2-pe4": 20_000}, got); diff != "" {
		t.Errorf("reserved (-want +got)\n%s", diff)
	}
	v, err := s.Session(t.Context(), as("acme"), one.ID)
	if err != nil || v.A.Second == nil || v.A.Second.CustomerIP != netip.MustParseAddr("10.255.1.6") ||
		v.Z.Second.TunnelEndpoint != netip.MustParseAddrPort("198.51.100.2:51820") || !slices.Equal(v.Z.Second.TunnelAllowedIPs, one.A.Routing.Prefixes) {
		t.Errorf("handover %+v, %+v, %v", v.A.Second, v.Z.Second, err)
	}
	s.release(t, kept)
	s.nothingReserved(t)
	if faults, err := s.store.Audit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("audit: %v %v", faults, err)
	}
}

func TestFaultyProtectedOrdersAreRefused(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	for _, c := range []struct {
		name   string
		change func(*order.Order)
		code   session.Code
		field  string
	}{
		{"a site with one terminal", func(o *order.Order) { o.A = wish(3, 1).A }, session.NotSupported, "accessPoint"},
		{"a cloud with one terminal", func(o *order.Order) { o.Z.AccessPoint = "cloud3" }, session.NotSupported, "endPoint"},
		{"another second address", func(o *order.Order) {
			o.A.AccessPoint, o.A.Type, o.A.Primary, o.A.Secondary = "", session.Site, netip.MustParseAddr("10.255.1.2"), netip.MustParseAddr("10.255.1.99")
		}, session.AreaNotSupported, "accessPoint.secondaryIpAddress"},
		{"no second key", func(o *order.Order) { o.Z.SecondWireGuard = nil }, session.Invalid, "endPoint.secondaryWireguard"},
		{"a second key for a line", func(o *order.Order) { o.A.SecondWireGuard = o.Z.WireGuard }, session.Invalid, "accessPoint.secondaryWireguard"},
		{"a second key without protection", func(o *order.Order) { o.Protected = false }, session.Invalid, "endPoint.secondaryWireguard"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := protectedWish(1, 10_000)
			c.change(&o)
			_, _, err := s.Create(t.Context(), as("acme"), o)
			var refusal *session.Error
			if !asError(err, &refusal) || refusal.Code != c.code || refusal.Field != c.field || refusal.Detail == "" {
				t.Errorf("got %v (code %d), want code %d for %q", err, session.CodeOf(err), c.code, c.field)
			}
		})
	}
	t.Run("ways that share a risk", func(t *testing.T) {
		t.Parallel()
		s := openTwin(t, func(n *topology.Network) { n.Links[0].SRLGs, n.Links[1].SRLGs = []uint32{7}, []uint32{7} })
		_, _, err := s.Create(t.Context(), as("acme"), protectedWish(1, 10_000))
		var refusal *session.Error
		if !asError(err, &refusal) || refusal.Code != session.NoResources || refusal.Field != "isProtected" || strings.Contains(refusal.Detail, "7") {
			t.Errorf("got %v", err)
		}
		if a := s.check(t, protectedWish(1, 10_000).Inquiry); a.Outcome != order.Unavailable || a.Refusals[0].Code != session.NoResources {
			t.Errorf("%+v", a)
		}
		if _, _, err := s.Create(t.Context(), as("acme"), wish(1, 1)); err != nil {
			t.Errorf("unprotected: %v", err)
		}
	})
	t.Run("a second way that loses too much", func(t *testing.T) {
		t.Parallel()
		s := openTwin(t, func(n *topology.Network) { n.Links[1].LossPPM = [2]uint32{900, 900} })
		d := testnet.TwinDirectory()
		d.Catalogue.Levels[0].MaxLossPPM = 1000
		s.Reload(d)
		_, _, err := s.Create(t.Context(), as("acme"), protectedWish(1, 10_000))
		var refusal *session.Error
		if !asError(err, &refusal) || refusal.Code != session.NoResources || refusal.Field != "sla" {
			t.Errorf("got %v", err)
		}
	})
}

// TestHoldOfTwoWays: what a hold keeps is on both ways, and an order takes it.
func TestHoldOfTwoWays(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	o := protectedWish(1, 25_000)
	o.Hold = true
	offer := s.check(t, o.Inquiry).Offers[0]
	if s.on("pe1-pe3") != 50_000 {
		t.Errorf("held %d", s.on("pe1-pe3"))
	}
	if a := s.check(t, protectedWish(2, 1000).Inquiry); a.Outcome != order.AvailableLater {
		t.Errorf("%+v", a)
	}
	o.OfferID = offer.ID
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || made.Price.ProtectionPermille != 500 || s.on("pe1-pe3") != 50_000 {
		t.Errorf("%v: %+v, reserved %d", err, made.Price, s.on("pe1-pe3"))
	}
}

func TestProtectedSessionIsChangedInItsOwnRoom(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	one := s.active(t, s.soldProtected(t, 10_000))
	to := func(kbps uint64) order.Modification { return order.Modification{Forward: &kbps, Reverse: &kbps} }
	more, changing := s.modify(t, one.ID, to(25_000))
	if !changing || s.on("pe1-pe3") != 50_000 || more.Route.Second == nil {
		t.Fatalf("changing %t, reserved %d, %+v", changing, s.on("pe1-pe3"), more.Route)
	}
	back, err := s.store.Advance(t.Context(), order.GoBack(more, "a device refused", s.now()), s.ledger)
	if err != nil || back.Route.Second == nil || back.Route.Second.RTTMicros != 4000 {
		t.Fatalf("%v: %+v", err, back.Route.Second)
	}
	one = s.done(t, back, s.now())
	if s.on("pe1-pe3") != 20_000 {
		t.Errorf("reserved %d", s.on("pe1-pe3"))
	}
	if _, _, err := s.Modify(t.Context(), as("acme"), one.ID, to(26_000)); session.CodeOf(err) != session.NoResources {
		t.Errorf("got %v", err)
	}
	less, _ := s.modify(t, one.ID, to(1000))
	if s.on("pe1-pe3") != 20_000 {
		t.Errorf("reserved %d before all devices follow", s.on("pe1-pe3"))
	}
	less = s.done(t, less, s.now())
	if s.on("pe1-pe3") != 2000 || s.on("core") != 1000 {
		t.Errorf("reserved %d and %d", s.on("pe1-pe3"), s.on("core"))
	}
	v, _, err := s.Extend(t.Context(), as("acme"), less.ID, order.Extension{By: time.Hour})
	if err != nil || v.Session.Route.Second == nil {
		t.Errorf("extended: %v", err)
	}
	s.release(t, s.stored(t, less.ID))
	s.nothingReserved(t)
}

// TestProtectedSessionIsReservedWhereTheRoutersTakeIt: after a failure the two
// ways may meet; that is reserved and told, until the network is whole again.
func TestProtectedSessionIsReservedWhereTheRoutersTakeIt(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	one := s.active(t, s.soldProtected(t, 10_000))
	core := testnet.Twin().Links[0]
	failed := core
	failed.Down = true
	tell(t, s.core, pathcomp.Update{Links: []topology.Link{failed}})
	moved, err := s.Reroute(t.Context(), s.core, "c-1")
	if err != nil || len(moved) != 1 || moved[0].Outcome != order.Moves || !strings.Contains(moved[0].Reason, "core2") {
		t.Fatalf("%v: %+v", err, moved)
	}
	got := s.done(t, s.stored(t, one.ID), s.now())
	if !got.Route.Second.Meets || !slices.Equal(got.Route.Forward.List(), []topology.NodeName{"pe1", "pe3", "pe4", "pe2"}) || s.on("core") != 0 || s.on("core2") != 10_000 {
		t.Errorf("route %+v, %+v; reserved %d and %d", got.Route.Forward.List(), got.Route.Second, s.on("core"), s.on("core2"))
	}
	rate := uint64(5000)
	changed, _ := s.modify(t, one.ID, order.Modification{Forward: &rate})
	s.done(t, changed, s.now())
	tell(t, s.core, pathcomp.Update{Links: []topology.Link{core}})
	moved, err = s.Reroute(t.Context(), s.core, "c-2")
	if err != nil || len(moved) != 1 || moved[0].Outcome != order.Moves || moved[0].Reason != "" {
		t.Fatalf("%v: %+v", err, moved)
	}
	if got := s.stored(t, one.ID); got.Route.Second.Meets {
		t.Errorf("route %+v", got.Route.Second)
	}
}

// TestProtectedSessionHasOnePassword: the customer's routers on both lines are
// told one password, and so are ours.
func TestProtectedSessionHasOnePassword(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	o := protectedWish(1, 10_000)
	o.Routing, o.A.PeerAS, o.A.BGPPassword = session.BGP, 64512, "hush"
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	if ref := made.A.Routing.Secret; ref == "" || made.A.Second.Routing.Secret != ref {
		t.Errorf("references %q and %q", ref, made.A.Second.Routing.Secret)
	}
}
