// SPDX-License-Identifier: Apache-2.0

// Package testnet is a small provider for the core's tests: a network and what
// is sold on it. Nothing but tests uses it.
package testnet

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Sites is how many sites and clouds each tenant has; ApplyWithin is the time
// in which an order must be delivered.
const (
	Sites       = 4
	ApplyWithin = time.Minute
)

// Network is two PEs joined by one link, Sites on the first and a cloud gateway
// behind the second.
func Network() *topology.Network {
	all := topology.Shares{All: 1000}
	n := &topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{
			{Name: "pe1", Role: topology.PE, Platform: "generic-openconfig", Loopback: netip.MustParseAddr("192.0.2.1"), Management: "pe1:9339"},
			{Name: "pe2", Role: topology.PE, Platform: "generic-openconfig", Loopback: netip.MustParseAddr("192.0.2.2"), Management: "pe2:9339"},
			{Name: "gw1", Role: topology.Gateway, Platform: "s2cgw", Loopback: netip.MustParseAddr("192.0.2.3"), Management: "gw1:9340"},
		},
		Links: []topology.Link{{
			Name: "core", A: "pe1", Z: "pe2", Kbps: [2]uint64{100_000, 100_000}, Micros: [2]uint32{1000, 1000},
			IGPMetric: [2]uint32{10, 10}, Reservable: all,
		}},
		Access: []topology.Access{
			{Name: topology.PortAccess("pe1", "eth1"), Node: "pe1", Kbps: 1_000_000, Reservable: all},
			{Name: topology.HandoffAccess("h1"), Node: "pe2", Kbps: 1_000_000, Reservable: all},
			{Name: topology.GatewayAccess("gw1"), Node: "pe2", Kbps: 1_000_000, Reservable: all},
		},
	}
	return n
}

// Square is Network with two ways between its PEs: by way of p1, 4 ms there and
// back, and by way of p2, which is longer for the routers and takes 8 ms. A link
// carries 100 Mbit/s.
func Square() *topology.Network {
	n := Network()
	n.Nodes = append(n.Nodes, topology.Node{Name: "p1", Role: topology.P}, topology.Node{Name: "p2", Role: topology.P})
	one := n.Links[0]
	n.Links = nil
	for i, p := range []topology.NodeName{"p1", "p2"} {
		metric, micros := uint32(10*(i+1)), uint32(1000*(i+1))
		one.IGPMetric, one.Micros = [2]uint32{metric, metric}, [2]uint32{micros, micros}
		one.Name, one.A, one.Z = "pe1-"+string(p), "pe1", p
		n.Links = append(n.Links, one)
		one.Name, one.A, one.Z = string(p)+"-pe2", p, "pe2"
		n.Links = append(n.Links, one)
	}
	return n
}

// Directory knows the tenants acme and other, each with Sites and clouds 1 to
// Sites on Network and the same addresses.
func Directory() *order.Directory {
	d := &order.Directory{
		AS: 65000, Tenants: map[session.TenantID]session.Tenant{}, Platforms: southbound.Platforms(),
		Nodes: map[topology.NodeName]topology.Node{},
		Catalogue: session.Catalogue{
			Levels: []session.Level{{
				Name: session.LevelA, MaxRTTMicros: 10_000, Class: "assured", BookingPermille: 1000,
				Price: session.Price{Currency: "EUR", Exponent: 2, SetUp: 500, PerMbpsHour: 3600},
			}},
			LeadGuard: 10 * time.Second, TailGuard: 10 * time.Second, DefaultDuration: 24 * time.Hour, MaxDuration: 48 * time.Hour,
			ApplyDeadline: ApplyWithin, OfferValidity: 10 * time.Minute, HoldFor: 5 * time.Minute, WarnBefore: time.Minute, KeepTerminated: 10 * time.Minute,
		},
		Pools: order.Pools{
			VPN: order.Range{Min: 1, Max: 1000}, RD: order.Range{Min: 1, Max: 1000}, Transfer: netip.MustParsePrefix("100.64.0.0/24"),
			VLANs:   map[string]order.Range{"h1": {Min: 100, Max: 199}},
			Tunnels: map[topology.NodeName]order.Range{"gw1": {Min: 51820, Max: 51829}},
		},
	}
	for _, n := range Network().Nodes {
		d.Nodes[n.Name] = n
	}
	for _, id := range []session.TenantID{"acme", "other"} {
		t := session.Tenant{ID: id, Name: string(id), Clients: []string{string(id) + "-app"}}
		for i := 1; i <= Sites; i++ {
			t.AccessPoints = append(t.AccessPoints, site(id, i), cloud(i))
		}
		d.Tenants[t.ID] = t
	}
	return d
}

// site is line i of a tenant; the second tenant's lines have other VLANs and
// the same addresses.
func site(tenant session.TenantID, i int) session.AccessPoint {
	vlan := 10 + i
	if tenant == "other" {
		vlan += 50
	}
	return session.AccessPoint{ID: fmt.Sprintf("site%d", i), Type: session.Site, Primary: session.Terminal{
		Address: netip.AddrFrom4([4]byte{10, 255, byte(i), 2}), //nolint:gosec // a few
		Attachment: &session.Attachment{
			PE: "pe1", Port: "eth1", VLAN: uint16(vlan), MTU: 1500, MaxKbps: 1_000_000, //nolint:gosec // a few
			Addresses: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 255, byte(i), 1}), 30)}, //nolint:gosec // a few
		},
	}}
}

func cloud(i int) session.AccessPoint {
	return session.AccessPoint{ID: fmt.Sprintf("cloud%d", i), Type: session.Cloud, Primary: session.Terminal{
		Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), //nolint:gosec // a few
		Handoff: &session.Handoff{
			Kind: session.WireGuard, Name: "h1", PE: "pe2", Port: "eth2", Gateway: "gw1", GatewayPort: "eth0",
			Underlay: netip.MustParseAddr("198.51.100.1"), MTU: 1500, TunnelMTU: 1420, MaxKbps: 1_000_000,
		},
	}}
}
