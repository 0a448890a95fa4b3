// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/s2cd/s2cd/session"
)

// Session returns the caller's session.
func (s *Service) Session(ctx context.Context, caller Caller, id session.ID) (View, error) {
	found, err := s.owned(ctx, caller, id)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, found)
}

// Sessions returns a page of the caller's sessions, newest first.
func (s *Service) Sessions(ctx context.Context, caller Caller, f ListFilter) (Page, error) {
	found, total, err := s.store.Sessions(ctx, Filter{
		Tenant: caller.Tenant, Statuses: f.Statuses, Levels: f.Levels, Name: f.Name,
		Offset: (f.Page - 1) * f.PerPage, Limit: f.PerPage,
	})
	if err != nil {
		return Page{}, fmt.Errorf("list sessions: %w", err)
	}
	page := Page{Views: make([]View, 0, len(found)), Total: total}
	for _, one := range found {
		v, err := s.view(ctx, one)
		if err != nil {
			return Page{}, err
		}
		page.Views = append(page.Views, v)
	}
	return page, nil
}

// owned returns a session that exists for the caller: a foreign one is
// Forbidden, one that its owner deleted is gone once nothing of it is left.
func (s *Service) owned(ctx context.Context, caller Caller, id session.ID) (session.Session, error) {
	found, err := s.store.Session(ctx, id)
	if err != nil {
		return session.Session{}, fmt.Errorf("session %s: %w", id, err)
	}
	if found.Tenant != caller.Tenant {
		return session.Session{}, session.Errorf(session.Forbidden, "", "the session belongs to somebody else")
	}
	if found.Phase == session.Released && found.StatusInfo == session.DeleteRequested {
		return session.Session{}, session.Errorf(session.NotFound, "", "no session %s", id)
	}
	return found, nil
}

// view adds to a session what is computed: fees, handover and measurements.
func (s *Service) view(ctx context.Context, one session.Session) (View, error) {
	v := View{Session: one, Served: one.Served(s.now()), Account: one.Account(s.now())}
	v.Fee = v.Account.Total
	if one.Phase != session.Released {
		v.Actual = s.meter.Measured(one)
	}
	var err error
	d := s.directory.Load()
	if v.A, err = s.handover(ctx, d, one, one.A, one.Z); err != nil {
		return View{}, err
	}
	v.Z, err = s.handover(ctx, d, one, one.Z, one.A)
	return v, err
}

// handover says what the customer needs to connect end; far is the other one.
func (s *Service) handover(ctx context.Context, d *Directory, one session.Session, end, far session.End) (Handover, error) {
	t := end.Terminal
	h := Handover{CustomerIP: t.Address, ProviderAS: d.AS, CustomerAS: end.Routing.PeerAS}
	if t.Attachment != nil {
		h.VLAN, h.ProviderIPs, h.MTU = t.Attachment.VLAN, t.Attachment.Addresses, t.Attachment.MTU
		return h, nil
	}
	h.MTU = t.Handoff.MTU
	if end.Tunnel == nil {
		h.VLAN, h.ProviderIPs = end.Transfer.VLAN, end.Transfer.PE
		return h, nil
	}
	h.MTU = t.Handoff.TunnelMTU
	h.TunnelEndpoint = netip.AddrPortFrom(t.Handoff.Underlay, end.Tunnel.Port)
	h.TunnelAllowedIPs = tunnelRoutes(one, far)
	key, err := s.store.SlotKey(ctx, t.Handoff.Gateway, end.Tunnel.Port)
	if err != nil {
		return Handover{}, fmt.Errorf("public key of gateway %s: %w", t.Handoff.Gateway, err)
	}
	h.TunnelPublicKey = key
	return h, nil
}

// tunnelRoutes is what the customer's end of a tunnel sends through it: the far
// end's prefixes, or everything where BGP decides.
func tunnelRoutes(one session.Session, far session.End) []netip.Prefix {
	if len(far.Routing.Prefixes) > 0 {
		return far.Routing.Prefixes
	}
	if one.A.Terminal.Address.Is6() {
		return []netip.Prefix{netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
	}
	return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
}
