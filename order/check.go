// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Check says at which levels an inquiry could be met, now or later, at what
// price. It keeps the room of what it offers now if that is asked for, and has
// no effect otherwise.
func (s *Service) Check(ctx context.Context, caller Caller, q Inquiry) (Availability, error) {
	d := s.directory.Load()
	for range admitTries {
		a, err := s.assess(d, caller.Tenant, q)
		if err != nil || !q.Hold || len(a.found) == 0 {
			return a.answer, err
		}
		if err = s.keep(ctx, d.Tenants[caller.Tenant].Quota, a, a.warning(caller, q)); err == nil {
			return a.answer, nil
		}
		if !isConflict(err) {
			return Availability{}, err
		}
	}
	return Availability{}, session.Errorf(session.Aborted, "", "other orders for the same resources came first; repeat")
}

// assessment is an inquiry on the way to its answer.
type assessment struct {
	*Service
	d       *Directory
	tenant  session.TenantID
	plan    plan
	now     time.Time
	promise promise // what its offers have in common
	answer  Availability
	found   []pathcomp.Admission // for what is offered now
}

// assess looks all levels over that an inquiry is about. Nothing is reserved.
func (s *Service) assess(d *Directory, tenant session.TenantID, q Inquiry) (assessment, error) {
	a := assessment{Service: s, d: d, tenant: tenant, now: s.now(), answer: Availability{Outcome: Unavailable}}
	var err error
	if a.plan, err = d.prepare(tenant, q, a.now); err != nil {
		return a, err
	}
	if err := checkToken(q.Warn, a.now); err != nil {
		return a, err
	}
	a.promise = promise{Answer: string(s.newID()), Held: q.Hold}
	valid := d.Catalogue.OfferValidity
	if q.Hold {
		valid = d.Catalogue.HoldFor
	}
	a.promise.Until = a.now.Add(valid).Truncate(time.Second)
	levels := d.levels(tenant)
	if q.Level != "" {
		l, ok := d.level(tenant, q.Level)
		if !ok {
			return a, session.Errorf(session.Invalid, "sla", "the level %q is not sold here", q.Level)
		}
		levels = []session.Level{l}
	}
	for _, l := range levels {
		a.level(l)
	}
	a.otherLevel(q.Level)
	return a, nil
}

// level adds what is to be said of one level.
func (a *assessment) level(l session.Level) {
	found, refusal, earliest := a.search(l)
	if refusal == nil {
		offer := a.offer(a.plan, l, a.promise, found)
		if a.promise.Held {
			offer.HeldUntil = a.promise.Until
		}
		a.answer.Offers = append(a.answer.Offers, offer)
		a.answer.Outcome = Available
		a.found = append(a.found, found)
		return
	}
	a.answer.Refusals = append(a.answer.Refusals, *refusal)
	if a.later(l, earliest) && a.answer.Outcome == Unavailable {
		a.answer.Outcome = AvailableLater
	}
}

// search looks whether a level can be had as asked. Refusal is nil if it can;
// earliest is when its window would fit, zero: never.
func (a *assessment) search(l session.Level) (found pathcomp.Admission, refusal *LevelRefusal, earliest time.Time) {
	if l.Protected && !a.plan.protected {
		return found, &LevelRefusal{Level: l.Name, Code: session.NotSupported, Detail: "this level is sold for protected sessions only"}, earliest
	}
	if over := checkLines(a.plan.ends, a.plan.rate); over != nil {
		return found, &LevelRefusal{Level: l.Name, Code: over.Code, Detail: over.Detail, MostKbps: a.plan.linesKbps()}, earliest
	}
	p := a.plan
	if a.promise.Held && !p.future {
		p.slack = a.promise.Until.Sub(a.now)
	}
	found, why := a.paths.Search(a.d.demand(p, l))
	if why == nil {
		return found, nil, earliest
	}
	return found, &LevelRefusal{
		Level: l.Name, Code: session.NoResources, Detail: explain(why, l),
		MostKbps: why.MostKbps, LeastRTTMicros: why.LeastRTTMicros,
	}, why.EarliestStart
}

// laterTries bounds how often a window is moved to where it fits.
const laterTries = 8

// later offers a level from the first start at which it can be had: the windows
// of orders for later have a guard in front, so that each find is looked over
// with it. Room is not held for later. It says whether there was such a start.
func (a *assessment) later(l session.Level, at time.Time) bool {
	p := a.plan
	for range laterTries {
		if at.IsZero() {
			return false
		}
		p.start, p.future = at.Add(a.d.Catalogue.LeadGuard), true
		found, refusal := a.paths.Search(a.d.demand(p, l))
		if refusal != nil {
			at = refusal.EarliestStart
			continue
		}
		price := a.promise
		price.Held, price.Until = false, a.now.Add(a.d.Catalogue.OfferValidity).Truncate(time.Second)
		if a.promise.Held { // what uses the hold up is an order for now
			price.Answer = string(a.newID())
		}
		offer := a.offer(p, l, price, found)
		offer.Start = p.start
		offer.WaitDays = int((p.start.Sub(a.now) + 24*time.Hour - 1) / (24 * time.Hour))
		a.answer.Offers = append(a.answer.Offers, offer)
		return true
	}
	return false
}

// offer prices a level for a plan.
func (a *assessment) offer(p plan, l session.Level, of promise, found pathcomp.Admission) LevelOffer {
	of.Price = l.Price.For(p.protected)
	charges := of.Price.Charges(p.rate, p.duration)
	return LevelOffer{
		Offer: session.Offer{
			ID: a.offers.sign(of, a.tenant, p.digest(l)), Level: l.Name, Price: charges.Total(), RTTMicros: found.RTTMicros, ValidUntil: of.Until,
		},
		Charges: charges, Rates: of.Price, SecondRTTMicros: rttOf(found.Second),
	}
}

// otherLevel adds to refusals the strongest level that can be had instead. Levels
// that were not asked for are looked at only where nothing else is offered.
func (a *assessment) otherLevel(asked session.LevelName) {
	if len(a.answer.Refusals) == 0 {
		return
	}
	var other session.LevelName
	switch {
	case a.answer.Outcome == Available:
		for _, o := range a.answer.Offers { // weakest first
			if o.Start.IsZero() {
				other = o.Level
			}
		}
	case asked != "":
		for _, l := range slices.Backward(a.d.Catalogue.Levels) {
			if l.Name == asked {
				continue
			}
			if _, refusal, _ := a.search(l); refusal == nil {
				other = l.Name
				break
			}
		}
	}
	for i := range a.answer.Refusals {
		a.answer.Refusals[i].Other = other
	}
}

// noRoom refuses what does not fit, and names what would have to be otherwise.
func noRoom(r *pathcomp.Refusal, l session.Level) *session.Error {
	e := &session.Error{Code: session.NoResources, Detail: explain(r, l), Err: r}
	switch r.Cause { //nolint:exhaustive // of the rest no argument is at fault
	case pathcomp.Latency, pathcomp.Loss:
		e.Field = "sla"
	case pathcomp.Disjoint:
		e.Field = "isProtected"
	case pathcomp.Bandwidth:
		e.Field = "guaranteedBandwidth"
	}
	return e
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
	case pathcomp.Loss:
		return "the network cannot keep the packet loss of level " + string(l.Name) + " between these ends"
	case pathcomp.Disjoint:
		return "there are no two ways between these ends that fail apart"
	case pathcomp.Maintenance, pathcomp.Invalid, pathcomp.Hops, pathcomp.Policy, pathcomp.Bounds,
		pathcomp.Undecided, pathcomp.Unsupported: // nothing the customer can act on
	}
	return "no path"
}
