// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"net/netip"
	"syscall"
)

// Guard keeps deliveries away from networks that a customer must not reach
// through us: ourselves, the management network, metadata services. It judges
// the address that is about to be connected to, so that a name which resolves
// differently the second time gains nothing.
type Guard struct {
	Allow []netip.Prefix // exceptions, for labs and for customers inside
	Deny  []netip.Prefix // public ones that are closed all the same, like the provider's own; before Allow
}

// reserved are the ranges beyond those netip.Addr knows by itself that are no
// place on the public Internet (IANA special-purpose address registries).
func reserved() []netip.Prefix {
	var all []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// publicV6 is all that is given out as global unicast (RFC 4291 section 2.4);
// NAT64 and the rest that could hide an IPv4 address lies outside.
func publicV6() netip.Prefix { return netip.MustParsePrefix("2000::/3") }

// Check says why events are not sent to addr; nil if they may be.
func (g Guard) Check(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	for _, p := range g.Deny {
		if p.Contains(addr) {
			return fmt.Errorf("address %s is closed", addr)
		}
	}
	for _, p := range g.Allow {
		if p.Contains(addr) {
			return nil
		}
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || (addr.Is6() && !publicV6().Contains(addr)) {
		return fmt.Errorf("address %s is not public", addr)
	}
	for _, p := range reserved() {
		if p.Contains(addr) {
			return fmt.Errorf("address %s is reserved", addr)
		}
	}
	return nil
}

// control is a net.Dialer's Control function: it sees every address after
// names were resolved and before a packet is sent.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	return g.Check(ap.Addr())
}
