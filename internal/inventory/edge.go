// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/netip"
	"slices"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// maxAssigned is the largest assigned number that fits beside an IPv4 address
// or a four-octet AS number (RFC 4364 section 4.2, RFC 5668).
const maxAssigned = 65535

func (b *builder) ports() {
	for i, p := range b.file.Ports {
		at := index("ports", i)
		b.nodeOf(at+".pe", p.PE, topology.PE)
		end := nodePort{topology.NodeName(p.PE), p.Port}
		if b.portName(at+".port", end) {
			b.notLink(at+".port", end)
			b.unique(at+".port", "port of "+p.PE, p.Port)
		}
		b.accessAt[end] = p
		b.access("port:"+p.PE+":"+p.Port, end.node, p.Capacity, b.micros(at+".latency", p.Latency, false), b.shares(at+".reservable", p.Reservable))
	}
}

func (b *builder) portName(path string, end nodePort) bool {
	if end.port == "" {
		b.fault(path, "must not be empty")
		return false
	}
	if !portPattern.MatchString(end.port) {
		b.fault(path, "%q is not a name: %s", end.port, rulesOf(portPattern))
		return false
	}
	return true
}

// notLink refuses a port that a core link uses.
func (b *builder) notLink(path string, end nodePort) {
	if first, used := b.linkPorts[end]; used {
		b.fault(path, "port %s of %s is used by the link in line %d", end.port, end.node, b.doc.Line(first))
	}
}

func (b *builder) gateways() {
	for i, g := range b.file.Gateways {
		at := index("gateways", i)
		b.nodeOf(at+".node", g.Node, topology.Gateway)
		b.unique(at+".node", "gateway", g.Node)
		if g.Underlay.IsValid() && (!g.Underlay.IsGlobalUnicast() || g.Underlay.Zone() != "") {
			b.fault(at+".underlay", "%s cannot be dialled from elsewhere", g.Underlay)
		}
		b.unique(at+".underlay", "underlay address", g.Underlay.String())
		if r := g.TunnelPorts; r.Max != 0 && (r.Min < 1024 || r.Max > 65535) {
			b.fault(at+".tunnelPorts", "must be within 1024 to 65535")
		}
		if len(g.Ports) == 0 {
			b.fault(at+".ports", "must not be empty")
		}
		for j, p := range g.Ports {
			if b.portName(index(at+".ports", j), nodePort{topology.NodeName(g.Node), p}) && slices.Contains(g.Ports[:j], p) {
				b.fault(index(at+".ports", j), "%q is given twice", p)
			}
		}
		name := topology.NodeName(g.Node)
		b.gatewayAt[name] = i
		b.out.Pools.Tunnels[name] = g.TunnelPorts.Range
		b.access("gateway:"+g.Node, name, g.Capacity, b.micros(at+".latency", g.Latency, false), b.shares(at+".reservable", g.Reservable))
	}
	for i, n := range b.out.Network.Nodes {
		if _, ok := b.gatewayAt[n.Name]; n.Role == topology.Gateway && !ok {
			b.fault(index("nodes", i), "%s is a gateway but not in gateways", n.Name)
		}
	}
}

func (b *builder) handoffs() {
	for i, h := range b.file.Handoffs {
		at := index("handoffs", i)
		b.name(at+".name", "handoff", h.Name, nodePattern)
		b.nodeOf(at+".pe", h.PE, topology.PE)
		end := nodePort{topology.NodeName(h.PE), h.Port}
		if b.portName(at+".port", end) {
			b.notLink(at+".port", end)
		}
		out := session.Handoff{
			Kind: session.HandoffKind(h.Kind), Name: h.Name, PE: end.node, Port: h.Port,
			MTU: h.MTU, TunnelMTU: h.TunnelMTU, MaxKbps: uint64(h.MaxRate),
		}
		switch out.Kind {
		case session.WireGuard:
			b.wireGuard(at, h, &out)
		case session.PartnerVLAN:
			b.partner(at, h)
		}
		b.vlanRange(at+".vlans", end, h.VLANs.Range)
		b.out.Pools.VLANs[h.Name] = h.VLANs.Range
		b.handoffAt[h.Name] = len(b.out.Handoffs)
		b.out.Handoffs = append(b.out.Handoffs, out)
		b.access("handoff:"+h.Name, end.node, h.MaxRate, b.micros(at+".latency", h.Latency, false), b.shares(at+".reservable", h.Reservable))
	}
}

func (b *builder) wireGuard(at string, h fileHandoff, out *session.Handoff) {
	if h.Partner != nil {
		b.fault(at+".partner", "belongs to kind partner-vlan")
	}
	switch {
	case h.TunnelMTU == 0:
		b.fault(at+".tunnelMtu", "missing: a wireguard handoff has tunnels")
	case h.TunnelMTU > h.MTU:
		b.fault(at+".tunnelMtu", "must not be larger than mtu (%d)", h.MTU)
	}
	if h.Gateway == "" {
		b.fault(at+".gateway", "missing: a wireguard handoff ends on one")
		return
	}
	if _, ok := b.nodeOf(at+".gateway", h.Gateway, topology.Gateway); !ok {
		return
	}
	i, ok := b.gatewayAt[topology.NodeName(h.Gateway)]
	if !ok {
		return // said of the node
	}
	g := b.file.Gateways[i]
	if !slices.Contains(g.Ports, h.GatewayPort) {
		b.fault(at+".gatewayPort", "%s has no port %q", h.Gateway, h.GatewayPort)
	} else {
		b.joined(at, h)
	}
	out.Gateway, out.GatewayPort, out.Underlay = topology.NodeName(h.Gateway), h.GatewayPort, g.Underlay
}

// joined checks that a gateway port leads to one PE port only.
func (b *builder) joined(at string, h fileHandoff) {
	const kind = "far end of "
	port, far := h.Gateway+":"+h.GatewayPort, h.PE+":"+h.Port
	if b.names[kind+port] == nil {
		b.names[kind+port] = map[string]string{far: at}
		return
	}
	if _, same := b.names[kind+port][far]; !same {
		b.fault(at+".gatewayPort", "%s leads to another PE port already", port)
	}
}

func (b *builder) partner(at string, h fileHandoff) {
	for _, f := range []struct {
		key string
		set bool
	}{{"gateway", h.Gateway != ""}, {"gatewayPort", h.GatewayPort != ""}, {"tunnelMtu", h.TunnelMTU != 0}} {
		if f.set {
			b.fault(at+"."+f.key, "belongs to kind wireguard")
		}
	}
	p := h.Partner
	if p == nil {
		b.fault(at+".partner", "missing: who is the far end?")
		return
	}
	if p.AS == b.file.AS {
		b.fault(at+".partner.as", "is the provider's own")
	}
	if len(p.Addresses) == 0 {
		b.fault(at+".partner.addresses", "must not be empty")
	}
	b.addresses(at+".partner.addresses", p.Addresses)
	b.out.Partners[h.Name] = Partner{Name: p.Name, AS: p.AS, Addresses: p.Addresses, Secret: p.Secret, ServiceKey: p.ServiceKey}
}

// vlanRange enters VLANs of a port and finds those given out twice.
func (b *builder) vlanRange(path string, end nodePort, r Range) {
	if r.Max == 0 {
		return // said already
	}
	if r.Min < 1 || r.Max > 4094 {
		b.fault(path, "must be within 1 to 4094")
		return
	}
	for _, other := range b.vlans[end] {
		if r.Overlaps(other.Range) {
			b.fault(path, "VLAN %d of port %s of %s is given out in line %d already", max(r.Min, other.Min), end.port, end.node, b.doc.Line(other.path))
			break
		}
	}
	b.vlans[end] = append(b.vlans[end], vlanUse{r, path})
}

// addresses checks the addresses of one interface: hosts of their subnets, one
// subnet a family.
func (b *builder) addresses(path string, list []netip.Prefix) bool {
	ok := true
	for i, p := range list {
		at := index(path, i)
		switch {
		case !p.IsValid():
			ok = false
			continue // said already
		case !p.Addr().IsGlobalUnicast() || p.Addr().Is4In6():
			b.fault(at, "%s cannot be an interface's address", p.Addr())
			ok = false
		case !canHost(p, p.Addr()) || p.IsSingleIP():
			b.fault(at, "%s is not a host of a subnet", p)
			ok = false
		}
		for _, q := range list[:i] {
			if q.IsValid() && q.Addr().Is4() == p.Addr().Is4() {
				b.fault(at, "a second address of the same family")
				ok = false
			}
		}
	}
	return ok
}

func (b *builder) pools() {
	p := b.file.Pools
	most := uint64(1<<32 - 1)
	if b.file.AS > 65535 {
		most = maxAssigned
	}
	if p.VPN.Max != 0 && (p.VPN.Min < 1 || p.VPN.Max > most) {
		b.fault("pools.vpn", "must be within 1 to %d: route targets hold it beside AS %d", most, b.file.AS)
	}
	if p.RD.Max != 0 && (p.RD.Min < 1 || p.RD.Max > maxAssigned) {
		b.fault("pools.rd", "must be within 1 to %d: route distinguishers hold it", maxAssigned)
	}
	b.out.Pools.VPN, b.out.Pools.RD = p.VPN.Range, p.RD.Range
	b.out.Pools.Transfer, b.out.Pools.Transfer6 = p.Transfer.IPv4, p.Transfer.IPv6
	b.transfer(p.Transfer)
}

func (b *builder) transfer(t fileTransfer) {
	const at4, at6 = "pools.transfer.ipv4", "pools.transfer.ipv6"
	if t.IPv4.IsValid() && (!t.IPv4.Addr().Is4() || t.IPv4.Bits() > 31 || t.IPv4.Bits() < 8) {
		b.fault(at4, "want an IPv4 prefix from /8 to /31")
	} else if t.IPv4.IsValid() && t.IPv4 != t.IPv4.Masked() {
		b.fault(at4, "has host bits set, meant %s?", t.IPv4.Masked())
	}
	if t.IPv6.IsValid() {
		switch {
		case !t.IPv6.Addr().Is6() || t.IPv6.Bits() < 32 || t.IPv6.Bits() > 127:
			b.fault(at6, "want an IPv6 prefix from /32 to /127")
		case t.IPv6 != t.IPv6.Masked():
			b.fault(at6, "has host bits set, meant %s?", t.IPv6.Masked())
		case t.IPv4.IsValid() && 127-t.IPv6.Bits() < 31-t.IPv4.Bits():
			b.fault(at6, "holds fewer links than ipv4: want at most /%d", 127-(31-t.IPv4.Bits()))
		}
	}
	for i, n := range b.out.Network.Nodes {
		b.notTransfer(index("nodes", i)+".loopback", n.Loopback)
	}
	for i, g := range b.file.Gateways {
		b.notTransfer(index("gateways", i)+".underlay", g.Underlay)
	}
}

// notTransfer refuses an address that lies in the transfer pool.
func (b *builder) notTransfer(path string, a netip.Addr) {
	for _, p := range []netip.Prefix{b.file.Pools.Transfer.IPv4, b.file.Pools.Transfer.IPv6} {
		if p.IsValid() && p.Contains(a) {
			b.fault(path, "%s lies in the transfer pool %s", a, p)
		}
	}
}
