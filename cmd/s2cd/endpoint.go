// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"

	"github.com/s2cd/s2cd/internal/inventory"
)

// endpoints judges the addresses that customers name as the far ends of their
// tunnels: a gateway sends to them, from inside the provider's network.
type endpoints struct {
	allow []netip.Prefix // private addresses that are somebody's all the same
	own   map[netip.Addr]string
}

func newEndpoints(inv *inventory.Inventory, allow []netip.Prefix) endpoints {
	e := endpoints{allow: allow, own: map[netip.Addr]string{}}
	for _, n := range inv.Network.Nodes {
		if at, err := netip.ParseAddrPort(n.Management); err == nil {
			e.own[at.Addr().Unmap()] = "the management address of " + string(n.Name)
		}
		e.own[n.Loopback] = "the loopback of " + string(n.Name)
	}
	for _, h := range inv.Handoffs {
		e.own[h.Underlay] = "where " + h.Name + " listens"
	}
	return e
}

// check says why a tunnel is not set up to addr; nil: it may be.
func (e endpoints) check(addr netip.Addr) error {
	addr = addr.Unmap()
	if whose, ours := e.own[addr]; ours {
		return fmt.Errorf("address %s is %s", addr, whose)
	}
	for _, p := range e.allow {
		if p.Contains(addr) {
			return nil
		}
	}
	if addr.IsPrivate() {
		return fmt.Errorf("address %s is private", addr)
	}
	return nil
}
