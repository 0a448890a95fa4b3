// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Planner says which owners are reserved over what is down or in maintenance in
// the network as it is, and where claims go in it. pathcomp.Core is one, and so is
// a fork of it.
type Planner interface {
	Affected() []string
	Repair(claims []pathcomp.Claim, steered bool) []pathcomp.Move
}

// Rerouted is what becomes of a session that is not reserved where the network
// takes it.
type Rerouted struct {
	Session session.ID
	Tenant  session.TenantID
	Level   session.LevelName
	Outcome RerouteOutcome
	Was, Is []topology.NodeName // Is: where it moves to
	RTT     uint32              // µs, there
	Reason  string              // why it does not move, or what its two ways share where it moves to
	Cause   pathcomp.Cause      // of NoWay, where the network is the reason
}

// RerouteOutcome says whether a session moves.
type RerouteOutcome string

// The outcomes.
const (
	Moves  RerouteOutcome = "moves"
	Stays  RerouteOutcome = "stays"  // the routers take it on the same way again
	NoWay  RerouteOutcome = "no-way" // it keeps its reservation
	Failed RerouteOutcome = "failed" // it or the network was changed meanwhile, or it cannot be read; ask again
)

// PlanReroute says, in the order of service level and age, where the sessions go
// that are reserved over what is down or in maintenance. Routers move traffic by
// themselves, after a failure and back after it, so sessions that they take
// elsewhere by now are in it too. Nothing is changed. On a fork it tells what
// would be if.
func (s *Service) PlanReroute(ctx context.Context, on Planner) ([]Rerouted, error) {
	plan, err := s.planReroute(ctx, on)
	if err != nil {
		return nil, err
	}
	out := make([]Rerouted, len(plan))
	for i := range plan {
		out[i] = plan[i].told()
	}
	return out, nil
}

// Reroute reserves the new ways of PlanReroute, most important session first.
// Old and new way share what they have in common; provision lets go of the old
// one when the devices are as they shall be. On an error what was done until then
// is returned too.
func (s *Service) Reroute(ctx context.Context, on Planner, correlator string) ([]Rerouted, error) {
	plan, err := s.planReroute(ctx, on)
	if err != nil {
		return nil, err
	}
	out := make([]Rerouted, len(plan))
	for i := range plan {
		out[i] = plan[i].told()
		if out[i].Outcome != Moves {
			continue
		}
		kept, err := s.store.Advance(ctx, plan[i].step(s, correlator), s.ledger)
		switch {
		case session.CodeOf(err) == session.Aborted, isConflict(err):
			out[i] = plan[i].about(Failed, err.Error())
		case err != nil:
			return out[:i], fmt.Errorf("reroute session %s: %w", out[i].Session, err)
		default:
			s.wake(kept)
		}
	}
	return out, nil
}

// rerouting is one session of a plan.
type rerouting struct {
	session session.Session
	move    pathcomp.Move
	known   Rerouted // what becomes of it where nothing can be planned; else move says it
}

// planReroute asks for every session where the network takes it.
func (s *Service) planReroute(ctx context.Context, on Planner) ([]rerouting, error) {
	live, err := s.reserved(ctx)
	if err != nil {
		return nil, err
	}
	affected := map[string]bool{}
	var unplanned []rerouting
	for _, owner := range on.Affected() {
		if IsHold(owner) {
			continue // it ends by itself, and an order that spends it searches anew
		}
		if _, ok := live[owner]; !ok {
			one, err := s.store.Session(ctx, session.ID(owner))
			switch {
			case ctx.Err() != nil:
				return nil, fmt.Errorf("session %s: %w", owner, err)
			case session.CodeOf(err) == session.NotFound, err == nil && !s.holds(one):
				continue // it is going, or gone
			case err != nil:
				unplanned = append(unplanned, rerouting{known: Rerouted{Session: session.ID(owner), Outcome: Failed, Reason: err.Error()}})
				continue
			}
			live[owner] = one
		}
		affected[owner] = true
	}
	claims, unsold := s.claims(live, affected)
	var plan []rerouting
	for _, m := range on.Repair(claims, false) {
		if r := (rerouting{session: live[m.Owner], move: m}); affected[m.Owner] || s.strayed(&r) {
			plan = append(plan, r)
		}
	}
	return slices.Concat(plan, unsold, unplanned), nil
}

// reserved returns the sessions that shall be on devices and hold bandwidth from
// now on, of all tenants.
func (s *Service) reserved(ctx context.Context) (map[string]session.Session, error) {
	const page = 1000
	live := map[string]session.Session{}
	for offset := 0; ; offset += page {
		list, total, err := s.store.Sessions(ctx, Filter{
			Statuses: []session.Status{session.Requested, session.Scheduled, session.Activated}, Offset: offset, Limit: page,
		})
		if err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		for _, one := range list {
			if s.holds(one) {
				live[string(one.ID)] = one
			}
		}
		if offset+page >= total {
			return live, nil
		}
	}
}

func (s *Service) holds(one session.Session) bool {
	return one.Decision == session.DecidePresent && one.Route.Until.After(s.now())
}

// claims returns what sessions need, and those that are affected and of a level
// that is no longer sold.
func (s *Service) claims(live map[string]session.Session, affected map[string]bool) (claims []pathcomp.Claim, unsold []rerouting) {
	d, now := s.directory.Load(), s.now()
	for _, owner := range slices.Sorted(maps.Keys(live)) {
		claim, ok := d.claim(live[owner], now)
		switch {
		case ok:
			claims = append(claims, claim)
		case affected[owner]:
			r := rerouting{session: live[owner]}
			r.known = r.about(NoWay, "its level is no longer sold: nothing says what it needs")
			unsold = append(unsold, r)
		}
	}
	return claims, unsold
}

// strayed says whether the network takes a session on other arcs than those that
// it has reserved, or on none that will do. One that has nothing reserved any more
// was changed since it was read, and is told as that.
func (s *Service) strayed(r *rerouting) bool {
	switch {
	case r.move.Refusal != nil:
		return true
	case r.move.Stays:
		return false
	}
	booked := s.ledger.Uses(string(r.session.ID), r.session.Route.Variant)
	if len(booked) == 0 {
		r.known = r.about(Failed, "it was changed meanwhile: its way is not booked any more")
		return true
	}
	return !slices.EqualFunc(booked, r.move.Admission.Uses, func(a, b pathcomp.Use) bool { return a.Arc == b.Arc })
}

// told is a rerouting in words.
func (r *rerouting) told() Rerouted {
	switch {
	case r.known.Outcome != "":
		return r.known
	case r.move.Refusal != nil:
		out := r.about(NoWay, inWords(r.move.Refusal))
		out.Cause = r.move.Refusal.Cause
		return out
	case r.move.Stays:
		return r.about(Stays, "")
	}
	out := r.about(Moves, "")
	out.Is, out.RTT = r.move.Admission.Forward, r.move.Admission.RTTMicros
	if w := r.move.Admission.Second; w != nil && !w.Shared.None() {
		out.Reason = meeting(w.Shared)
	}
	return out
}

func (r *rerouting) about(o RerouteOutcome, reason string) Rerouted {
	return Rerouted{
		Session: r.session.ID, Tenant: r.session.Tenant, Level: r.session.Level, Outcome: o, Was: r.session.Route.Forward.List(), Reason: reason,
	}
}

// inWords says to operators, who may know of arcs and nodes, why there is no way.
func inWords(r *pathcomp.Refusal) string {
	var on []string
	for _, arc := range r.Blocking {
		on = append(on, string(arc))
	}
	for _, node := range r.Nodes {
		on = append(on, string(node))
	}
	if r.Cause == pathcomp.Latency && r.LeastRTTMicros > 0 {
		on = append(on, fmt.Sprintf("at least %d µs", r.LeastRTTMicros))
	}
	if !r.Shared.None() {
		return meeting(r.Shared)
	}
	if len(on) == 0 {
		return string(r.Cause)
	}
	return string(r.Cause) + ": " + strings.Join(on, ", ")
}

// meeting says to operators what two ways share that were to fail apart.
func meeting(shared pathcomp.Shared) string {
	on := slices.Concat(shared.Links, shared.Access)
	for _, node := range shared.Nodes {
		on = append(on, string(node))
	}
	for _, group := range shared.SRLGs {
		on = append(on, fmt.Sprintf("risk group %d", group))
	}
	return "its two ways do not fail apart: " + strings.Join(on, ", ")
}

// step reserves the new way.
func (r *rerouting) step(s *Service, correlator string) Step {
	cause := "moved off a fault in the network"
	if w := r.move.Admission.Second; w != nil && !w.Shared.None() {
		cause += "; " + meeting(w.Shared)
	}
	step := onto(r.session, r.move.Admission, s.now(), cause, correlator)
	step.Events[0].Kind = session.PathChanged
	return step
}
