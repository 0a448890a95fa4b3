// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"encoding/binary"
	"net/netip"

	"github.com/s2cd/s2cd/topology"
)

// Pools says what may be given out, beside bandwidth.
type Pools struct {
	VPN          Range // VPN numbers: VRF names and route targets derive from them
	RD           Range // assigned number of route distinguishers, on each PE
	Transfer     Transfer
	HandoffVLANs map[string]Range            // by handoff; ranges on one PE port are disjoint
	TunnelPorts  map[topology.NodeName]Range // UDP, by gateway
}

// Range is a range of numbers, both ends included.
type Range struct{ Min, Max uint64 }

// Size returns how many numbers the range holds.
func (r Range) Size() uint64 { return r.Max - r.Min + 1 }

// Overlaps reports whether the ranges share a number.
func (r Range) Overlaps(o Range) bool { return r.Min <= o.Max && o.Min <= r.Max }

// Holds reports whether n is in the range.
func (r Range) Holds(n uint64) bool { return r.Min <= n && n <= r.Max }

// Transfer is where the addresses of links between PEs and gateways come from:
// a /31 each (RFC 3021), and a /127 (RFC 6164) where IPv6 is set.
type Transfer struct {
	IPv4 netip.Prefix
	IPv6 netip.Prefix // invalid: none
}

// Slots is the range of values for Pair.
func (t Transfer) Slots() Range { return Range{Max: 1<<(31-t.IPv4.Bits()) - 1} }

// Pair returns the addresses of slot with their prefix length, IPv4 first: the
// PE takes the even address and the gateway the odd one. slot is within Slots.
func (t Transfer) Pair(slot uint64) (pe, gateway []netip.Prefix) {
	pe = []netip.Prefix{netip.PrefixFrom(offset(t.IPv4.Addr(), 2*slot), 31)}
	gateway = []netip.Prefix{netip.PrefixFrom(offset(t.IPv4.Addr(), 2*slot+1), 31)}
	if t.IPv6.IsValid() {
		pe = append(pe, netip.PrefixFrom(offset(t.IPv6.Addr(), 2*slot), 127))
		gateway = append(gateway, netip.PrefixFrom(offset(t.IPv6.Addr(), 2*slot+1), 127))
	}
	return pe, gateway
}

// offset adds n to the low 32 or 64 bits of a masked address.
func offset(a netip.Addr, n uint64) netip.Addr {
	if a.Is4() {
		b := a.As4()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n)) //nolint:gosec // a slot of an IPv4 prefix
		return netip.AddrFrom4(b)
	}
	b := a.As16()
	binary.BigEndian.PutUint64(b[8:], binary.BigEndian.Uint64(b[8:])+n)
	return netip.AddrFrom16(b)
}
