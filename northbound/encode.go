// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/sentence"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// encodeView renders a session for its customer.
func encodeView(v *order.View) (*api.SessionInfo, error) {
	s := &v.Session
	id, err := uuid.Parse(string(s.ID))
	if err != nil {
		return nil, fmt.Errorf("encode session %q: %w", s.ID, err)
	}
	info := &api.SessionInfo{
		SessionId: id, Name: optional(s.Name),
		AccessPoint: encodeEnd(s.A), EndPoint: encodeEnd(s.Z), IsProtected: s.Protected,
		Sla: api.Sla(s.Level), GuaranteedBandwidth: wire.Mbps(s.Rate.Forward), GuaranteedReverseBandwidth: wire.Mbps(s.Rate.Reverse),
		RoutingProtocol: api.RoutingProtocol(routing(s)), StartTime: asked(s), Duration: max(1, wire.Seconds(s.Duration)),
		ApplicationServer: encodeServer(s.Server), OfferId: optional(s.OfferID), Status: api.Status(s.Status), StatusInfo: optional(api.StatusInfo(s.StatusInfo)),
		Phase: api.Phase(wire.Screaming(string(s.Phase))), StatusMessage: sentence.Of(s.Phase, s.StatusInfo),
		CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(), StartedAt: moment(s.StartedAt), ExpiresAt: moment(s.ExpiresAt), EndedAt: moment(s.EndedAt),
		ResourceGroupId: optional(string(s.VPN.ID)), ComputedLatency: optional(wire.Millis(s.Route.RTTMicros)),
		ProtectionLatency: encodeSecond(s.Route.Second),
		Fee:               encodeMoney(v.Fee, s.Price), Actual: encodeActual(v),
		Handover:  encodeConnections(v.A, v.Z),
		Purchased: new(encodePurchased(v)), Delivered: encodeDelivered(v), Timeline: encodeTimeline(v.Timeline),
	}
	if v.Account.Total.Currency != "" {
		info.Account = new(wire.Account(v.Account))
	}
	if s.Sink != nil {
		info.Sink = &s.Sink.URL
	}
	info.SinkCredential = encodeCredential(s.Sink)
	for _, h := range []order.Handover{v.Z, v.A} {
		if h.TunnelEndpoint.IsValid() && info.CloudGatewayIpAddress == nil {
			info.CloudGatewayIpAddress = new(h.TunnelEndpoint.Addr().String())
		}
	}
	return info, nil
}

// asked is the start that a session was ordered for; nil: as soon as possible.
func asked(s *session.Session) *time.Time {
	if !s.Start.After(s.CreatedAt) {
		return nil
	}
	return moment(s.Start)
}

func encodeEnd(e session.End) api.AccessPoint {
	p := api.AccessPoint{Id: optional(e.AccessPoint), Type: optional(api.AccessPointType(e.Type)), AsNumber: optional(int64(e.Routing.PeerAS))}
	if e.Terminal.Address.IsValid() {
		p.PrimaryIpAddress = new(e.Terminal.Address.String())
	}
	if len(e.Routing.Prefixes) > 0 {
		p.StaticPrefixes = new(prefixStrings(e.Routing.Prefixes))
	}
	if at := e.Location; at != nil {
		p.Location = &api.Point{Latitude: at.Latitude, Longitude: at.Longitude}
	}
	p.Wireguard = encodePeer(e.Tunnel)
	if second := e.Second; second != nil {
		if second.Terminal.Address.IsValid() {
			p.SecondaryIpAddress = new(second.Terminal.Address.String())
		}
		p.SecondaryWireguard = encodePeer(second.Tunnel)
	}
	return p
}

func encodePeer(t *session.TunnelEnd) *api.WireGuardPeer {
	if t == nil || t.PublicKey == "" {
		return nil
	}
	return &api.WireGuardPeer{PublicKey: t.PublicKey, Endpoint: encodeTransport(t.Endpoint)}
}

func encodeHandover(h order.Handover) api.HandoverEnd {
	e := api.HandoverEnd{
		VlanId: optional(int32(h.VLAN)), Mtu: optional(int32(h.MTU)),
		ProviderAsNumber: optional(int64(h.ProviderAS)), CustomerAsNumber: optional(int64(h.CustomerAS)),
	}
	if len(h.ProviderIPs) > 0 {
		e.ProviderIpAddresses = new(prefixStrings(h.ProviderIPs))
	}
	if h.CustomerIP.IsValid() {
		e.CustomerIpAddress = new(h.CustomerIP.String())
	}
	if endpoint := encodeTransport(h.TunnelEndpoint); endpoint != nil {
		e.Tunnel = &api.Tunnel{Endpoint: *endpoint, PublicKey: optional(h.TunnelPublicKey)}
		if len(h.TunnelAllowedIPs) > 0 {
			e.Tunnel.AllowedIps = new(prefixStrings(h.TunnelAllowedIPs))
		}
	}
	return e
}

func encodeTransport(a netip.AddrPort) *api.TransportAddress {
	if !a.IsValid() || a.Port() == 0 {
		return nil
	}
	return &api.TransportAddress{IpAddress: a.Addr().String(), Port: int32(a.Port())}
}

func encodeActual(v *order.View) api.Actual {
	m := &v.Actual
	a := api.Actual{
		Verification: wire.Verification(string(m.Verification)), ServicedDuration: wire.Seconds(v.Served),
		SentOctets: octets(m.SentOctets), ReceivedOctets: octets(m.RecvOctets), Detail: optional(limit(m.Detail)),
	}
	if !m.At.IsZero() {
		a.MeasuredAt = moment(m.At)
		a.Latency = new(wire.Millis(m.RTTMicros))
		a.PacketLossRate = new(float64(m.LossPPM) / 10_000)
		a.Window = new(wire.Seconds(m.Window))
		a.FullSizePacketVerified = new(m.FullSize)
		a.FullSizePacketBytes = optional(int32(m.FullSizeBytes))
	}
	if m.CustomerA.State != "" || m.CustomerZ.State != "" {
		a.CustomerEnds = &api.CustomerEnds{AccessPoint: encodeFarEnd(m.CustomerA), EndPoint: encodeFarEnd(m.CustomerZ)}
	}
	if m.AttachmentA.Known || m.AttachmentZ.Known {
		a.Attachments = &api.AttachmentCounters{AccessPoint: encodeCounter(m.AttachmentA), EndPoint: encodeCounter(m.AttachmentZ)}
	}
	return a
}

func encodeCounter(o order.Octets) *api.AttachmentCounter {
	if !o.Known {
		return nil
	}
	return &api.AttachmentCounter{ReceivedOctets: wire.Octets(o.In), SentOctets: wire.Octets(o.Out)}
}

func encodeFarEnd(f order.FarEnd) api.CustomerEnd {
	e := api.CustomerEnd{State: api.CustomerEndStateUNKNOWN, Since: moment(f.Since), Detail: optional(limit(f.Detail))}
	if state := api.CustomerEndState(wire.Screaming(f.State)); state.Valid() {
		e.State = state
	}
	return e
}

// encodeMoney renders m; an account that has no currency yet takes the price's.
func encodeMoney(m session.Money, p session.Price) api.Amount {
	if m.Currency == "" {
		m = session.Money{Minor: m.Minor, Currency: p.Currency, Exponent: p.Exponent}
	}
	return wire.Amount(m)
}

func encodeAvailability(a order.Availability) api.AvailabilityInfo {
	info := api.AvailabilityInfo{Availability: api.Availability(a.Outcome), Offers: []api.Offer{}, Refusals: []api.Refusal{}}
	for _, o := range a.Offers {
		info.Offers = append(info.Offers, encodeOffer(o))
	}
	for _, r := range a.Refusals {
		info.Refusals = append(info.Refusals, encodeRefusal(r))
	}
	if a.Outcome != order.Available && len(info.Refusals) > 0 {
		info.ContextCode, info.ContextMessage = &info.Refusals[0].ContextCode, &info.Refusals[0].ContextMessage
	}
	return info
}

// routing is the protocol of the session: of the end that has BGP, if one has.
func routing(s *session.Session) session.RoutingProtocol {
	if s.A.Routing.Protocol == session.BGP || s.Z.Routing.Protocol == session.BGP {
		return session.BGP
	}
	return session.Static
}

func prefixStrings(list []netip.Prefix) []string {
	all := make([]string, 0, len(list))
	for _, p := range list {
		all = append(all, p.String())
	}
	return all
}

func octets(n uint64) *int64 { return optional(wire.Octets(n)) }

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// limit cuts text to what the contract allows.
func limit(s string) string {
	if r := []rune(s); len(r) > maxMessage {
		return string(r[:maxMessage])
	}
	return s
}
