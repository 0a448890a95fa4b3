// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"strings"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Planner says which owners the network, as it is, no longer carries, and where
// they could go. pathcomp.Core is one, and so is a fork of it.
type Planner interface {
	Affected() []string
	Repair(claims []pathcomp.Claim, steered bool) []pathcomp.Move
}

// Rerouted is what becomes of a session whose way has a fault.
type Rerouted struct {
	Session session.ID
	Tenant  session.TenantID
	Level   session.LevelName
	Outcome RerouteOutcome
	Was, Is []topology.NodeName // Is: where it moves to
	RTT     uint32              // µs, there
	Reason  string              // why it does not move
}

// RerouteOutcome says whether a session moves.
type RerouteOutcome string

// The outcomes.
const (
	Moves  RerouteOutcome = "moves"
	Stays  RerouteOutcome = "stays"  // the routers take it on the same way again
	NoWay  RerouteOutcome = "no-way" // it keeps its reservation
	Failed RerouteOutcome = "failed" // it was changed meanwhile; ask again
)

// PlanReroute says, in the order of service level and age, where the sessions go
// whose way leads over what is down or in maintenance. Nothing is changed. On a
// fork it tells what would be if.
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
// one when the devices are as they shall be.
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
			out[i].Outcome, out[i].Reason = Failed, err.Error()
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
}

func (s *Service) planReroute(ctx context.Context, on Planner) ([]rerouting, error) {
	d := s.directory.Load()
	found := map[string]session.Session{}
	var claims []pathcomp.Claim
	for _, owner := range on.Affected() {
		if strings.HasPrefix(owner, HoldOwner("")) {
			continue // a hold ends by itself, and an order that spends it searches anew
		}
		one, err := s.store.Session(ctx, session.ID(owner))
		if err != nil {
			return nil, fmt.Errorf("session %s: %w", owner, err)
		}
		if one.Decision != session.DecidePresent {
			continue // it is going
		}
		claim, ok := d.claim(one, s.now())
		if ok {
			found[owner], claims = one, append(claims, claim)
		}
	}
	var plan []rerouting
	for _, m := range on.Repair(claims, false) {
		plan = append(plan, rerouting{found[m.Owner], m})
	}
	return plan, nil
}

// told is a rerouting in words.
func (r *rerouting) told() Rerouted {
	out := Rerouted{Session: r.session.ID, Tenant: r.session.Tenant, Level: r.session.Level, Was: r.session.Route.Forward}
	switch {
	case r.move.Refusal != nil:
		out.Outcome, out.Reason = NoWay, string(r.move.Refusal.Cause)
	case r.move.Stays:
		out.Outcome = Stays
	default:
		out.Outcome, out.Is, out.RTT = Moves, r.move.Admission.Forward, r.move.Admission.RTTMicros
	}
	return out
}

// step reserves the new way beside the old one. A session that is in service is
// modified; one that is not yet has nothing to lose, so that the old way goes at
// once.
func (r *rerouting) step(s *Service, correlator string) Step {
	next, a := r.session, r.move.Admission
	next.Route = session.Route{
		Revision: a.Revision, Class: a.Class, From: next.Route.From, Until: next.Route.Until,
		Forward: a.Forward, Reverse: a.Reverse, RTTMicros: a.RTTMicros, Uses: a.Uses, Variant: a.Variant,
	}
	next.UpdatedAt = s.now()
	step := Step{Reserve: &a, Due: next.UpdatedAt}
	if next.Phase == session.Active {
		next.Phase = session.Modifying
	} else {
		step.ReleaseBelow = a.Variant
	}
	step.Session = next
	step.Events = []session.Event{{
		At: next.UpdatedAt, Status: next.Status, StatusInfo: next.StatusInfo, Phase: next.Phase, Correlator: correlator,
		Cause: "moved off a fault in the network",
	}}
	return step
}
