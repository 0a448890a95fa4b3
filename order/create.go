// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// admitTries bounds how often a create searches again after others took the
// room, or the VPN, it had found.
const admitTries = 4

// Create orders a session: it finds the way, reserves it and writes the session
// down, or refuses and leaves nothing. The same Idempotency-Key again orders
// nothing: answer is then that of the first time, and made is not said; or it is
// empty, where none was kept, and made is the session as it is by now.
func (s *Service) Create(ctx context.Context, caller Caller, o Order) (made session.Session, answer []byte, err error) {
	o.Fingerprint = s.secrets.fingerprint(o)
	placed, err := s.place(ctx, caller, o)
	if err == nil && !placed.Repeated {
		return placed.Session, placed.answer, nil
	}
	// The store knows a repeated order when it comes to it. One that does not, for
	// what the first one took or what has changed since, is answered as it was too.
	first, ok, of := s.repeated(ctx, caller, o.Key, o.Fingerprint)
	switch {
	case ok:
		return first.Session, first.Answer, nil
	case of != nil && (err == nil || session.CodeOf(of) == session.Exists):
		return session.Session{}, nil, of
	}
	return placed.Session, nil, err
}

// placed is an order that was decided.
type placed struct {
	AdmitResult

	answer []byte // that was kept with the Idempotency-Key
}

// place orders a session, whether or not that was done before.
func (s *Service) place(ctx context.Context, caller Caller, o Order) (made placed, err error) {
	d := s.directory.Load()
	level, ok := d.level(caller.Tenant, o.Level)
	if !ok {
		return placed{}, session.Errorf(session.Invalid, "sla", "the level %q is not sold here", o.Level)
	}
	p, err := d.prepare(caller.Tenant, o.Inquiry, s.now())
	if err != nil {
		return placed{}, err
	}
	if err := checkToken(o.Sink, s.now()); err != nil {
		return placed{}, err
	}
	if err := checkRouting(o, p); err != nil {
		return placed{}, err
	}
	if err := checkServer(o.Server, p.ends[1]); err != nil {
		return placed{}, err
	}
	if err := checkLines(p.ends, p.rate); err != nil {
		return placed{}, err
	}
	if level.Protected && !o.Protected {
		return placed{}, session.Errorf(session.Invalid, "sla", "level %s is sold for protected sessions only", level.Name)
	}
	s.secrets.name(caller.Tenant, o, &p)
	of, err := s.redeem(caller.Tenant, o.OfferID, p, level)
	if err != nil {
		return placed{}, err
	}
	for range admitTries {
		made, err = s.admit(ctx, d, caller, o, p, level, of)
		if !errors.Is(err, ErrConflict) {
			break
		}
	}
	if errors.Is(err, ErrConflict) {
		return placed{}, session.Errorf(session.Aborted, "", "other orders for the same resources came first; repeat")
	}
	if err == nil {
		s.wake(made.Session)
	}
	return made, err
}

// checkToken refuses a sink whose token is good for nothing any more.
func checkToken(s *session.Sink, now time.Time) error {
	if s == nil || s.CredentialType != session.AccessToken || s.TokenExpires.After(now) {
		return nil
	}
	return session.Errorf(session.TokenExpired, "sinkCredential.accessTokenExpiresUtc", "lies in the past")
}

// checkRouting refuses an order that lacks what an inquiry may leave open.
func checkRouting(o Order, p plan) error {
	for i, e := range p.ends {
		field := [2]string{"accessPoint", "endPoint"}[i]
		for k, t := range e.Both() {
			if t.Terminal.Handoff != nil && t.Tunnel == nil {
				return session.Errorf(session.Invalid, field+[2]string{".wireguard", ".secondaryWireguard"}[k], "is required: the public key of the customer's tunnel end")
			}
		}
		if len(e.Routing.Prefixes) == 0 && e.Routing.Protocol == session.Static {
			return session.Errorf(session.Invalid, field+".staticPrefixes", "is required without BGP")
		}
	}
	bgp := p.ends[0].Routing.Protocol == session.BGP || p.ends[1].Routing.Protocol == session.BGP
	if o.Routing == session.BGP && !bgp {
		return session.Errorf(session.Invalid, "accessPoint.asNumber", "is required for BGP")
	}
	if o.Routing == session.Static && bgp {
		return session.Errorf(session.Invalid, "routingProtocol", "is STATIC, but an asNumber is given")
	}
	return nil
}

// checkServer refuses a server that does not lie behind the end that is said to
// lead to it. Where BGP tells what does, that is not known.
func checkServer(s *session.ApplicationServer, end session.End) error {
	if s == nil || len(end.Routing.Prefixes) == 0 {
		return nil
	}
	for i, server := range []netip.Prefix{s.IPv4, s.IPv6} {
		behind := func(p netip.Prefix) bool { return p.Bits() <= server.Bits() && p.Contains(server.Addr()) }
		if server.IsValid() && !slices.ContainsFunc(end.Routing.Prefixes, behind) {
			return session.Errorf(session.Invalid, []string{"applicationServer.ipv4Address", "applicationServer.ipv6Address"}[i], "does not lie behind endPoint by its staticPrefixes")
		}
	}
	return nil
}

// admit searches once and asks the store to make the answer true.
func (s *Service) admit(ctx context.Context, d *Directory, caller Caller, o Order, p plan, l session.Level, of promise) (placed, error) {
	demand := d.demand(p, l)
	if of.Held { // the network may have changed since: asked anew, in the room that is held
		demand.Instead = HoldOwner(of.Answer)
	}
	found, refusal := s.paths.Search(demand)
	if refusal != nil {
		return placed{}, s.refused(ctx, of, noRoom(refusal, l))
	}
	vpn, err := s.vpnOf(ctx, caller.Tenant, p)
	if err != nil {
		return placed{}, err
	}
	made := s.draft(d, caller, o, p, l, of.Price, found)
	requests, assign := d.draw(&made, vpn)
	var answer []byte
	wanted := Admission{
		Session: &made, Secrets: p.secrets, Route: found, Pools: requests, Assign: assign,
		Validate: func(h Holdings) error { return s.permit(d, made, h) },
		Events: []session.Event{{
			At: made.CreatedAt, Status: made.Status, Phase: made.Phase, Cause: "ordered",
			Correlator: caller.Correlator, Notify: true,
		}},
		Due: found.Window.From, Key: o.Key, Fingerprint: o.Fingerprint, Answer: s.answering(ctx, o.Answer, &answer),
	}
	if of.Held {
		wanted.Hold = of.Answer
	} else {
		wanted.Offer, wanted.OfferExpires = of.Answer, of.Until
	}
	results, err := s.store.AdmitBatch(ctx, []Admission{wanted}, s.ledger)
	if err != nil {
		return placed{}, fmt.Errorf("admit session: %w", err)
	}
	return placed{results[0], answer}, results[0].Err
}

// vpnOf returns the VPN that the ends are in, or "" when neither is in one.
func (s *Service) vpnOf(ctx context.Context, t session.TenantID, p plan) (session.VPNID, error) {
	in, err := s.store.VPNsAt(ctx, t, p.a.ID, p.z.ID)
	switch {
	case err != nil:
		return "", fmt.Errorf("look up the VPN of %s and %s: %w", p.a.ID, p.z.ID, err)
	case len(in) > 1:
		return "", session.Errorf(session.Incompatible, "endPoint", "the two ends are in different VPNs of this customer")
	case len(in) == 1:
		return in[0], nil
	}
	return "", nil
}

// draft is the session as it will be written, but for its pool values.
func (s *Service) draft(d *Directory, caller Caller, o Order, p plan, l session.Level, price session.Price, a pathcomp.Admission) session.Session {
	now := s.now()
	made := session.Session{
		ID: s.newID(), Tenant: caller.Tenant, Client: caller.Client, Name: o.Name,
		A: p.ends[0], Z: p.ends[1], Protected: p.protected, Level: l.Name, Rate: p.rate,
		Start: p.start, Duration: p.duration, Deadline: p.start.Add(d.Catalogue.ApplyDeadline),
		Phase: session.Admitted, Decision: session.DecidePresent,
		Status: session.StatusIn(session.Admitted, false, p.future),
		Route: session.Route{
			Revision: a.Revision, Class: a.Class, From: a.Window.From, Until: a.Window.Until,
			Forward: session.NodesOf(a.Forward), Reverse: session.NodesOf(a.Reverse), RTTMicros: a.RTTMicros, LossPPM: a.LossPPM,
			Second: wayOf(a.Second),
		},
		Price: price, Server: o.Server, OfferID: o.OfferID, Sink: o.Sink, Correlator: caller.Correlator, CreatedAt: now, UpdatedAt: now,
	}
	for _, n := range devices(p.ends) {
		made.Devices = append(made.Devices, session.DeviceState{Device: n, Have: session.Unknown, At: now})
	}
	return made
}

// devices lists the managed devices of all terminals of both ends, each once.
func devices(ends [2]session.End) []topology.NodeName {
	var names []topology.NodeName
	for _, e := range slices.Concat(ends[0].Both(), ends[1].Both()) {
		names = append(names, e.PE())
		if g := e.Gateway(); g != "" {
			names = append(names, g)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// permit applies what only the transaction can know: the tenant's quota and
// the addresses already used in the VPN.
func (s *Service) permit(d *Directory, made session.Session, h Holdings) error {
	q := d.Tenants[made.Tenant].Quota
	if q.Sessions != 0 && h.Sessions >= q.Sessions {
		return session.Errorf(session.QuotaExceeded, "", "the customer's limit of %d sessions is reached", q.Sessions)
	}
	if q.Kbps != 0 && h.Kbps+made.Rate.Larger() > q.Kbps {
		return session.Errorf(session.QuotaExceeded, "guaranteedBandwidth", "the customer's limit of %d Mbit/s would be passed", q.Kbps/1000)
	}
	for _, other := range h.VPN {
		if sameTunnel(&made, other) {
			return session.Errorf(session.Exists, "", "session %s has the same ends, tunnel key and prefixes", other.ID)
		}
		for i, mine := range []session.End{made.A, made.Z} {
			for _, theirs := range []session.End{other.A, other.Z} {
				if err := fitTogether([2]string{"accessPoint", "endPoint"}[i], mine, theirs); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sameTunnel says whether two sessions lead the same prefixes through tunnels of the
// same key: the one is the other, ordered again without an Idempotency-Key.
func sameTunnel(mine, theirs *session.Session) bool {
	tunnelled := false
	for _, e := range [][2]*session.End{{&mine.A, &theirs.A}, {&mine.Z, &theirs.Z}} {
		if e[0].AccessPoint != e[1].AccessPoint || !slices.Equal(e[0].Routing.Prefixes, e[1].Routing.Prefixes) {
			return false
		}
		if one, other := e[0].Tunnel, e[1].Tunnel; one != nil && other != nil {
			if one.PublicKey != other.PublicKey {
				return false
			}
			tunnelled = true
		}
	}
	return tunnelled
}

// fitTogether refuses two ends of one VPN that cannot both be routed: what
// belongs to different access points must not overlap, and one access point is
// routed in one way.
func fitTogether(field string, mine, theirs session.End) error {
	if mine.AccessPoint != theirs.AccessPoint {
		if m, t, ok := overlap(mine.Routing.Prefixes, theirs.Routing.Prefixes); ok {
			return session.Errorf(session.PrefixOverlap, field+".staticPrefixes", "%s overlaps %s of access point %s in the same VPN", m, t, theirs.AccessPoint)
		}
		return nil
	}
	if mine.Routing.Protocol != theirs.Routing.Protocol || mine.Routing.PeerAS != theirs.Routing.PeerAS {
		return session.Errorf(session.Incompatible, field, "another session of this access point is routed differently")
	}
	if mine.Routing.Secret != theirs.Routing.Secret {
		return session.Errorf(session.Incompatible, field+".bgpPassword", "another session of this access point has another password, or none")
	}
	if mine.Tunnel != nil {
		if m, t, ok := overlap(mine.Routing.Prefixes, theirs.Routing.Prefixes); ok {
			return session.Errorf(session.PrefixOverlap, field+".staticPrefixes", "%s overlaps %s of another tunnel of this access point", m, t)
		}
	}
	return nil
}
