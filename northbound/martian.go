// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/netip"
	"strings"
)

// martian says what a prefix is that no customer can have, by the registries of
// special-purpose addresses (RFC 6890); empty: one can. The default routes and what
// else is wider than such a block are none.
func martian(p netip.Prefix) string {
	a, bits := p.Addr(), p.Bits()
	switch {
	case a.IsMulticast():
		return "multicast"
	case a.IsLoopback():
		return "loopback"
	case a.IsLinkLocalUnicast() && (a.Is6() || bits >= 16):
		return "link-local"
	case a.Is4() && a.As4()[0] == 0 && bits >= 8, a.Is6() && a.IsUnspecified() && bits == a.BitLen():
		return "this host on this network"
	case a.Is4() && a.As4()[0] >= 240:
		return "reserved"
	}
	return ""
}

// noKey says whether a WireGuard key, of 32 bytes in base64, is all zero: the key of
// nobody, with which wg(8) takes a key away.
func noKey(key string) bool { return strings.Trim(key, "A=") == "" }
