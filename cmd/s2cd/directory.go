// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// directory turns an inventory into what the use cases know.
func directory(inv *inventory.Inventory) *order.Directory {
	d := &order.Directory{
		AS:        inv.Network.AS,
		Tenants:   map[session.TenantID]session.Tenant{},
		Catalogue: inv.Catalogue,
		Pools: order.Pools{
			VPN: order.Range(inv.Pools.VPN), RD: order.Range(inv.Pools.RD),
			Transfer: inv.Pools.Transfer, Transfer6: inv.Pools.Transfer6,
			VLANs: map[string]order.Range{}, Tunnels: map[topology.NodeName]order.Range{},
		},
		Nodes:     map[topology.NodeName]topology.Node{},
		Platforms: southbound.Platforms(),
	}
	for _, t := range inv.Tenants {
		d.Tenants[t.ID] = t
	}
	for _, n := range inv.Network.Nodes {
		d.Nodes[n.Name] = n
	}
	for name, r := range inv.Pools.VLANs {
		d.Pools.VLANs[name] = order.Range(r)
	}
	for name, r := range inv.Pools.Tunnels {
		d.Pools.Tunnels[name] = order.Range(r)
	}
	return d
}
