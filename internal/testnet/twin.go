// SPDX-License-Identifier: Apache-2.0

package testnet

import (
	"net/netip"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Twin is Network and beside it a second of its kind: pe3 and pe4, 4 ms there and
// back, with the gateway gw2. Links of 50 Mbit/s join pe1 to pe3 and pe2 to pe4.
func Twin() *topology.Network {
	n := Network()
	for i, name := range []topology.NodeName{"pe3", "pe4", "gw2"} {
		one := n.Nodes[i]
		one.Name, one.Management = name, string(name)+":9339"
		one.Loopback = netip.AddrFrom4([4]byte{192, 0, 2, byte(4 + i)})
		n.Nodes = append(n.Nodes, one)
	}
	core := n.Links[0]
	core.Name, core.A, core.Z, core.Micros = "core2", "pe3", "pe4", [2]uint32{2000, 2000}
	n.Links = append(n.Links, core)
	core.Kbps, core.Micros, core.IGPMetric = [2]uint64{50_000, 50_000}, [2]uint32{500, 500}, [2]uint32{100, 100}
	core.Name, core.A, core.Z = "pe1-pe3", "pe1", "pe3"
	n.Links = append(n.Links, core)
	core.Name, core.A, core.Z = "pe2-pe4", "pe2", "pe4"
	n.Links = append(n.Links, core)
	all := n.Access[0]
	for _, a := range []topology.Access{
		{Name: topology.PortAccess("pe3", "eth1"), Node: "pe3"}, {Name: topology.HandoffAccess("h2"), Node: "pe4"}, {Name: topology.GatewayAccess("gw2"), Node: "pe4"},
	} {
		a.Kbps, a.Reservable = all.Kbps, all.Reservable
		n.Access = append(n.Access, a)
	}
	return n
}

// TwinDirectory is Directory on Twin. There each tenant's access points 1 and 2
// have a second terminal: sites at pe3, and clouds behind gw2. Protection costs
// half of the use.
func TwinDirectory() *order.Directory {
	d := Directory()
	d.Catalogue.Levels[0].Price.ProtectionPermille = 500
	d.Pools.VLANs["h2"], d.Pools.Tunnels["gw2"] = order.Range{Min: 100, Max: 199}, order.Range{Min: 51820, Max: 51829}
	for _, n := range Twin().Nodes {
		d.Nodes[n.Name] = n
	}
	for id, t := range d.Tenants {
		for i := range t.AccessPoints {
			if ap := &t.AccessPoints[i]; i < 4 {
				ap.Secondary = twinOf(ap.Primary)
			}
		}
		d.Tenants[id] = t
	}
	return d
}

// twinOf is a terminal like one, on the second network.
func twinOf(one session.Terminal) *session.Terminal {
	address := one.Address.As4()
	if one.Attachment != nil {
		a := *one.Attachment
		a.PE = "pe3"
		ours := address
		ours[3], address[3] = 5, 6
		a.Addresses = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4(ours), 30)}
		return &session.Terminal{Address: netip.AddrFrom4(address), Attachment: &a}
	}
	h := *one.Handoff
	h.Name, h.PE, h.Gateway, h.Underlay = "h2", "pe4", "gw2", netip.MustParseAddr("198.51.100.2")
	address[3] += 100
	return &session.Terminal{Address: netip.AddrFrom4(address), Handoff: &h}
}
