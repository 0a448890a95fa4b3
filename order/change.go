// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Extend makes a session last longer, at most to the provider's maximum.
func (s *Service) Extend(ctx context.Context, caller Caller, id session.ID, by time.Duration) (View, error) {
	if by <= 0 {
		return View{}, session.Errorf(session.OutOfRange, "requestedAdditionalDuration", "must be at least 1 second")
	}
	return s.change(ctx, caller, id, func(found session.Session) (Step, bool, error) {
		if found.Decision != session.DecidePresent {
			return Step{}, false, session.Errorf(session.Incompatible, "", "the session is ending")
		}
		by := min(by, s.directory.Load().Catalogue.MaxDuration-found.Duration)
		return s.extension(found, by, caller.Correlator), by > 0, nil
	})
}

// extension is the step that makes a session last longer by that much.
func (s *Service) extension(found session.Session, by time.Duration, correlator string) Step {
	next := found
	next.Duration += by
	if !found.ExpiresAt.IsZero() {
		next.ExpiresAt = found.ExpiresAt.Add(by)
	}
	next.Route.Until = found.Route.Until.Add(by)
	next.UpdatedAt = s.now()
	return Step{
		Session: next, Due: next.UpdatedAt,
		// The way stays as it is, whatever revision the topology has by now.
		Reserve: &pathcomp.Admission{
			Class: found.Route.Class, Uses: found.Route.Uses, Variant: found.Route.Variant,
			Window: pathcomp.Window{From: found.Route.Until, Until: next.Route.Until},
		},
		Events: []session.Event{{
			At: next.UpdatedAt, Status: next.Status, Phase: next.Phase, Correlator: correlator,
			Cause: fmt.Sprintf("extended by %d s", int64(by/time.Second)),
		}},
	}
}

// Delete ends a session. The answer holds the account so far; the rest happens
// behind it. Deleting what is ending already changes nothing.
func (s *Service) Delete(ctx context.Context, caller Caller, id session.ID) (View, error) {
	return s.change(ctx, caller, id, func(found session.Session) (Step, bool, error) {
		if found.Phase == session.Released {
			return Step{}, false, session.Errorf(session.NotFound, "", "no session %s", id)
		}
		step := Ending(found, session.DeleteRequested, "deleted by the customer", caller.Correlator, s.now())
		return step, found.Decision == session.DecidePresent, nil
	})
}

// change takes one step with the caller's session, again when provision was
// faster. todo is false when there is nothing to do.
func (s *Service) change(ctx context.Context, caller Caller, id session.ID, decide func(session.Session) (step Step, todo bool, err error)) (View, error) {
	for try := 1; ; try++ {
		found, err := s.owned(ctx, caller, id)
		if err != nil {
			return View{}, err
		}
		step, todo, err := decide(found)
		if err != nil {
			return View{}, err
		}
		if !todo {
			return s.view(ctx, found)
		}
		kept, err := s.store.Advance(ctx, step, s.ledger)
		if session.CodeOf(err) == session.Aborted && try < admitTries {
			continue
		}
		if err != nil {
			return View{}, fmt.Errorf("change session %s: %w", id, refuseConflict(err))
		}
		s.wake(kept)
		return s.view(ctx, kept)
	}
}

// Ending is the step that begins a session's end: from here on its leaves shall
// be on no device.
func Ending(s session.Session, info session.StatusInfo, cause, correlator string, at time.Time) Step {
	next := s
	next.Decision, next.StatusInfo, next.Reason = session.DecideAbsent, info, cause
	next.Phase = session.Releasing
	next.Status = session.StatusIn(next.Phase, !s.StartedAt.IsZero(), s.Status == session.Scheduled)
	if next.EndedAt.IsZero() {
		next.EndedAt = at
	}
	next.UpdatedAt = at
	return Step{Session: next, Due: at, Events: []session.Event{{
		At: at, Status: next.Status, StatusInfo: info, Phase: next.Phase, Cause: cause, Correlator: correlator,
	}}}
}

// refuseConflict turns a lost room into the refusal that a caller sees.
func refuseConflict(err error) error {
	if session.CodeOf(err) == session.Internal && isConflict(err) {
		return session.Errorf(session.NoResources, "requestedAdditionalDuration", "there is no bandwidth for the longer time")
	}
	return err
}
