// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/netip"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// decodeServer reads what a session is for.
func decodeServer(s *api.ApplicationServer) (*session.ApplicationServer, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // absent is a value here
	}
	v4, err := serverAddress("applicationServer.ipv4Address", s.Ipv4Address, netip.Addr.Is4)
	if err != nil {
		return nil, err
	}
	v6, err := serverAddress("applicationServer.ipv6Address", s.Ipv6Address, netip.Addr.Is6)
	if err != nil {
		return nil, err
	}
	return &session.ApplicationServer{IPv4: v4, IPv6: v6}, nil
}

// serverAddress reads an address or prefix of a family; an address is a prefix of
// its whole length.
func serverAddress(field string, s *string, family func(netip.Addr) bool) (netip.Prefix, error) {
	if s == nil {
		return netip.Prefix{}, nil
	}
	p, err := netip.ParsePrefix(*s)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(*s); err == nil {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	switch {
	case err != nil || !family(p.Addr()) || p.Addr().Is4In6():
		return netip.Prefix{}, invalid(field, "must be an address or prefix of its family")
	case p != p.Masked():
		return netip.Prefix{}, invalid(field, "has bits set beyond its length")
	case martian(p) != "":
		return netip.Prefix{}, invalid(field, "is "+martian(p)+", which no customer can have")
	}
	return p, nil
}

func encodeServer(s *session.ApplicationServer) *api.ApplicationServer {
	if s == nil {
		return nil
	}
	return &api.ApplicationServer{Ipv4Address: encodeAddress(s.IPv4), Ipv6Address: encodeAddress(s.IPv6)}
}

// encodeAddress renders a prefix of full length as the address it is.
func encodeAddress(p netip.Prefix) *string {
	switch {
	case !p.IsValid():
		return nil
	case p.IsSingleIP():
		return new(p.Addr().String())
	}
	return new(p.String())
}
