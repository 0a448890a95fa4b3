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
	found, events, err := s.store.Glance(ctx, id, mostTimeline)
	if err != nil {
		return View{}, fmt.Errorf("session %s: %w", id, err)
	}
	if err := mayRead(caller, found); err != nil {
		return View{}, err
	}
	v, err := s.View(ctx, found)
	if err != nil {
		return View{}, err
	}
	v.Timeline = events
	err = s.delivered(ctx, &v)
	return v, err
}

// Sessions returns a page of the caller's sessions, those ordered last first
// unless it is asked for otherwise.
func (s *Service) Sessions(ctx context.Context, caller Caller, f ListFilter) (Page, error) {
	if f.Sort == ByOrder {
		f.Sort = ByCreated
	}
	found, total, err := s.store.Sessions(ctx, Filter{
		Tenant: caller.Tenant, Statuses: f.Statuses, Levels: f.Levels, Name: f.Name, Created: f.Created, Starts: f.Starts,
		Kept: true, Sort: f.Sort, Upward: f.Upward, Offset: offset(f.Page, f.PerPage), Limit: f.PerPage,
	})
	if err != nil {
		return Page{}, fmt.Errorf("list sessions: %w", err)
	}
	views := func(yield func(View, error) bool) {
		for _, one := range found {
			v, err := s.View(ctx, one)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
	return Page{Views: views, Total: total}, nil
}

// owned returns a session that exists for the caller: a foreign one is
// Forbidden, one that its owner deleted is gone once nothing of it is left.
func (s *Service) owned(ctx context.Context, caller Caller, id session.ID) (session.Session, error) {
	found, err := s.store.Session(ctx, id)
	if err != nil {
		return session.Session{}, fmt.Errorf("session %s: %w", id, err)
	}
	return found, mayRead(caller, found)
}

func mayRead(caller Caller, found session.Session) error {
	if found.Tenant != caller.Tenant {
		return session.Errorf(session.Forbidden, "", "the session belongs to somebody else")
	}
	if Gone(found) {
		return session.Errorf(session.NotFound, "", "no session %s", found.ID)
	}
	return nil
}

// View adds to a session what is computed: fees, handover and measurements. It
// does not read the session again.
func (s *Service) View(ctx context.Context, one session.Session) (View, error) {
	d, now := s.directory.Load(), s.now()
	v := View{Session: one, Served: one.Served(now), Account: one.Account(now)}
	v.Fee = v.Account.Total
	if l, ok := d.level(one.Tenant, one.Level); ok {
		v.Promise = &l
	}
	if one.Phase != session.Admitted && one.Phase != session.Released { // else nothing is on a device
		v.Actual = s.meter.Measured(one)
	}
	var err error
	if v.A, err = s.handover(ctx, d, one, one.A, one.Z); err != nil {
		return View{}, err
	}
	v.Z, err = s.handover(ctx, d, one, one.Z, one.A)
	return v, err
}

// handover says what the customer needs to connect end, at both terminals if it
// has two; far is the other end.
func (s *Service) handover(ctx context.Context, d *Directory, one session.Session, end, far session.End) (Handover, error) {
	h, err := s.connection(ctx, d, one, end, far)
	if err != nil || end.Second == nil {
		return h, err
	}
	second, err := s.connection(ctx, d, one, *end.Second, far)
	h.Second = &second
	return h, err
}

// connection is handover at one terminal.
func (s *Service) connection(ctx context.Context, d *Directory, one session.Session, end, far session.End) (Handover, error) {
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
	var err error
	if h.TunnelPublicKey, err = s.store.SlotKey(ctx, t.Handoff.Gateway, end.Tunnel.Port); err != nil {
		return Handover{}, fmt.Errorf("public key of gateway %s: %w", t.Handoff.Gateway, err)
	}
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
