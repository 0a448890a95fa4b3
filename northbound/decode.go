// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// decoder turns checked bodies into the core's words. It checks what a schema
// cannot say.
type decoder struct {
	targetAllowed   func(netip.Addr) error // of what is sent to customers; nil: all are
	keysURL         string                 // of key sets; empty: PRIVATE_KEY_JWT is not offered
	endpointAllowed func(netip.Addr) error // nil: all are
}

// inquiry is what check and create have in common in the contract.
type inquiry struct {
	a, z        api.AccessPoint
	protected   *bool
	sla         *api.Sla
	forward     api.Bandwidth
	reverse     *api.Bandwidth
	start       *api.DateTime
	durationSec *api.Duration
}

func (d decoder) check(b api.CheckAvailability) (order.Inquiry, error) {
	q, err := d.inquiry(inquiry{b.AccessPoint, b.EndPoint, b.IsProtected, b.Sla, b.GuaranteedBandwidth, b.GuaranteedReverseBandwidth, b.StartTime, b.Duration})
	if err != nil {
		return order.Inquiry{}, err
	}
	q.Hold = value(b.Hold)
	if b.Sink != nil && !q.Hold {
		return order.Inquiry{}, invalid("sink", "needs hold: true, nothing is told of what is not held")
	}
	q.Warn, err = d.sink(b.Sink, b.SinkCredential)
	return q, err
}

func (d decoder) create(b api.CreateSession) (order.Order, error) {
	q, err := d.inquiry(inquiry{b.AccessPoint, b.EndPoint, b.IsProtected, &b.Sla, b.GuaranteedBandwidth, b.GuaranteedReverseBandwidth, b.StartTime, b.Duration})
	if err != nil {
		return order.Order{}, err
	}
	sink, err := d.sink(b.Sink, b.SinkCredential)
	if err != nil {
		return order.Order{}, err
	}
	server, err := decodeServer(b.ApplicationServer)
	if err != nil {
		return order.Order{}, err
	}
	return order.Order{
		Inquiry: q, Name: value(b.Name), Server: server, OfferID: value(b.OfferId), Sink: sink,
		Routing: session.RoutingProtocol(valueOr(b.RoutingProtocol, api.STATIC)),
	}, nil
}

func (d decoder) inquiry(in inquiry) (order.Inquiry, error) {
	q := order.Inquiry{
		Protected: value(in.protected),
		Level:     session.LevelName(value(in.sla)),
		Duration:  time.Duration(value(in.durationSec)) * time.Second,
		Rate:      session.Rate{Forward: uint64(in.forward) * 1000, Reverse: uint64(valueOr(in.reverse, in.forward)) * 1000}, //nolint:gosec // 1..10^6 by the schema
	}
	if in.start != nil {
		q.Start = *in.start
	}
	var err error
	if q.A, err = d.end("accessPoint", in.a, q.Protected); err != nil {
		return order.Inquiry{}, err
	}
	if q.Z, err = d.end("endPoint", in.z, q.Protected); err != nil {
		return order.Inquiry{}, err
	}
	return q, nil
}

// end decodes one end; field is its name in the body.
func (d decoder) end(field string, p api.AccessPoint, protected bool) (order.EndRequest, error) {
	if err := named(field, p, protected); err != nil {
		return order.EndRequest{}, err
	}
	e := order.EndRequest{
		AccessPoint: value(p.Id), Type: session.EndType(value(p.Type)),
		PeerAS: uint32(value(p.AsNumber)), BGPPassword: session.Hidden(value(p.BgpPassword)), //nolint:gosec // bounded by the schema
	}
	var err error
	if e.Primary, err = address(field+".primaryIpAddress", p.PrimaryIpAddress); err != nil {
		return order.EndRequest{}, err
	}
	if e.Secondary, err = address(field+".secondaryIpAddress", p.SecondaryIpAddress); err != nil {
		return order.EndRequest{}, err
	}
	if e.Secondary.IsValid() && e.Secondary == e.Primary {
		return order.EndRequest{}, invalid(field+".secondaryIpAddress", "is the same as primaryIpAddress")
	}
	if p.Location != nil {
		e.Location = &session.Location{Latitude: p.Location.Latitude, Longitude: p.Location.Longitude}
	}
	if e.Prefixes, err = prefixes(field+".staticPrefixes", value(p.StaticPrefixes)); err != nil {
		return order.EndRequest{}, err
	}
	if e.WireGuard, err = d.wireguard(field+".wireguard", p.Wireguard); err != nil {
		return order.EndRequest{}, err
	}
	if p.SecondaryWireguard != nil && !protected {
		return order.EndRequest{}, invalid(field+".secondaryWireguard", "needs isProtected: true")
	}
	if e.SecondWireGuard, err = d.wireguard(field+".secondaryWireguard", p.SecondaryWireguard); err != nil {
		return order.EndRequest{}, err
	}
	return e, nil
}

// named checks that an end is named in one of the two ways.
func named(field string, p api.AccessPoint, protected bool) error {
	switch {
	case p.Id != nil && (p.Type != nil || p.PrimaryIpAddress != nil || p.SecondaryIpAddress != nil):
		return invalid(field, "give either id, or type and addresses")
	case p.Id != nil:
		return nil
	case p.Type == nil:
		return invalid(field+".type", "is required where id is absent")
	case p.PrimaryIpAddress == nil:
		return invalid(field+".primaryIpAddress", "is required where id is absent")
	case protected && p.SecondaryIpAddress == nil:
		return invalid(field+".secondaryIpAddress", "is required where isProtected is true")
	}
	return nil
}

func address(field string, s *string) (netip.Addr, error) {
	if s == nil {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(*s)
	if err != nil || a.Is4In6() {
		return netip.Addr{}, invalid(field, "must be an IPv4 or IPv6 address")
	}
	if a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
		return netip.Addr{}, invalid(field, "must be the address of a host")
	}
	return a, nil
}

func prefixes(field string, list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for i, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() {
			return nil, invalid(element(field, i), "must be an IPv4 or IPv6 prefix")
		}
		if p != p.Masked() {
			return nil, invalid(element(field, i), "has bits set beyond its length")
		}
		if what := martian(p); what != "" {
			return nil, invalid(element(field, i), "is "+what+", which no customer can have")
		}
		for _, other := range all {
			if other.Overlaps(p) {
				return nil, invalid(element(field, i), "overlaps "+other.String())
			}
		}
		all = append(all, p)
	}
	return all, nil
}

func (d decoder) wireguard(field string, p *api.WireGuardPeer) (*order.WireGuardEnd, error) {
	if p == nil {
		return nil, nil //nolint:nilnil // absent is a value here
	}
	if noKey(p.PublicKey) {
		return nil, invalid(field+".publicKey", "is all zero, which is nobody's key")
	}
	e := &order.WireGuardEnd{PublicKey: p.PublicKey}
	if p.Endpoint != nil {
		at := field + ".endpoint.ipAddress"
		a, err := address(at, &p.Endpoint.IpAddress)
		if err != nil {
			return nil, err
		}
		// The gateway sends to it at once and for ever: not to a neighbour, and
		// not to ourselves.
		if !a.IsGlobalUnicast() || a.Zone() != "" || d.endpointAllowed != nil && d.endpointAllowed(a) != nil {
			return nil, invalid(at, "tunnels are not set up to such an address")
		}
		e.Endpoint = netip.AddrPortFrom(a, uint16(p.Endpoint.Port)) //nolint:gosec // bounded by the schema
	}
	return e, nil
}

// sink decodes where events go and what makes them welcome there.
func (d decoder) sink(target *api.Sink, c *api.SinkCredential) (*session.Sink, error) {
	if target == nil {
		if c != nil {
			return nil, invalid("sinkCredential", "needs a sink")
		}
		return nil, nil //nolint:nilnil // absent is a value here
	}
	if err := d.sinkURL(*target); err != nil {
		return nil, err
	}
	s := &session.Sink{URL: *target}
	if c == nil {
		return s, nil
	}
	return s, d.credential(s, *c)
}

func (d decoder) sinkURL(raw string) error {
	if why := d.checkTarget(raw); why != "" {
		return &fault{status: 400, code: "INVALID_SINK", message: "sink: " + why}
	}
	return nil
}

func value[T any](p *T) T {
	var zero T
	return valueOr(p, zero)
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
