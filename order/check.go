// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Check says at which levels an inquiry could be met, now or later, at what
// price. It reserves nothing.
func (s *Service) Check(_ context.Context, caller Caller, q Inquiry) (Availability, error) {
	d, now := s.directory.Load(), s.now()
	p, err := d.prepare(caller.Tenant, q, now)
	if err != nil {
		return Availability{}, err
	}
	levels := d.levels(caller.Tenant)
	if q.Level != "" {
		l, ok := d.level(caller.Tenant, q.Level)
		if !ok {
			return Availability{}, session.Errorf(session.Invalid, "sla", "the level %q is not sold here", q.Level)
		}
		levels = []session.Level{l}
	}
	a := Availability{Outcome: Unavailable}
	for _, l := range levels {
		s.checkLevel(d, caller, q, p, l, now, &a)
	}
	return a, nil
}

func (s *Service) checkLevel(d *Directory, caller Caller, q Inquiry, p plan, l session.Level, now time.Time, a *Availability) {
	if l.Protected && !p.protected {
		a.Refusals = append(a.Refusals, LevelRefusal{Level: l.Name, Code: session.NotSupported, Detail: "this level is sold for protected sessions only"})
		return
	}
	demand := d.demand(p, l)
	found, refusal := s.paths.Search(demand)
	if refusal == nil {
		a.Offers = append(a.Offers, s.offer(d, caller, q, p, l, found.RTTMicros, now))
		a.Outcome = Available
		return
	}
	a.Refusals = append(a.Refusals, LevelRefusal{
		Level: l.Name, Code: session.NoResources, Detail: explain(refusal, l),
		MostKbps: refusal.MostKbps, LeastRTTMicros: refusal.LeastRTTMicros,
	})
	if refusal.EarliestStart.IsZero() {
		return
	}
	later := s.offer(d, caller, q, p, l, refusal.LeastRTTMicros, now)
	later.ID, later.Start = "", refusal.EarliestStart // an offer is for the window asked for
	later.WaitDays = int((refusal.EarliestStart.Sub(now) + 24*time.Hour - 1) / (24 * time.Hour))
	a.Offers = append(a.Offers, later)
	if a.Outcome == Unavailable {
		a.Outcome = AvailableLater
	}
}

func (s *Service) offer(d *Directory, caller Caller, q Inquiry, p plan, l session.Level, rtt uint32, now time.Time) LevelOffer {
	until := now.Add(d.Catalogue.OfferValidity)
	total := l.Price.Fee(p.rate, p.duration)
	usage, setUp := total, total
	usage.Minor, setUp.Minor = total.Minor-l.Price.SetUp, l.Price.SetUp
	return LevelOffer{
		Offer: session.Offer{ID: s.offers.sign(caller, q, l, until), Level: l.Name, Price: total, RTTMicros: rtt, ValidUntil: until},
		SetUp: setUp, Usage: usage,
	}
}

// explain says in words why a demand does not fit. Arc names stay inside: they
// are the provider's.
func explain(r *pathcomp.Refusal, l session.Level) string {
	switch r.Cause {
	case pathcomp.UnknownNode, pathcomp.NoPath:
		return "the two ends are not joined by the network now"
	case pathcomp.Latency:
		return "the network cannot keep the latency of level " + string(l.Name) + " between these ends"
	case pathcomp.Bandwidth:
		return "there is not enough bandwidth on the way for the time asked for"
	case pathcomp.Maintenance, pathcomp.Invalid, pathcomp.Loss, pathcomp.Hops, pathcomp.Policy, pathcomp.Bounds,
		pathcomp.Undecided, pathcomp.Disjoint, pathcomp.Unsupported: // nothing the customer can act on
	}
	return "no path"
}
