// SPDX-License-Identifier: Apache-2.0

package order

import (
	"net/netip"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Directory is what the use cases know of customers and of what is sold. It is
// never changed once built; a new inventory brings a new Directory.
type Directory struct {
	AS        uint32
	Tenants   map[session.TenantID]session.Tenant
	Catalogue session.Catalogue
	Pools     Pools
	Nodes     map[topology.NodeName]topology.Node
	Platforms map[string]southbound.Platform
}

// Pools are the ranges that values are drawn from, all inclusive.
type Pools struct {
	VPN       Range                       // VPN numbers: VRF names and route targets
	RD        Range                       // assigned number of a route distinguisher, on each PE
	Transfer  netip.Prefix                // IPv4, cut into /31 links between PE and gateway (RFC 3021)
	Transfer6 netip.Prefix                // IPv6, cut into /127 (RFC 6164); invalid: none
	VLANs     map[string]Range            // by handoff name
	Tunnels   map[topology.NodeName]Range // UDP ports, by gateway
}

// Range is an inclusive interval.
type Range struct{ Min, Max uint64 }

// platform returns what the node's platform can do.
func (d *Directory) platform(n topology.NodeName) southbound.Platform {
	return d.Platforms[d.Nodes[n].Platform]
}

// find looks an end up within the tenant: by id, or by type and address.
func (d *Directory) find(tenant session.TenantID, field string, r EndRequest) (session.AccessPoint, error) {
	t, ok := d.Tenants[tenant]
	if !ok {
		return session.AccessPoint{}, session.Errorf(session.Forbidden, "", "the client belongs to no customer")
	}
	for _, ap := range t.AccessPoints {
		if r.AccessPoint != "" && ap.ID == r.AccessPoint {
			return ap, nil
		}
		if r.AccessPoint == "" && ap.Type == r.Type && ap.Primary.Address == r.Primary {
			return ap, checkSecondary(field, ap, r)
		}
	}
	if r.AccessPoint != "" {
		return session.AccessPoint{}, session.Errorf(session.AreaNotSupported, field+".id", "no access point %q of this customer", r.AccessPoint)
	}
	return session.AccessPoint{}, session.Errorf(session.AreaNotSupported, field+".primaryIpAddress",
		"no %s of this customer with address %s is connected", r.Type, r.Primary)
}

func checkSecondary(field string, ap session.AccessPoint, r EndRequest) error {
	if !r.Secondary.IsValid() {
		return nil
	}
	if ap.Secondary == nil || ap.Secondary.Address != r.Secondary {
		return session.Errorf(session.AreaNotSupported, field+".secondaryIpAddress", "address %s is not connected", r.Secondary)
	}
	return nil
}
