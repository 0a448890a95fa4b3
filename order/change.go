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
	found, err := s.owned(ctx, caller, id)
	if err != nil {
		return View{}, err
	}
	if by <= 0 {
		return View{}, session.Errorf(session.OutOfRange, "requestedAdditionalDuration", "must be at least 1 second")
	}
	if found.Decision != session.DecidePresent || found.Phase == session.Released || found.Phase == session.Releasing {
		return View{}, session.Errorf(session.Incompatible, "", "the session is ending")
	}
	by = min(by, s.directory.Load().Catalogue.MaxDuration-found.Duration)
	if by <= 0 {
		return s.view(ctx, found)
	}
	next := found
	next.Duration += by
	if !found.ExpiresAt.IsZero() {
		next.ExpiresAt = found.ExpiresAt.Add(by)
	}
	next.Route.Until = found.Route.Until.Add(by)
	next.UpdatedAt = s.now()
	kept, err := s.store.Advance(ctx, Step{
		Session: next, Due: s.now(),
		Reserve: &pathcomp.Admission{
			Revision: found.Route.Revision, Class: found.Route.Class, Uses: found.Route.Uses,
			Window: pathcomp.Window{From: found.Route.Until, Until: next.Route.Until},
		},
		Events: []session.Event{{
			At: next.UpdatedAt, Status: next.Status, Phase: next.Phase, Correlator: caller.Correlator,
			Cause: fmt.Sprintf("extended by %d s", int64(by/time.Second)),
		}},
	}, s.ledger)
	if err != nil {
		return View{}, fmt.Errorf("extend session %s: %w", id, refuseConflict(err))
	}
	s.wake(kept)
	return s.view(ctx, kept)
}

// Delete ends a session. The answer holds the account so far; the rest happens
// behind it. Deleting it again meanwhile changes nothing.
func (s *Service) Delete(ctx context.Context, caller Caller, id session.ID) (View, error) {
	var kept session.Session
	for try := 1; ; try++ {
		found, err := s.owned(ctx, caller, id)
		if err != nil {
			return View{}, err
		}
		if found.Phase == session.Released {
			return View{}, session.Errorf(session.NotFound, "", "no session %s", id)
		}
		if found.StatusInfo == session.DeleteRequested {
			return s.view(ctx, found)
		}
		kept, err = s.store.Advance(ctx, Ending(found, session.DeleteRequested, "deleted by the customer", caller.Correlator, s.now()), s.ledger)
		if err == nil {
			break
		}
		if session.CodeOf(err) != session.Aborted || try == admitTries {
			return View{}, fmt.Errorf("delete session %s: %w", id, err)
		}
	}
	s.wake(kept)
	return s.view(ctx, kept)
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
