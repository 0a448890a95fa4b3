// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// operations is what operators see of the daemon.
type operations struct{ d *daemon }

var _ northbound.Operator = operations{}

func (d *daemon) buildAdmin(metrics prometheus.Gatherer) error {
	admin, err := northbound.NewAdmin(northbound.AdminConfig{
		Addr: d.cfg.Admin.Listen, Operator: operations{d}, Metrics: metrics, Log: d.log, Now: d.now,
		Ready: d.ready,
	})
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	d.parts = append(d.parts, part{"admin", admin.Run})
	return nil
}

// ready asks what can still fail: everything that has to be loaded is, before
// anything listens, but a store may break later.
func (d *daemon) ready(ctx context.Context) error {
	if _, err := d.store.Epoch(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, _, err := d.store.Sessions(ctx, order.Filter{Limit: 1}); err != nil {
		return fmt.Errorf("store: sessions cannot be read: %w", err)
	}
	return nil
}

func (o operations) Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error) {
	return o.d.store.Sessions(ctx, f)
}

func (o operations) Session(ctx context.Context, id session.ID) (session.Session, error) {
	return o.d.store.Session(ctx, id)
}

func (o operations) Timeline(ctx context.Context, id session.ID) ([]session.Event, error) {
	return o.d.store.Timeline(ctx, id)
}

func (o operations) Devices(ctx context.Context) ([]northbound.DeviceStatus, error) {
	platforms := map[topology.NodeName]string{}
	for _, n := range o.d.inventory.Network.Nodes {
		platforms[n.Name] = n.Platform
	}
	all := []northbound.DeviceStatus{}
	for _, s := range o.d.runner.Status() {
		on, err := o.d.store.OnDevice(ctx, s.Device)
		if err != nil {
			return nil, fmt.Errorf("sessions on %s: %w", s.Device, err)
		}
		all = append(all, northbound.DeviceStatus{
			Device: s.Device, Platform: platforms[s.Device], State: s.State, Reason: s.Reason, Since: s.Since,
			ChangedAt: s.Changed, Fence: s.Fence, Quarantined: s.Objects, Sessions: len(on),
		})
	}
	return all, nil
}

func (o operations) Reservations(ctx context.Context, arc topology.ArcName) ([]northbound.ArcStatus, error) {
	byArc := map[topology.ArcName]*northbound.ArcStatus{}
	now := o.d.now()
	err := o.d.store.LoadBookings(ctx, func(b pathcomp.Booking) error {
		for _, u := range b.Uses {
			if arc != "" && u.Arc != arc {
				continue
			}
			a := byArc[u.Arc]
			if a == nil {
				a = &northbound.ArcStatus{Arc: u.Arc}
				byArc[u.Arc] = a
			}
			a.Entries = append(a.Entries, northbound.ArcEntry{
				Session: session.ID(b.Owner), Kbps: u.Kbps, From: b.Window.From, Until: b.Window.Until,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load reservations: %w", err)
	}
	all := []northbound.ArcStatus{}
	for name, a := range byArc {
		a.ReservableKbps = reservable(o.d.inventory.Network, name)
		a.ReservedKbps = uint64(o.d.ledger.Profile(name, now, now.Add(time.Second))[0].Kbps) //nolint:gosec // never negative
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b northbound.ArcStatus) int { return cmp.Compare(a.Arc, b.Arc) })
	return all, nil
}

// reservable is what may be sold of an arc in all, kbit/s; 0: the arc is gone.
func reservable(n *topology.Network, arc topology.ArcName) uint64 {
	for _, l := range n.Links {
		for direction := range 2 {
			if topology.LinkArc(l.Name, direction) == arc {
				return l.Kbps[direction] * uint64(l.Reservable.All) / 1000
			}
		}
	}
	for _, a := range n.Access {
		for direction := range 2 {
			if topology.AccessArc(a.Name, direction) == arc {
				return a.Kbps * uint64(a.Reservable.All) / 1000
			}
		}
	}
	return 0
}

// stuckAfter is how long a session may be on its way before doctor names it.
const stuckAfter = time.Minute

// certificateWarning is how long before its end a certificate is named.
const certificateWarning = 14 * 24 * time.Hour

// Findings implements northbound.OperatorDoctor.
func (o operations) Findings(ctx context.Context) ([]northbound.Finding, error) {
	all := slices.Concat(o.devicesWrong(), o.certificates(), o.issuer(), o.told(), o.overbooked())
	for _, ask := range []func(context.Context) ([]northbound.Finding, error){o.astray, o.stuck, o.frozenTenants, o.unreadable, o.givenUp} {
		found, err := ask(ctx)
		if err != nil {
			found = append(found, fault("store", err.Error()))
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b northbound.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return all, nil
}

func fault(subject, detail string) northbound.Finding {
	return northbound.Finding{Severity: "fault", Subject: subject, Detail: detail}
}

// devicesWrong names devices that are not as decided.
func (o operations) devicesWrong() []northbound.Finding {
	var all []northbound.Finding
	for _, s := range o.d.runner.Status() {
		subject := "device " + string(s.Device)
		switch s.State {
		case "in sync", "changing", "starting":
		case "frozen":
			all = append(all, northbound.Finding{Severity: "warning", Subject: subject, Detail: "frozen: " + s.Reason})
		default:
			all = append(all, fault(subject, s.State+": "+s.Reason))
		}
		if s.Objects > 0 {
			all = append(all, fault(subject, fmt.Sprintf("holds %d marked VRFs that this store does not know; they are left alone", s.Objects)))
		}
	}
	return all
}

// unreadable names sessions whose row cannot be read.
func (o operations) unreadable(ctx context.Context) ([]northbound.Finding, error) {
	ids, err := o.d.store.Unreadable(ctx)
	if err != nil {
		return nil, fmt.Errorf("unreadable sessions: %w", err)
	}
	var all []northbound.Finding
	for _, id := range ids {
		all = append(all, fault("session "+string(id), "its row cannot be read; its VPN is left as it is on devices"))
	}
	return all, nil
}

// stuck names sessions that have been on their way for long.
func (o operations) stuck(ctx context.Context) ([]northbound.Finding, error) {
	var all []northbound.Finding
	err := eachLive(ctx, o.d.store, func(s session.Session) {
		if waits(s) && o.d.now().Sub(s.UpdatedAt) > stuckAfter {
			all = append(all, fault("session "+string(s.ID), fmt.Sprintf("%s since %s: %s", s.Phase, s.UpdatedAt.Format(time.RFC3339), s.Reason)))
		}
	})
	return all, err
}

// waits reports whether a session is in a phase that passes.
func waits(s session.Session) bool {
	switch s.Phase {
	case session.Applying, session.Verifying, session.Modifying, session.Releasing, session.InDoubt, session.AwaitingFE:
		return true
	case session.Admitted, session.Active, session.Released:
	}
	return false
}

// certificates names those of our own that end soon or cannot be read.
func (o operations) certificates() []northbound.Finding {
	var all []northbound.Finding
	files := map[string]string{o.d.cfg.Devices.Cert: o.d.cfg.Devices.Key, o.d.cfg.Gateways.Cert: o.d.cfg.Gateways.Key}
	if o.d.cfg.API.TLS.Enabled() {
		files[o.d.cfg.API.TLS.Cert] = o.d.cfg.API.TLS.Key
	}
	for cert, key := range files {
		end, err := certificateEnd(cert, key)
		switch left := end.Sub(o.d.now()); {
		case err != nil:
			all = append(all, northbound.Finding{Severity: "fault", Subject: "certificate " + cert, Detail: err.Error()})
		case left <= 0:
			all = append(all, northbound.Finding{Severity: "fault", Subject: "certificate " + cert, Detail: "ended at " + end.Format(time.RFC3339)})
		case left < certificateWarning:
			all = append(all, northbound.Finding{Severity: "warning", Subject: "certificate " + cert, Detail: "ends at " + end.Format(time.RFC3339)})
		}
	}
	return all
}

func certificateEnd(cert, key string) (time.Time, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("load: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return time.Time{}, fmt.Errorf("parse: %w", err)
	}
	return leaf.NotAfter, nil
}
