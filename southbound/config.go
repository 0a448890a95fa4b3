// SPDX-License-Identifier: Apache-2.0

package southbound

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"
)

// DeviceConfig is everything that s2cd owns on one device: the desired state
// when provision computes it, the actual state when a driver reads it back.
// Both are normalised (see Normalize), so two configurations are equal exactly
// when cmp.Equal or Equal says so. What s2cd does not own never appears here.
type DeviceConfig struct {
	VRFs []VRF
}

// VRF is one VPN on one device (RFC 4364 section 3) with all it carries there.
type VRF struct {
	Name        string // name on the device, at most 15 bytes (a Linux device name is its tightest form)
	Mark        Mark   // whose it is
	RD          string // route distinguisher, RFC 4364 section 4.2; empty on gateways
	ImportRTs   []string
	ExportRTs   []string
	Attachments []Attachment
	Routes      []StaticRoute
	Neighbors   []BGPNeighbor
	Tunnels     []Tunnel // gateways only
	Probes      []Probe  // gateways only
}

// Mark is how an object on a device names its owner. Objects without a mark
// are never touched; objects with a newer epoch than the store's are
// quarantined, never pruned.
type Mark struct {
	Epoch uint64 // store epoch
	VPN   string // VPN id
}

// Attachment is a VLAN subinterface in a VRF.
type Attachment struct {
	Port        string         // physical port or trunk, for example "eth1"
	VLAN        uint16         // 1..4094 (IEEE 802.1Q)
	Addresses   []netip.Prefix // local addresses with prefix length, IPv4 first
	MTU         uint16         // layer-3 MTU, bytes
	PoliceKbps  uint64         // from the customer into the network; 0: none
	ShapeKbps   uint64         // from the network to the customer; 0: none
	Description string         // free text after the mark, at most 64 bytes
}

// StaticRoute is a route in a VRF. Exactly one of NextHop and Tunnel is set.
type StaticRoute struct {
	Prefix  netip.Prefix
	NextHop netip.Addr
	Tunnel  string // name of a Tunnel of the same VRF
	// Metric is the MULTI_EXIT_DISC with which other PEs learn the route (RFC 4271
	// section 5.1.4), 0..65534: the lowest is preferred. Routers only.
	Metric uint32
}

// BGPNeighbor is the customer's router, or a cloud's (RFC 4271, RFC 4364 section 7).
type BGPNeighbor struct {
	Address     netip.Addr
	LocalAS     uint32
	PeerAS      uint32
	MaxPrefixes uint32 // session is shut above it
	Secret      string // reference to the TCP MD5 key, never the key; empty: none
}

// Tunnel is a WireGuard interface of a gateway inside a VRF. Its private key
// is made on the gateway and never leaves it.
type Tunnel struct {
	Name          string         // interface name, at most 15 bytes, unique on the gateway
	ListenPort    uint16         // UDP, in the underlay
	Peer          Peer           // the cloud's end
	Addresses     []netip.Prefix // local addresses inside the tunnel, may be empty
	MTU           uint16         // bytes, of the inner packet
	ClampMSS      bool           // clamp TCP MSS to MTU on forwarded SYNs (RFC 4459 section 3.2)
	EgressKbps    uint64         // towards the cloud; 0: none
	IngressKbps   uint64         // from the cloud; 0: none
	KeepaliveSecs uint16         // 0: off
}

// Peer is the far end of a Tunnel.
type Peer struct {
	PublicKey  string         // base64, 32 bytes
	Endpoint   netip.AddrPort // invalid: the peer calls first
	AllowedIPs []netip.Prefix
}

// Probe is a measurement that a gateway makes from inside a VRF.
type Probe struct {
	Name         string     // unique in the VRF, at most 32 bytes
	Source       netip.Addr // an address of the VRF
	Target       netip.Addr
	IntervalMsec uint32 // between two small packets, 10..60000
	FullSize     uint16 // layer-3 size of the full-size packet sent with DF, bytes; 0: none
}

// Normalize sorts every list, so that order never counts as a difference.
func (c *DeviceConfig) Normalize() {
	slices.SortFunc(c.VRFs, func(a, b VRF) int { return cmp.Compare(a.Name, b.Name) })
	for i := range c.VRFs {
		c.VRFs[i].normalize()
	}
	c.VRFs = orNil(c.VRFs)
}

// Equal reports whether two normalised configurations say the same.
func (c DeviceConfig) Equal(o DeviceConfig) bool { return reflect.DeepEqual(c, o) }

func (v *VRF) normalize() {
	slices.Sort(v.ImportRTs)
	slices.Sort(v.ExportRTs)
	slices.SortFunc(v.Attachments, func(a, b Attachment) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.VLAN, b.VLAN))
	})
	for i := range v.Attachments {
		sortPrefixes(v.Attachments[i].Addresses)
		v.Attachments[i].Addresses = orNil(v.Attachments[i].Addresses)
	}
	slices.SortFunc(v.Routes, func(a, b StaticRoute) int {
		return cmp.Or(comparePrefix(a.Prefix, b.Prefix), a.NextHop.Compare(b.NextHop), cmp.Compare(a.Tunnel, b.Tunnel), cmp.Compare(a.Metric, b.Metric))
	})
	slices.SortFunc(v.Neighbors, func(a, b BGPNeighbor) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(v.Tunnels, func(a, b Tunnel) int { return cmp.Compare(a.Name, b.Name) })
	for i := range v.Tunnels {
		sortPrefixes(v.Tunnels[i].Addresses)
		sortPrefixes(v.Tunnels[i].Peer.AllowedIPs)
		v.Tunnels[i].Addresses = orNil(v.Tunnels[i].Addresses)
		v.Tunnels[i].Peer.AllowedIPs = orNil(v.Tunnels[i].Peer.AllowedIPs)
	}
	slices.SortFunc(v.Probes, func(a, b Probe) int { return cmp.Compare(a.Name, b.Name) })
	v.ImportRTs, v.ExportRTs = orNil(v.ImportRTs), orNil(v.ExportRTs)
	v.Attachments, v.Routes, v.Neighbors = orNil(v.Attachments), orNil(v.Routes), orNil(v.Neighbors)
	v.Tunnels, v.Probes = orNil(v.Tunnels), orNil(v.Probes)
}

// orNil makes an empty list nil: both mean the same on a device.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func sortPrefixes(p []netip.Prefix) { slices.SortFunc(p, comparePrefix) }

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}
