// SPDX-License-Identifier: Apache-2.0

package order

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// plan is an inquiry whose every name was looked up and every rule checked.
type plan struct {
	a, z      session.AccessPoint
	ends      [2]session.End // terminals and routing; nothing assigned yet
	rate      session.Rate
	protected bool
	start     time.Time // when the service shall begin
	future    bool      // start was asked for and lies ahead
	duration  time.Duration
	slack     time.Duration // by which start may still move on
	secrets   []Secret      // that the ends refer to
}

// prepare turns what a caller asked for into a plan. An inquiry may leave open
// what lies behind the ends, and ask for more than there is: checkRouting and
// checkRates are for orders.
func (d *Directory) prepare(tenant session.TenantID, q Inquiry, now time.Time) (plan, error) {
	p := plan{rate: q.Rate, protected: q.Protected, start: q.Start, duration: q.Duration}
	if err := p.settleWindow(d.Catalogue, now); err != nil {
		return plan{}, err
	}
	if q.Rate.Forward == 0 || q.Rate.Reverse == 0 {
		return plan{}, session.Errorf(session.OutOfRange, "guaranteedBandwidth", "must be at least 1 Mbit/s")
	}
	var err error
	if p.a, err = d.find(tenant, "accessPoint", q.A); err != nil {
		return plan{}, err
	}
	if p.z, err = d.find(tenant, "endPoint", q.Z); err != nil {
		return plan{}, err
	}
	if p.a.ID == p.z.ID {
		return plan{}, session.Errorf(session.Invalid, "endPoint", "is the same access point as accessPoint")
	}
	for i, e := range []struct {
		field string
		ap    session.AccessPoint
		req   EndRequest
	}{{"accessPoint", p.a, q.A}, {"endPoint", p.z, q.Z}} {
		p.ends[i] = session.End{AccessPoint: e.ap.ID, Type: e.ap.Type, Terminal: e.ap.Primary, Location: cmp.Or(e.req.Location, e.ap.Location)}
		if err := d.settleEnd(&p.ends[i], e.field, e.req); err != nil {
			return plan{}, err
		}
		if err := d.settleSecond(&p.ends[i], q.Protected, e.field, e.ap, e.req); err != nil {
			return plan{}, err
		}
	}
	if pfx, other, ok := overlap(p.ends[0].Routing.Prefixes, p.ends[1].Routing.Prefixes); ok {
		return plan{}, session.Errorf(session.Invalid, "endPoint.staticPrefixes", "%s overlaps %s of accessPoint", other, pfx)
	}
	return p, nil
}

// mostAhead is how long before its start a session can be ordered: with the
// longest duration waitDays and all times stay within what the API can say.
const mostAhead = 20 * 365 * 24 * time.Hour

func (p *plan) settleWindow(c session.Catalogue, now time.Time) error {
	switch {
	case p.start.IsZero():
		p.start = now
	case p.start.Before(now):
		return session.Errorf(session.Invalid, "startTime", "lies in the past")
	case p.start.After(now.Add(mostAhead)):
		return session.Errorf(session.OutOfRange, "startTime", "is more than %d days ahead", int64(mostAhead/(24*time.Hour)))
	default:
		p.future = true
	}
	switch {
	case p.duration == 0:
		p.duration = c.DefaultDuration
	case p.duration < 0:
		return session.Errorf(session.OutOfRange, "duration", "must be at least 1 second")
	case p.duration > c.MaxDuration:
		return session.Errorf(session.DurationTooLong, "duration", "is more than the maximum of %d seconds", int64(c.MaxDuration/time.Second))
	}
	return nil
}

// settleEnd checks how an end connects and what lies behind it.
func (d *Directory) settleEnd(e *session.End, field string, r EndRequest) error {
	e.Routing = session.Routing{Protocol: session.Static, Prefixes: slices.Clone(r.Prefixes), PeerAS: r.PeerAS}
	for i, p := range r.Prefixes {
		if p != p.Masked() {
			return session.Errorf(session.Invalid, field+".staticPrefixes", "%s has bits set beyond its length", p)
		}
		if other, _, ok := overlap(r.Prefixes[:i], r.Prefixes[i:i+1]); ok {
			return session.Errorf(session.Invalid, field+".staticPrefixes", "%s overlaps %s", p, other)
		}
	}
	h := e.Terminal.Handoff
	switch {
	case h == nil && r.WireGuard != nil:
		return session.Errorf(session.Invalid, field+".wireguard", "this end is a line, not a tunnel")
	case h == nil && r.PeerAS != 0 && r.PeerAS == d.AS: // it would be told nothing: what is learned inside an AS is not passed on
		return session.Errorf(session.NotSupported, field+".asNumber", "BGP is with another AS than the provider's own, which is %d", r.PeerAS)
	case h == nil && r.PeerAS != 0:
		e.Routing.Protocol = session.BGP
	case h != nil && r.PeerAS != 0:
		return session.Errorf(session.NotSupported, field+".asNumber", "BGP is not offered through this handoff")
	case h != nil && h.Kind == session.PartnerVLAN:
		return session.Errorf(session.NotSupported, field, "partner handoffs are not delivered yet")
	case h != nil && r.WireGuard != nil:
		e.Tunnel = &session.TunnelEnd{PublicKey: r.WireGuard.PublicKey, Endpoint: r.WireGuard.Endpoint}
	}
	if err := d.checkPlatforms(*e, field); err != nil {
		return err
	}
	return d.checkPassword(*e, field, r.BGPPassword)
}

// checkPlatforms refuses what the devices of an end cannot hold.
func (d *Directory) checkPlatforms(e session.End, field string) error {
	pe := d.platform(e.PE())
	if !pe.QoS {
		return session.Errorf(session.NotSupported, field, "the router there cannot hold a rate")
	}
	if e.Routing.Protocol == session.BGP && !pe.CEBGP {
		return session.Errorf(session.NotSupported, field+".asNumber", "the router there does not speak BGP to customers")
	}
	for _, p := range e.Routing.Prefixes {
		if p.Addr().Is6() && !pe.VPNv6 {
			return session.Errorf(session.NotSupported, field+".staticPrefixes", "the router there does not carry IPv6 VPNs: %s", p)
		}
		if p.Addr().Is6() && e.Terminal.Handoff != nil && !d.Pools.Transfer6.IsValid() {
			return session.Errorf(session.NotSupported, field+".staticPrefixes", "the handoff there has no IPv6 addresses: %s", p)
		}
	}
	return nil
}

// checkLines refuses rates that an access line can never carry.
func checkLines(ends [2]session.End, rate session.Rate) *session.Error {
	for i, e := range ends {
		if limit := linesOf(e); limit != 0 && rate.Larger() > limit {
			field := [2]string{"accessPoint", "endPoint"}[i]
			return session.Errorf(session.NoResources, "guaranteedBandwidth", "the line of %s carries at most %d Mbit/s", field, limit/1000)
		}
	}
	return nil
}

// linesKbps is what the lines of both ends carry.
func (p plan) linesKbps() uint64 { return lesser(linesOf(p.ends[0]), linesOf(p.ends[1])) }

// linesOf is what each line of an end carries.
func linesOf(e session.End) uint64 {
	if e.Second == nil {
		return lineKbps(e)
	}
	return lesser(lineKbps(e), lineKbps(*e.Second))
}

// lesser is the lesser of two limits, of which 0 is none.
func lesser(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// lineKbps is what the line of a terminal carries, each way; 0: not known.
func lineKbps(e session.End) uint64 {
	if t := e.Terminal; t.Attachment != nil {
		return t.Attachment.MaxKbps
	}
	return e.Terminal.Handoff.MaxKbps
}

// demand is what the path-computation core is asked for at a level.
func (d *Directory) demand(p plan, l session.Level) pathcomp.Demand {
	out := d.terms(p, l)
	out.From, out.To, out.Second = terminal(p.ends[0]), terminal(p.ends[1]), second(p.ends)
	return out
}

// terms is a demand wherever its ends are.
func (d *Directory) terms(p plan, l session.Level) pathcomp.Demand {
	c := d.Catalogue
	from := p.start
	if p.future {
		from = from.Add(-c.LeadGuard)
	}
	// The time to ACTIVATED is the provider's: the customer's duration starts
	// after it, so the window holds room for the latest start.
	until := p.start.Add(c.ApplyDeadline + p.duration + c.TailGuard + p.slack)
	return pathcomp.Demand{
		Kbps:  [2]uint64{p.rate.Forward, p.rate.Reverse},
		Class: l.Class, BookingPermille: l.BookingPermille, OverheadPermill: c.OverheadPermill,
		Window:       pathcomp.Window{From: from.Truncate(time.Second), Until: until.Truncate(time.Second).Add(time.Second)},
		MaxRTTMicros: l.MaxRTTMicros, Steered: steered(l),
	}
}

// steered is which path a level wants where paths can be chosen.
func steered(l session.Level) pathcomp.Steered {
	out := pathcomp.Steered{MaxLossPPM: l.MaxLossPPM}
	switch l.Objective {
	case session.LeastLatency:
		out.Objective = pathcomp.LeastLatency
	case session.LeastLoad:
		out.Objective = pathcomp.LeastLoad
	case session.LeastCost:
	}
	return out
}

// claim is what a session needs from now on to be admitted anew; false: its
// level is no longer sold, so that nothing says what it needs.
func (d *Directory) claim(s session.Session, now time.Time) (pathcomp.Claim, bool) {
	l, ok := d.Catalogue.Level(s.Level)
	if !ok {
		return pathcomp.Claim{}, false
	}
	return pathcomp.Claim{Owner: string(s.ID), Rank: d.rank(s.Level), Since: s.CreatedAt, Demand: d.anew(s, l, now)}, true
}

// anew is what a session needs from now on, in place of what it has.
func (d *Directory) anew(s session.Session, l session.Level, now time.Time) pathcomp.Demand {
	from := s.Route.From
	if now.After(from) {
		from = now.Truncate(time.Second)
	}
	if l.MaxRTTMicros > 0 { // bounds may have been tightened since it was sold
		l.MaxRTTMicros = max(l.MaxRTTMicros, s.Route.SlowestMicros())
	}
	if l.MaxLossPPM > 0 {
		l.MaxLossPPM = max(l.MaxLossPPM, s.Route.WorstLossPPM())
	}
	way := second([2]session.End{s.A, s.Z})
	if way != nil && s.Route.Second != nil {
		way.MayMeet = s.Route.Second.Meets // where it is in service already
	}
	return pathcomp.Demand{
		From: terminal(s.A), To: terminal(s.Z), Kbps: [2]uint64{s.Rate.Forward, s.Rate.Reverse},
		Class: s.Route.Class, BookingPermille: l.BookingPermille, OverheadPermill: d.Catalogue.OverheadPermill,
		Window: pathcomp.Window{From: from, Until: s.Route.Until}, MaxRTTMicros: l.MaxRTTMicros,
		Instead: string(s.ID), Second: way, Steered: steered(l),
	}
}

// rank says which level goes first when room is scarce: the last of the
// catalogue, which lists them from the least to the most.
func (d *Directory) rank(level session.LevelName) int {
	levels := d.Catalogue.Levels
	return len(levels) - slices.IndexFunc(levels, func(l session.Level) bool { return l.Name == level })
}

func terminal(e session.End) pathcomp.Terminal {
	if a := e.Terminal.Attachment; a != nil {
		return pathcomp.Terminal{Node: a.PE, Access: []string{topology.PortAccess(a.PE, a.Port)}}
	}
	h := e.Terminal.Handoff
	access := []string{topology.HandoffAccess(h.Name)}
	if h.Gateway != "" {
		access = []string{topology.GatewayAccess(h.Gateway), topology.HandoffAccess(h.Name)}
	}
	return pathcomp.Terminal{Node: h.PE, Access: access}
}

// overlap returns the first pair of prefixes, one of each list, that overlap.
func overlap(a, b []netip.Prefix) (netip.Prefix, netip.Prefix, bool) {
	for _, x := range a {
		for _, y := range b {
			if x.Overlaps(y) {
				return x, y, true
			}
		}
	}
	return netip.Prefix{}, netip.Prefix{}, false
}
