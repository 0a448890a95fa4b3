// SPDX-License-Identifier: Apache-2.0

package order

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/s2cd/s2cd/session"
)

// draw lists the pool values that a session needs and returns the function
// that writes them into it. vpn is the VPN to join; "" founds one.
func (d *Directory) draw(s *session.Session, vpn session.VPNID) ([]PoolRequest, func([]uint64)) {
	if vpn == "" {
		vpn = session.VPNID("vpn-" + string(s.ID))
	}
	s.VPN.ID = vpn
	requests := []PoolRequest{{Pool: "vpn", Holder: string(vpn), Min: d.Pools.VPN.Min, Max: d.Pools.VPN.Max}}
	fill := []func(uint64){func(n uint64) {
		s.VPN.Number = uint32(n) //nolint:gosec // the inventory bounds the pool
		s.VPN.VRF = "s2c" + strconv.FormatUint(n, 10)
		s.VPN.RouteTarget = fmt.Sprintf("%d:%d", d.AS, n)
	}}
	add := func(r PoolRequest, f func(uint64)) { requests, fill = append(requests, r), append(fill, f) }
	for _, e := range []*session.End{&s.A, &s.Z} {
		// An access point is in one VPN: a pool of one value keeps two orders
		// that come at the same time from founding two.
		add(PoolRequest{Pool: "member:" + string(s.Tenant) + "/" + e.AccessPoint, Holder: string(vpn), Min: 1, Max: 1, Contended: true}, func(uint64) {})
		d.drawTerminal(s, e, add)
		if e.Second != nil {
			own := *e.Second // a plan may be tried several times
			e.Second = &own
			d.drawTerminal(s, e.Second, add)
		}
	}
	return requests, func(values []uint64) {
		for i, v := range values {
			fill[i](v)
		}
	}
}

// drawTerminal asks for what a VPN, or a session, needs at a terminal.
func (d *Directory) drawTerminal(s *session.Session, e *session.End, add func(PoolRequest, func(uint64))) {
	pe := e.PE()
	add(PoolRequest{Pool: "rd:" + string(pe), Holder: string(s.VPN.ID), Min: d.Pools.RD.Min, Max: d.Pools.RD.Max}, func(n uint64) {
		e.RD = fmt.Sprintf("%s:%d", d.Nodes[pe].Loopback, n)
	})
	if e.Terminal.Handoff != nil {
		d.drawHandoff(s, e, add)
	}
}

// drawHandoff asks for what a VPN needs between PE and gateway, and a session
// on the gateway.
func (d *Directory) drawHandoff(s *session.Session, e *session.End, add func(PoolRequest, func(uint64))) {
	h := e.Terminal.Handoff
	holder := string(s.VPN.ID) + "@" + string(h.PE) + ":" + h.Port
	e.Transfer = &session.Transfer{}
	vlans := d.Pools.VLANs[h.Name]
	add(PoolRequest{Pool: "vlan:" + string(h.PE) + ":" + h.Port, Holder: holder, Min: vlans.Min, Max: vlans.Max}, func(n uint64) {
		e.Transfer.VLAN = uint16(n) //nolint:gosec // the inventory bounds the pool
	})
	links := uint64(1)<<(31-d.Pools.Transfer.Bits()) - 1
	add(PoolRequest{Pool: "transfer", Holder: holder, Min: 0, Max: links}, func(n uint64) {
		e.Transfer.PE, e.Transfer.Gateway = d.Pools.transferLink(n)
	})
	if e.Tunnel == nil {
		return
	}
	ports := d.Pools.Tunnels[h.Gateway]
	end := e.AccessPoint
	add(PoolRequest{Pool: "tunnel:" + string(h.Gateway), Holder: string(s.ID) + "/" + end, Min: ports.Min, Max: ports.Max}, func(n uint64) {
		e.Tunnel.Port = uint16(n) //nolint:gosec // the inventory bounds the pool
	})
}

// transferLink returns both sides of the n-th link between PEs and gateways.
func (p Pools) transferLink(n uint64) (pe, gateway []netip.Prefix) {
	for _, net := range []netip.Prefix{p.Transfer, p.Transfer6} {
		if !net.IsValid() {
			continue
		}
		bits := net.Addr().BitLen() - 1
		low := addOffset(net.Masked().Addr(), 2*n)
		pe = append(pe, netip.PrefixFrom(low, bits))
		gateway = append(gateway, netip.PrefixFrom(low.Next(), bits))
	}
	return pe, gateway
}

// addOffset returns the address n above a, a being the first of its network.
func addOffset(a netip.Addr, n uint64) netip.Addr {
	b := a.AsSlice()
	for i := len(b) - 1; n > 0 && i >= 0; i-- {
		n += uint64(b[i])
		b[i] = byte(n & 0xff)
		n >>= 8
	}
	sum, _ := netip.AddrFromSlice(b)
	return sum
}

// Fingerprint condenses a request body, to recognise a repeated one.
func Fingerprint(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
