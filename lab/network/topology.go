// SPDX-License-Identifier: Apache-2.0

// Package network is the lab's network: a provider core with two PEs, access
// sites on one end and a cloud gateway with clouds on the other, each node a
// network namespace. It builds the provider's core and what belongs to the
// customers; what an order brings about (VRFs, VLANs, tunnels) is not its job.
package network

import (
	"net/netip"
	"time"
)

// Topology declares the lab; [Default] is the one everything is tested with.
type Topology struct {
	AS      uint32
	Routers []Router
	Links   []Link
	Trunks  []Trunk
	Sites   []Site
	Clouds  []Cloud
	Gateway Gateway
}

// Router is a core router: an FRR with daemons of its own.
type Router struct {
	Name     string
	Loopback netip.Addr
	// SID is its index in the segment routing block 16000-23999.
	SID int
	// PE marks an edge router: BGP, VRFs, a gNMI server.
	PE bool
}

// Link joins two routers; each end's interface is named "to" and the other
// router's name.
type Link struct {
	A, B         string
	AAddr, BAddr netip.Prefix
	Metric       int
	// Delay is added in each direction.
	Delay time.Duration
}

// Trunk is an 802.1Q link between a PE's port and another node.
type Trunk struct {
	PE, Port       string
	Node, NodePort string
	MTU            int
}

// Site is a customer's site behind the access trunk.
type Site struct {
	Name   string // namespace
	Tenant string
	// LAN is the host address of the site's network.
	LAN netip.Prefix
}

// Cloud is a customer's cloud with a WireGuard end of its own.
type Cloud struct {
	Name   string // namespace
	Tenant string
	LAN    netip.Prefix
	// Underlay is its public address, Router the provider's side of that link.
	Underlay, Router netip.Prefix
	Device           string
	ListenPort       int
}

// Endpoint is where its WireGuard listens.
func (c Cloud) Endpoint() netip.AddrPort {
	return netip.AddrPortFrom(c.Underlay.Addr(), uint16(c.ListenPort)) //nolint:gosec // a port of the lab's own topology
}

// Gateway is the cloud gateway, on which s2cgw runs.
type Gateway struct {
	Name string // namespace
	// Trunk is its port to the PE; Wan the one to the clouds; Mgmt the one to
	// the management network.
	Trunk, Wan, Mgmt      string
	Underlay, Router      netip.Prefix
	MgmtAddr, MgmtManager netip.Prefix
}

// Access is the namespace with the far end of the access trunk, Internet the
// one that routes between the gateway and the clouds.
const (
	Access   = "ACC"
	Internet = "INET"
)

// Default is CE - PE1 - {P1, P2} - PE2 - gateway - clouds, with two tenants
// that use the same addresses.
func Default() Topology {
	pfx := netip.MustParsePrefix
	return Topology{
		AS: 65000,
		Routers: []Router{
			{Name: "PE1", Loopback: netip.MustParseAddr("10.255.0.1"), SID: 1, PE: true},
			{Name: "PE2", Loopback: netip.MustParseAddr("10.255.0.2"), SID: 2, PE: true},
			{Name: "P1", Loopback: netip.MustParseAddr("10.255.0.11"), SID: 11},
			{Name: "P2", Loopback: netip.MustParseAddr("10.255.0.12"), SID: 12},
		},
		Links: []Link{
			{A: "PE1", B: "P1", AAddr: pfx("10.254.0.0/31"), BAddr: pfx("10.254.0.1/31"), Metric: 10, Delay: 2 * time.Millisecond},
			{A: "P1", B: "PE2", AAddr: pfx("10.254.0.2/31"), BAddr: pfx("10.254.0.3/31"), Metric: 10, Delay: 2 * time.Millisecond},
			{A: "PE1", B: "P2", AAddr: pfx("10.254.0.4/31"), BAddr: pfx("10.254.0.5/31"), Metric: 20, Delay: 5 * time.Millisecond},
			{A: "P2", B: "PE2", AAddr: pfx("10.254.0.6/31"), BAddr: pfx("10.254.0.7/31"), Metric: 20, Delay: 5 * time.Millisecond},
		},
		Trunks: []Trunk{
			{PE: "PE1", Port: "eth1", Node: Access, NodePort: "trunk", MTU: 1600},
			{PE: "PE2", Port: "eth1", Node: "GW", NodePort: "trunk", MTU: 1600},
		},
		Sites: []Site{
			{Name: "CEA", Tenant: "tenant-1", LAN: pfx("10.1.0.10/24")},
			{Name: "CEB", Tenant: "tenant-2", LAN: pfx("10.1.0.10/24")},
		},
		Clouds: []Cloud{
			{Name: "VPCA1", Tenant: "tenant-1", LAN: pfx("172.16.1.10/24"), Underlay: pfx("198.51.100.2/30"), Router: pfx("198.51.100.1/30"), Device: "wg-vpca1", ListenPort: 51820},
			{Name: "VPCA2", Tenant: "tenant-1", LAN: pfx("172.16.2.10/24"), Underlay: pfx("198.51.100.6/30"), Router: pfx("198.51.100.5/30"), Device: "wg-vpca2", ListenPort: 51820},
			{Name: "VPCB", Tenant: "tenant-2", LAN: pfx("172.16.1.10/24"), Underlay: pfx("198.51.100.10/30"), Router: pfx("198.51.100.9/30"), Device: "wg-vpcb", ListenPort: 51820},
		},
		Gateway: Gateway{
			Name: "GW", Trunk: "trunk", Wan: "wan", Mgmt: "mgmt",
			Underlay: pfx("203.0.113.2/30"), Router: pfx("203.0.113.1/30"),
			MgmtAddr: pfx("192.0.2.2/30"), MgmtManager: pfx("192.0.2.1/30"),
		},
	}
}

// Namespaces lists the namespaces of the topology.
func (t Topology) Namespaces() []string {
	names := []string{Access, Internet, t.Gateway.Name}
	for _, r := range t.Routers {
		names = append(names, r.Name)
	}
	for _, s := range t.Sites {
		names = append(names, s.Name)
	}
	for _, c := range t.Clouds {
		names = append(names, c.Name)
	}
	return names
}

// PEs lists the names of the edge routers.
func (t Topology) PEs() []string {
	var names []string
	for _, r := range t.Routers {
		if r.PE {
			names = append(names, r.Name)
		}
	}
	return names
}
