// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Modification is what a customer wants otherwise of a session; nil: as it is.
type Modification struct {
	Name    *string // "": none any more
	Forward *uint64 // kbit/s
	Reverse *uint64 // kbit/s
	Level   *session.LevelName
	Match   Match
}

// Match lists the tags of the states in which a caller wants a session changed
// (RFC 9110 section 13.1.1); nil: in any.
type Match []string

// check refuses a session in another state. The state is that of the change
// itself: a step on a version that is no longer the stored one is refused.
func (m Match) check(s session.Session) error {
	if m == nil || slices.Contains(m, s.Tag()) {
		return nil
	}
	return session.Errorf(session.Precondition, "If-Match", "the session was changed since, read it again")
}

// Modify changes bandwidth, level or name of a session. More bandwidth and
// another level are reserved before they are promised; what the session has stays
// reserved until all its devices follow. changing says that they have to.
func (s *Service) Modify(ctx context.Context, caller Caller, id session.ID, m Modification) (v View, changing bool, err error) {
	v, err = s.change(ctx, caller, id, func(found session.Session) (Step, bool, error) {
		if err := m.Match.check(found); err != nil {
			return Step{}, false, err
		}
		step, todo, err := s.modified(found, m, caller.Correlator)
		changing = step.Anew
		return step, todo, err
	})
	return v, changing, err
}

// modified is the step that carries m out.
func (s *Service) modified(found session.Session, m Modification, correlator string) (step Step, todo bool, err error) {
	if found.Decision != session.DecidePresent {
		return Step{}, false, session.Errorf(session.Incompatible, "", "the session is ending")
	}
	next := m.apply(found)
	if next.Rate != found.Rate || next.Level != found.Level {
		step, err = s.onNewTerms(found, next, correlator)
		return step, true, err
	}
	next.UpdatedAt = s.now()
	step = Step{Session: next, Due: next.UpdatedAt, Events: []session.Event{{
		At: next.UpdatedAt, Status: next.Status, StatusInfo: next.StatusInfo, Phase: next.Phase, Cause: "renamed", Correlator: correlator,
	}}}
	return step, next.Name != found.Name, nil
}

func (m Modification) apply(s session.Session) session.Session {
	if m.Name != nil {
		s.Name = *m.Name
	}
	if m.Forward != nil {
		s.Rate.Forward = *m.Forward
	}
	if m.Reverse != nil {
		s.Rate.Reverse = *m.Reverse
	}
	if m.Level != nil {
		s.Level = *m.Level
	}
	return s
}

// onNewTerms is the step from found to next, which has another rate or level.
func (s *Service) onNewTerms(found, next session.Session, correlator string) (Step, error) {
	d, now := s.directory.Load(), s.now()
	if err := mayModify(found); err != nil {
		return Step{}, err
	}
	level, err := d.sells(next)
	if err != nil {
		return Step{}, err
	}
	demand := d.anew(next, level, now)
	if next.Level != found.Level {
		demand.Class, demand.MaxRTTMicros, demand.MaxLossPPM = level.Class, level.MaxRTTMicros, level.MaxLossPPM
	}
	a, refusal := s.paths.Search(demand)
	if refusal != nil {
		return Step{}, noRoom(refusal, level)
	}
	a.Variant = found.Route.Variant + 1
	next.Price = level.Price.For(next.Protected)
	started := !found.StartedAt.IsZero()
	if started {
		next = promised(found, next, now, now.Add(d.Catalogue.ApplyDeadline))
		next.Follows = correlator
	}
	step := onto(next, a, now, "changed by the customer: "+terms(next), correlator)
	if step.Anew = started; !started { // else it is so when all devices have followed
		step.Events[0].Kind = session.RateChanged
	}
	step.Validate = func(h Holdings) error { return d.permitMore(found, next, h) }
	return step, nil
}

// promised remembers what a session is in service with. What becomes cheaper is
// so at once, what becomes dearer when it is there: a delay is the provider's.
func promised(found, next session.Session, now, by time.Time) session.Session {
	next.Former = &session.Former{Rate: found.Rate, Level: found.Level, Price: found.Price, Route: found.Route, By: by}
	next.Charges = found.AllCharges()
	if next.CheaperThan(found) {
		next = next.BilledFrom(now)
	}
	next.Change++
	return next
}

// mayModify says whether a session can be given other terms in the phase that it
// is in.
func mayModify(found session.Session) error {
	switch {
	case found.Phase == session.Admitted, found.Phase == session.Active:
		return nil
	case !found.StartedAt.IsZero():
		return session.Errorf(session.Aborted, "", "the session is being changed already, repeat when that is done")
	}
	return session.Errorf(session.Incompatible, "", "the session is being set up and can be changed once it is ACTIVATED")
}

// sells returns the level of a session that is to have new terms.
func (d *Directory) sells(next session.Session) (session.Level, error) {
	level, ok := d.level(next.Tenant, next.Level)
	switch {
	case !ok:
		return level, session.Errorf(session.Invalid, "sla", "the level %q is not sold here", next.Level)
	case level.Protected && !next.Protected:
		return level, session.Errorf(session.Invalid, "sla", "level %s is sold for protected sessions only", level.Name)
	case level.Price.Currency != next.Price.Currency:
		return level, session.Errorf(session.NotSupported, "", "the session is billed in %s and prices are in %s by now", next.Price.Currency, level.Price.Currency)
	}
	if err := checkLines([2]session.End{next.A, next.Z}, next.Rate); err != nil {
		return level, err
	}
	return level, nil
}

// permitMore holds a modification against the tenant's quota. Less is always
// permitted.
func (d *Directory) permitMore(found, next session.Session, h Holdings) error {
	q, had, has := d.Tenants[found.Tenant].Quota, found.HeldKbps(), next.HeldKbps()
	if q.Kbps != 0 && has > had && h.Kbps-had+has > q.Kbps {
		return session.Errorf(session.QuotaExceeded, "guaranteedBandwidth", "the customer's limit of %d Mbit/s would be passed", q.Kbps/1000)
	}
	return nil
}

func terms(s session.Session) string {
	return fmt.Sprintf("level %s, %d and %d kbit/s", s.Level, s.Rate.Forward, s.Rate.Reverse)
}

// Done is what becomes of a session whose devices are all as they shall be.
func Done(s session.Session, now time.Time) session.Session {
	s.Former, s.Follows = nil, ""
	return s.BilledFrom(now)
}

// GoBack is the step that ends a change which failed: the session is to be what
// it was. Its room is still reserved, and is booked anew so that what the change
// took can go when every device is back.
func GoBack(s session.Session, cause string, now time.Time) Step {
	next, _ := s.Was()
	next.Route = s.Former.Route
	next.Route.From, next.Route.Until, next.Route.Variant = s.Route.From, s.Route.Until, s.Route.Variant+1
	next.Change++
	next.Phase, next.Reason = session.Modifying, cause
	step := beside(next.BilledFrom(now), pathcomp.Admission{
		Class: next.Route.Class, Variant: next.Route.Variant, Window: pathcomp.Window{From: now, Until: s.Route.Until},
	}, now, session.ChangeFailed+", back to "+terms(next)+": "+cause, s.CausedBy())
	step.Like = new(s.Former.Route.Variant)
	step.Anew = true
	step.Events[0].Notify = true
	return step
}
