// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Terms are the provider's constants that desired state depends on.
type Terms struct {
	AS            uint32
	Epoch         uint64
	MaxPrefixes   uint32 // of a customer's BGP session
	ProbeInterval uint32 // milliseconds
	KeepaliveSecs uint16 // of tunnels
}

// Desired is what device shall hold for the given sessions, and nothing else.
// A leaf that several sessions need appears once; it goes when the last of them
// does, because it is derived from them.
func Desired(device topology.NodeName, sessions []*session.Session, t Terms) southbound.DeviceConfig {
	vrfs := map[session.VPNID]*southbound.VRF{}
	sessions = slices.SortedFunc(slices.Values(sessions), func(a, b *session.Session) int { return cmp.Compare(a.ID, b.ID) })
	for _, s := range sessions {
		for _, e := range endsOf(s, t) {
			if e.near.PE() == device {
				e.onRouter(vrfOf(vrfs, s.VPN, e.near.RD, t))
			}
			if e.near.Gateway() == device {
				e.onGateway(vrfOf(vrfs, s.VPN, "", t))
			}
		}
	}
	var want southbound.DeviceConfig
	for _, v := range vrfs {
		want.VRFs = append(want.VRFs, *v)
	}
	want.Normalize()
	return want
}

// vrfOf returns a VPN's VRF. On a gateway, which tells no routes, rd is empty.
func vrfOf(vrfs map[session.VPNID]*southbound.VRF, of session.VPN, rd string, t Terms) *southbound.VRF {
	v := vrfs[of.ID]
	if v == nil {
		v = &southbound.VRF{Name: of.VRF, Mark: southbound.Mark{Epoch: t.Epoch, VPN: string(of.ID)}}
		if rd != "" {
			v.RD = rd
			v.ImportRTs, v.ExportRTs = []string{of.RouteTarget}, []string{of.RouteTarget}
		}
		vrfs[of.ID] = v
	}
	return v
}

// leaves renders one end of a session, at one of its terminals: near is the end,
// far the other end of the same way.
type leaves struct {
	s         *session.Session
	near, far *session.End
	suffix    string
	metric    uint32 // of routes to the customer
	terms     Terms
}

// secondMetric is what routes by a second terminal have: those by the first are
// preferred as long as they are there (RFC 4271 section 9.1.2.2 c).
const secondMetric = 100

// endsOf returns what there is to render of a session.
func endsOf(s *session.Session, t Terms) []leaves {
	ways := s.Ways()
	all := make([]leaves, 0, 2*len(ways))
	for i := range ways {
		a, z, metric := &ways[i][0], &ways[i][1], secondMetric*uint32(i)
		all = append(all,
			leaves{s: s, near: a, far: z, suffix: "a", metric: metric, terms: t},
			leaves{s: s, near: z, far: a, suffix: "z", metric: metric, terms: t})
	}
	return all
}

// rates returns the guaranteed rates from this end into the network, and out
// of the network towards it.
func (l leaves) rates() (in, out uint64) {
	if l.suffix == "a" {
		return l.s.Rate.Forward, l.s.Rate.Reverse
	}
	return l.s.Rate.Reverse, l.s.Rate.Forward
}

// onRouter adds the attachment, or the link to the gateway, and its routes.
func (l leaves) onRouter(v *southbound.VRF) {
	in, out := l.rates()
	a, nextHop := l.routerPort()
	if at := findAttachment(v, a.Port, a.VLAN); at != nil {
		at.PoliceKbps += in
		at.ShapeKbps += out
	} else {
		a.Addresses, a.PoliceKbps, a.ShapeKbps = slices.Clone(a.Addresses), in, out
		v.Attachments = append(v.Attachments, a)
	}
	for _, p := range l.near.Routing.Prefixes {
		if onLink(a.Addresses, p) || l.near.Routing.Protocol == session.BGP {
			continue
		}
		addRoute(v, southbound.StaticRoute{Prefix: p, NextHop: nextHop(p), Metric: l.metric})
	}
	if l.near.Routing.Protocol == session.BGP {
		n := southbound.BGPNeighbor{
			Address: l.near.Terminal.Address, LocalAS: l.terms.AS, PeerAS: l.near.Routing.PeerAS,
			MaxPrefixes: l.terms.MaxPrefixes, Secret: l.near.Routing.Secret,
		}
		if !slices.Contains(v.Neighbors, n) {
			v.Neighbors = append(v.Neighbors, n)
		}
	}
}

// routerPort returns the subinterface of the end on its router, and the next
// hop behind it for a prefix.
func (l leaves) routerPort() (southbound.Attachment, func(netip.Prefix) netip.Addr) {
	if t := l.near.Terminal.Attachment; t != nil {
		return southbound.Attachment{Port: t.Port, VLAN: t.VLAN, Addresses: t.Addresses, MTU: t.MTU},
			func(netip.Prefix) netip.Addr { return l.near.Terminal.Address }
	}
	h, x := l.near.Terminal.Handoff, l.near.Transfer
	return southbound.Attachment{Port: h.Port, VLAN: x.VLAN, Addresses: x.PE, MTU: h.MTU},
		func(p netip.Prefix) netip.Addr { return sameFamily(x.Gateway, p.Addr()) }
}

// onGateway adds the link to the router, the tunnel, its routes and the probes
// that prove the session.
func (l leaves) onGateway(v *southbound.VRF) {
	h, x := l.near.Terminal.Handoff, l.near.Transfer
	in, out := l.rates()
	if findAttachment(v, h.GatewayPort, x.VLAN) == nil {
		v.Attachments = append(v.Attachments, southbound.Attachment{
			Port: h.GatewayPort, VLAN: x.VLAN, Addresses: slices.Clone(x.Gateway), MTU: h.MTU,
		})
	}
	if t := l.near.Tunnel; t != nil {
		name := TunnelName(t.Port)
		v.Tunnels = append(v.Tunnels, southbound.Tunnel{
			Name: name, ListenPort: t.Port, MTU: h.TunnelMTU, ClampMSS: true,
			Peer:       southbound.Peer{PublicKey: t.PublicKey, Endpoint: t.Endpoint, AllowedIPs: slices.Clone(l.near.Routing.Prefixes)},
			EgressKbps: out, IngressKbps: in, KeepaliveSecs: l.terms.KeepaliveSecs,
		})
		for _, p := range l.near.Routing.Prefixes {
			addRoute(v, southbound.StaticRoute{Prefix: p, Tunnel: name})
		}
	}
	l.towardsNetwork(v)
	l.probes(v)
}

// towardsNetwork routes the far end's prefixes to the router. A far end that
// speaks BGP has prefixes nobody can list: then everything goes that way.
func (l leaves) towardsNetwork(v *southbound.VRF) {
	prefixes := slices.Clone(l.far.Routing.Prefixes)
	if l.far.Routing.Protocol == session.BGP {
		for _, a := range l.near.Transfer.PE {
			zero := netip.IPv4Unspecified()
			if a.Addr().Is6() {
				zero = netip.IPv6Unspecified()
			}
			prefixes = append(prefixes, netip.PrefixFrom(zero, 0))
		}
	}
	for _, a := range demarcation(l.far) {
		prefixes = append(prefixes, a.Masked())
	}
	for _, p := range prefixes {
		if via := sameFamily(l.near.Transfer.PE, p.Addr()); via.IsValid() && !onLink(l.near.Transfer.Gateway, p) {
			addRoute(v, southbound.StaticRoute{Prefix: p, NextHop: via})
		}
	}
}

// probes measures the provider's part, demarcation point to demarcation point,
// and apart from it the customer's own end.
func (l leaves) probes(v *southbound.VRF) {
	add := func(kind string, target netip.Addr, full uint16) {
		source := sameFamily(l.near.Transfer.Gateway, target)
		if !target.IsValid() || !source.IsValid() {
			return
		}
		v.Probes = append(v.Probes, southbound.Probe{
			Name: ProbeName(kind, l.s.ID, l.suffix), Source: source, Target: target,
			IntervalMsec: l.terms.ProbeInterval, FullSize: full,
		})
	}
	points := demarcation(l.far)
	if len(points) == 0 {
		return
	}
	add(ProvenProbe, points[0].Addr(), min(l.near.Terminal.Handoff.MTU, mtuOf(l.far)))
	if l.far.Terminal.Attachment != nil {
		add(CustomerProbe, l.far.Terminal.Address, 0)
	}
}

// The kinds of probe.
const (
	ProvenProbe   = "p" // proves and measures the session
	CustomerProbe = "c" // looks whether the customer's own end answers
)

// ProbeName names a session's probe on the gateway of one of its ends ("a" or
// "z"); at most 32 bytes.
func ProbeName(kind string, id session.ID, suffix string) string {
	short := strings.ReplaceAll(string(id), "-", "")
	return kind + suffix + "-" + short[:min(len(short), 28)]
}

// TunnelName names the tunnel interface on a UDP port.
func TunnelName(port uint16) string { return fmt.Sprintf("wg%d", port) }

// demarcation returns the provider's addresses at an end.
func demarcation(e *session.End) []netip.Prefix {
	if e.Terminal.Attachment != nil {
		return e.Terminal.Attachment.Addresses
	}
	if e.Transfer != nil {
		return e.Transfer.Gateway
	}
	return nil
}

func mtuOf(e *session.End) uint16 {
	if e.Terminal.Attachment != nil {
		return e.Terminal.Attachment.MTU
	}
	return e.Terminal.Handoff.MTU
}

func findAttachment(v *southbound.VRF, port string, vlan uint16) *southbound.Attachment {
	for i := range v.Attachments {
		if v.Attachments[i].Port == port && v.Attachments[i].VLAN == vlan {
			return &v.Attachments[i]
		}
	}
	return nil
}

// addRoute adds r unless the prefix is routed already: sessions of one access
// point may name the same prefix.
func addRoute(v *southbound.VRF, r southbound.StaticRoute) {
	if !slices.ContainsFunc(v.Routes, func(o southbound.StaticRoute) bool { return o.Prefix == r.Prefix }) {
		v.Routes = append(v.Routes, r)
	}
}

func onLink(addresses []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(addresses, func(a netip.Prefix) bool { return a.Masked() == p })
}

func sameFamily(addresses []netip.Prefix, a netip.Addr) netip.Addr {
	for _, p := range addresses {
		if p.Addr().Is4() == a.Is4() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}
