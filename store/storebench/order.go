// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Epoch is when orders begin.
func Epoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Window is the default window of an order.
func Window() pathcomp.Window {
	return pathcomp.Window{From: Epoch(), Until: Epoch().Add(time.Hour)}
}

// Order returns an order of a usual size: two directed paths of six arcs
// each, three devices, six pool values, an event, a sink. i spreads orders over
// the arcs and pools of a provider of some 50 PEs, one in four VPNs is shared.
func Order(i int) order.Admission {
	const pes = 50
	a, z := i%pes, (i*7+1)%pes
	s := NewSession(fmt.Sprintf("tenant-%d", i/4%20), fmt.Sprintf("vpn-%d", i-i%4))
	s.A.Terminal.Attachment.PE = topology.NodeName(fmt.Sprintf("pe%d", a))
	s.Z.Terminal.Handoff.PE = topology.NodeName(fmt.Sprintf("pe%d", z))
	s.A.AccessPoint, s.Z.AccessPoint = fmt.Sprintf("site-%d", i), fmt.Sprintf("cloud-%d", i%40)
	s.Devices = []session.DeviceState{
		{Device: s.A.PE(), Have: session.Unknown, At: Epoch()},
		{Device: s.Z.PE(), Have: session.Unknown, At: Epoch()},
		{Device: "gw1", Have: session.Unknown, At: Epoch()},
	}
	route := pathcomp.Admission{
		Revision: 1, Class: "gold", Window: Window(), RTTMicros: 4200,
		Forward: []topology.NodeName{s.A.PE(), "p1", "p2", s.Z.PE()},
		Reverse: []topology.NodeName{s.Z.PE(), "p2", "p1", s.A.PE()},
	}
	for hop := range 3 {
		link := fmt.Sprintf("l%d", (i*13+hop*31)%400)
		for direction := range 2 {
			route.Uses = append(route.Uses, pathcomp.Use{Arc: topology.LinkArc(link, direction), Kbps: 10_000})
		}
	}
	for _, access := range []string{
		topology.PortAccess(s.A.PE(), fmt.Sprintf("eth%d", i%100)), topology.HandoffAccess(fmt.Sprintf("h%d", i%40)),
		topology.GatewayAccess("gw1"),
	} {
		for direction := range 2 {
			route.Uses = append(route.Uses, pathcomp.Use{Arc: topology.AccessArc(access, direction), Kbps: 10_000})
		}
	}
	vpn, id := string(s.VPN.ID), string(s.ID)
	return WithRoute(order.Admission{
		Session: s, Due: Epoch(),
		Pools: []order.PoolRequest{
			{Pool: "vpn", Holder: vpn, Min: 1, Max: 1 << 20},
			{Pool: "rd:" + string(s.A.PE()), Holder: vpn, Min: 1, Max: 1 << 16},
			{Pool: "rd:" + string(s.Z.PE()), Holder: vpn, Min: 1, Max: 1 << 16},
			{Pool: "vlan:" + string(s.Z.PE()) + ":eth9", Holder: vpn, Min: 2, Max: 1 << 20},
			{Pool: "transfer", Holder: vpn, Min: 0, Max: 1 << 20},
			{Pool: "tunnel:gw1", Holder: id, Min: 1024, Max: 1 << 20},
		},
		Assign: func(values []uint64) {
			s.VPN.Number = uint32(values[0]) //nolint:gosec // at most what the pool was asked for
			s.VPN.VRF = fmt.Sprintf("v%d", values[0])
			s.VPN.RouteTarget = fmt.Sprintf("64512:%d", values[0])
		},
		Events: []session.Event{{At: Epoch(), Status: session.Requested, Phase: session.Admitted, Cause: "ordered", Notify: true}},
		Key:    id, Fingerprint: "f",
	}, route)
}

// WithRoute gives an order another path.
func WithRoute(a order.Admission, route pathcomp.Admission) order.Admission {
	a.Route = route
	a.Session.Route = session.Route{
		Revision: route.Revision, Class: route.Class, From: route.Window.From, Until: route.Window.Until,
		Forward: session.NodesOf(route.Forward), Reverse: session.NodesOf(route.Reverse), RTTMicros: route.RTTMicros,
	}
	return a
}

// NewSession returns a new session that is complete but for its route.
func NewSession(tenant, vpn string) *session.Session {
	return &session.Session{
		ID: session.ID(uuid.Must(uuid.NewV7()).String()), Tenant: session.TenantID(tenant), Client: "client-1", Name: "branch to cloud",
		VPN: session.VPN{ID: session.VPNID(vpn)},
		A: session.End{
			AccessPoint: "site", Type: session.Site,
			Terminal: session.Terminal{
				Address: netip.MustParseAddr("192.0.2.2"),
				Attachment: &session.Attachment{
					PE: "pe1", Port: "eth1", VLAN: 100, MTU: 1500, MaxKbps: 1_000_000, Platform: "labpe",
					Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/30"), netip.MustParsePrefix("2001:db8::1/64")},
				},
			},
			Routing: session.Routing{Protocol: session.BGP, PeerAS: 65001},
		},
		Z: session.End{
			AccessPoint: "cloud", Type: session.Cloud,
			Terminal: session.Terminal{
				Address: netip.MustParseAddr("198.51.100.9"),
				Handoff: &session.Handoff{
					Kind: session.WireGuard, Name: "h1", PE: "pe2", Port: "eth9", Gateway: "gw1", GatewayPort: "eth1",
					Underlay: netip.MustParseAddr("198.51.100.1"), MTU: 1500, TunnelMTU: 1420, MaxKbps: 1_000_000,
				},
			},
			Routing: session.Routing{Protocol: session.Static, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
			Tunnel: &session.TunnelEnd{
				PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
				Endpoint:  netip.MustParseAddrPort("198.51.100.9:51820"), Port: 1024,
			},
			Transfer: &session.Transfer{
				VLAN: 7, PE: []netip.Prefix{netip.MustParsePrefix("169.254.0.1/31")},
				Gateway: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/31")},
			},
		},
		Level: session.LevelAA, Rate: session.Rate{Forward: 10_000, Reverse: 10_000},
		Start: Epoch(), Duration: time.Hour, Deadline: Epoch().Add(5 * time.Minute),
		Status: session.Requested, Phase: session.Admitted, Decision: session.DecidePresent,
		Price: session.Price{Currency: "EUR", Exponent: 2, SetUp: 500, PerMbpsHour: 1200},
		Sink:  &session.Sink{URL: "https://customer.example/events", CredentialType: "ACCESSTOKEN", Token: "secret", TokenExpires: Epoch().Add(time.Hour)},

		Correlator: "c-1", CreatedAt: Epoch(), UpdatedAt: Epoch(),
	}
}
