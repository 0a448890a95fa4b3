// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Extension is by how much a session is to last longer.
type Extension struct {
	By          time.Duration
	Key         string // Idempotency-Key
	Fingerprint string // of the request, set with Key
	Answer      Answer // set with Key
	Match       Match
}

// Extend makes a session last longer, at most to the provider's maximum. One that
// is repeated with its Idempotency-Key extends nothing again: answer is then that of
// the first time, and v is not said; or it is empty, where none was kept.
func (s *Service) Extend(ctx context.Context, caller Caller, id session.ID, e Extension) (v View, answer []byte, err error) {
	if e.By <= 0 {
		return View{}, nil, session.Errorf(session.OutOfRange, "requestedAdditionalDuration", "must be at least 1 second")
	}
	done, ok, err := s.repeated(ctx, caller, e.Key, e.Fingerprint)
	if err != nil {
		return View{}, nil, fmt.Errorf("extend session %s: %w", id, err)
	}
	if ok {
		return s.again(ctx, done)
	}
	v, answer, err = s.extend(ctx, caller, id, e)
	if err != nil || answer == nil {
		// Sent twice at once: the other one is written, or the session is not in the
		// state any more that was named.
		if done, ok, _ := s.repeated(ctx, caller, e.Key, e.Fingerprint); ok {
			return s.again(ctx, done)
		}
	}
	return v, answer, err
}

// again is what a repeated request is answered.
func (s *Service) again(ctx context.Context, done Repeat) (v View, answer []byte, err error) {
	if len(done.Answer) > 0 {
		return View{}, done.Answer, nil
	}
	v, err = s.View(ctx, done.Session)
	return v, nil, err
}

func (s *Service) extend(ctx context.Context, caller Caller, id session.ID, e Extension) (v View, answer []byte, err error) {
	keyed := func(step Step) Step {
		step.Client, step.Key, step.Fingerprint = caller.Client, e.Key, e.Fingerprint
		answer = nil // of a step that was refused
		step.Answer = s.answering(ctx, e.Answer, &answer)
		return step
	}
	v, err = s.change(ctx, caller, id, func(found session.Session) (Step, bool, error) {
		if err := e.Match.check(found); err != nil {
			return Step{}, false, err
		}
		if found.Decision != session.DecidePresent {
			return Step{}, false, session.Errorf(session.Incompatible, "", "the session is ending")
		}
		if found.Former != nil {
			return Step{}, false, session.Errorf(session.Aborted, "", "the session is being changed, repeat when that is done")
		}
		by := min(e.By, s.directory.Load().Catalogue.MaxDuration-found.Duration)
		if by <= 0 {
			// Nothing to grant: only the key, if any, has to be remembered.
			return keyed(Step{Session: found, Due: s.now()}), e.Key != "", nil
		}
		return keyed(s.extension(found, by, caller.Correlator)), true, nil
	})
	return v, answer, err
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
			Class: found.Route.Class, Variant: found.Route.Variant,
			Window: pathcomp.Window{From: found.Route.Until, Until: next.Route.Until},
		},
		Like: new(found.Route.Variant),
		Events: []session.Event{{
			At: next.UpdatedAt, Status: next.Status, Phase: next.Phase, Correlator: correlator,
			Cause: fmt.Sprintf("extended by %d s", int64(by/time.Second)),
		}},
	}
}

// Delete ends a session. The answer holds the account so far; the rest happens
// behind it. Deleting what is ending already, or has ended by itself and can
// still be read, changes nothing.
func (s *Service) Delete(ctx context.Context, caller Caller, id session.ID, match Match) (View, error) {
	return s.change(ctx, caller, id, func(found session.Session) (Step, bool, error) {
		if err := match.check(found); err != nil {
			return Step{}, false, err
		}
		step := Ending(found, session.DeleteRequested, "deleted by the customer", caller.Correlator, s.now())
		step.Session.Delivered = DeliveredOf(s.meter.Measured(found))
		return step, found.Decision == session.DecidePresent, nil
	})
}

// DeliveredOf is what stays of a measurement when a session has ended; nil:
// nothing was measured.
func DeliveredOf(m Measured) *session.Delivered {
	if m.At.IsZero() {
		return nil
	}
	return &session.Delivered{
		At: m.At, Proof: string(m.Verification), RTTMicros: m.RTTMicros, LossPPM: m.LossPPM,
		SentOctets: m.SentOctets, RecvOctets: m.RecvOctets,
	}
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
			return s.View(ctx, found)
		}
		kept, err := s.store.Advance(ctx, step, s.ledger)
		searched := step.Reserve != nil && step.Reserve.Snapshot != 0
		if (session.CodeOf(err) == session.Aborted || searched && isConflict(err)) && try < admitTries {
			continue
		}
		if err != nil {
			return View{}, fmt.Errorf("change session %s: %w", id, refuseConflict(err, searched))
		}
		s.wake(kept)
		return s.View(ctx, kept)
	}
}

// Ending is the step that begins a session's end: from here on its leaves shall
// be on no device.
func Ending(s session.Session, info session.StatusInfo, cause, correlator string, at time.Time) Step {
	next := s
	next.Decision, next.StatusInfo, next.Reason, next.Follows = session.DecideAbsent, info, cause, correlator
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
func refuseConflict(err error, searched bool) error {
	switch {
	case session.CodeOf(err) != session.Internal || !isConflict(err):
		return err
	case searched:
		return session.Errorf(session.Aborted, "", "other orders for the same resources came first; repeat")
	}
	return session.Errorf(session.NoResources, "requestedAdditionalDuration", "there is no bandwidth for the longer time")
}
