// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"net/netip"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// defaultOffers is how many offers may hold room for a tenant at once: room that
// nobody pays for is not given without a limit.
const defaultOffers = 10

func (b *builder) tenants() {
	for i, t := range b.file.Tenants {
		at := index("tenants", i)
		b.name(at+".id", "tenant", t.ID, tenantPattern)
		if t.Name == "" {
			b.fault(at+".name", "must not be empty")
		}
		if len(t.Clients) == 0 {
			b.fault(at+".clients", "must not be empty")
		}
		for j, c := range t.Clients {
			if c == "" {
				b.fault(index(at+".clients", j), "must not be empty")
				continue
			}
			b.unique(index(at+".clients", j), "client", c)
		}
		out := session.Tenant{
			ID: session.TenantID(t.ID), Name: t.Name, Clients: t.Clients,
			Quota: session.Quota{
				Sessions: t.Quota.Sessions, Kbps: uint64(t.Quota.Rate),
				Offers: cmp.Or(t.Quota.Offers, defaultOffers), Requests: t.Quota.Requests,
			},
		}
		out.Contact = b.contact(at+".contact", t.Contact)
		out.Prices = b.priceBook(at+".prices", t.ID, t.Prices)
		own := &tenant{builder: b, id: t.ID}
		for j, p := range t.AccessPoints {
			out.AccessPoints = append(out.AccessPoints, own.accessPoint(index(at+".accessPoints", j), p))
		}
		b.out.Tenants = append(b.out.Tenants, out)
	}
}

// tenant builds what belongs to one tenant; addresses of others do not count.
type tenant struct {
	*builder
	id      string
	subnets []subnet
}

type subnet struct {
	prefix netip.Prefix
	path   string
}

func (t *tenant) accessPoint(at string, p fileAccessPoint) session.AccessPoint {
	t.name(at+".id", "access point of "+t.id, p.ID, nodePattern)
	out := session.AccessPoint{ID: p.ID, Type: session.EndType(p.Type)}
	out.Primary = t.terminal(at+".primary", p.Type, p.Primary)
	if p.Location != nil {
		out.Location = &session.Location{Latitude: p.Location.Latitude, Longitude: p.Location.Longitude}
	}
	if p.Secondary == nil {
		return out
	}
	second := t.terminal(at+".secondary", p.Type, *p.Secondary)
	out.Secondary = &second
	one, other := nodesOf(out.Primary), nodesOf(second)
	for i := range one {
		if one[i] != "" && one[i] == other[i] {
			t.fault(at+".secondary", "is on %s like the primary: it would fail with it", one[i])
		}
	}
	return out
}

// nodesOf returns the PE and the gateway of a terminal; empty where there is none.
func nodesOf(t session.Terminal) [2]topology.NodeName {
	switch {
	case t.Attachment != nil:
		return [2]topology.NodeName{t.Attachment.PE}
	case t.Handoff != nil:
		return [2]topology.NodeName{t.Handoff.PE, t.Handoff.Gateway}
	}
	return [2]topology.NodeName{}
}

func (t *tenant) terminal(at, kind string, f fileTerminal) session.Terminal {
	out := session.Terminal{Address: f.Address}
	if f.Address.IsValid() {
		if !f.Address.IsGlobalUnicast() || f.Address.Zone() != "" || f.Address.Is4In6() {
			t.fault(at+".address", "%s cannot be a customer's address", f.Address)
		}
		t.unique(at+".address", kind+" address of "+t.id, f.Address.String())
	}
	switch {
	case (f.Attachment == nil) == (f.Handoff == ""):
		t.fault(at, "want one of attachment and handoff")
	case kind == string(session.Site) && f.Attachment == nil:
		t.fault(at+".handoff", "a SITE has an attachment")
	case kind == string(session.Cloud) && f.Handoff == "":
		t.fault(at+".attachment", "a CLOUD has a handoff")
	case f.Attachment != nil:
		out.Attachment = t.attachment(at+".attachment", f.Address, *f.Attachment)
	default:
		i, ok := t.handoffAt[f.Handoff]
		if !ok {
			t.fault(at+".handoff", "no handoff is called %q", f.Handoff)
			return out
		}
		h := t.out.Handoffs[i]
		out.Handoff = &h
	}
	return out
}

func (t *tenant) attachment(at string, ce netip.Addr, a fileAttachment) *session.Attachment {
	node, known := t.nodeOf(at+".pe", a.PE, topology.PE)
	end := nodePort{node.Name, a.Port}
	port, isAccess := t.accessAt[end]
	if known && !isAccess && a.Port != "" {
		t.fault(at+".port", "%s has no access port %q in ports", a.PE, a.Port)
	}
	if a.Port == "" {
		t.fault(at+".port", "must not be empty")
	}
	if isAccess && a.Max > port.Capacity {
		t.fault(at+".max", "is more than the capacity of port %s", a.Port)
	}
	if known && a.VLAN != 0 {
		t.vlanRange(at+".vlan", end, Range{uint64(a.VLAN), uint64(a.VLAN)})
	}
	if len(a.Addresses) == 0 {
		t.fault(at+".addresses", "must not be empty")
	} else if t.addresses(at+".addresses", a.Addresses) {
		t.lineSubnets(at, ce, a.Addresses)
	}
	return &session.Attachment{
		PE: node.Name, Port: a.Port, VLAN: a.VLAN, Addresses: a.Addresses, MTU: a.MTU, MaxKbps: uint64(a.Max), Platform: node.Platform,
	}
}

// lineSubnets checks the subnets of an access line: the customer is in one, and
// none is known elsewhere in the tenant's VPN or in the transfer pool.
func (t *tenant) lineSubnets(at string, ce netip.Addr, list []netip.Prefix) {
	met := !ce.IsValid()
	for i, p := range list {
		path := index(at+".addresses", i)
		switch {
		case p.Addr() == ce:
			t.fault(path, "%s is the customer's address", ce)
			met = true
		case canHost(p, ce):
			met = true
		}
		for _, other := range t.subnets {
			if p.Overlaps(other.prefix) {
				t.fault(path, "%s overlaps %s in line %d", p.Masked(), other.prefix.Masked(), t.doc.Line(other.path))
			}
		}
		for _, pool := range []netip.Prefix{t.file.Pools.Transfer.IPv4, t.file.Pools.Transfer.IPv6} {
			if pool.IsValid() && pool.Overlaps(p) {
				t.fault(path, "%s overlaps the transfer pool %s", p.Masked(), pool)
			}
		}
	}
	for i, p := range list {
		t.subnets = append(t.subnets, subnet{p, index(at+".addresses", i)})
	}
	if !met {
		t.fault(at+".addresses", "the customer's address %s is not a host of any of them", ce)
	}
}
