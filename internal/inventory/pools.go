// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/netip"

	"github.com/s2cd/s2cd/topology"
)

// Pools says what may be given out, beside bandwidth.
type Pools struct {
	VPN       Range                       // VPN numbers: VRF names and route targets derive from them
	RD        Range                       // assigned number of route distinguishers, on each PE
	Transfer  netip.Prefix                // IPv4, cut into /31 links between PE and gateway (RFC 3021)
	Transfer6 netip.Prefix                // IPv6, cut into /127 (RFC 6164); invalid: none
	VLANs     map[string]Range            // by handoff; ranges on one PE port are disjoint
	Tunnels   map[topology.NodeName]Range // UDP ports, by gateway
}

// Range is a range of numbers, both ends included.
type Range struct{ Min, Max uint64 }

// Overlaps reports whether the ranges share a number.
func (r Range) Overlaps(o Range) bool { return r.Min <= o.Max && o.Min <= r.Max }
