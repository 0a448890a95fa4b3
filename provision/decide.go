// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"fmt"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// Verdict is what telemetry says of a session that is on all its devices.
type Verdict struct {
	Proven bool
	Detail string // what is still missing, or how it was proven
}

// Verifier proves sessions by packets between the provider's demarcation points.
type Verifier interface {
	Verify(s session.Session) Verdict
}

// Intervals at which a session is looked at again though nothing was reported.
const (
	relook = 5 * time.Second
	repoll = 200 * time.Millisecond
)

// decide says how a session moves on at now. It is the whole life cycle but for
// the customer's own requests, and has no effect of its own. ok is false when
// the session stays as it is; then again says when to look next.
func decide(s session.Session, now time.Time, v Verifier) (step order.Step, ok bool, again time.Time) {
	if s.Decision == session.DecideAbsent {
		return decideAbsent(s, now)
	}
	if s.StartedAt.IsZero() && s.Phase != session.Admitted && !now.Before(s.Deadline) {
		why := trouble(s)
		if why == "" {
			why = "not proven in time: " + v.Verify(s).Detail
		}
		return order.Ending(s, session.SessionDeclined, why, s.CausedBy(), now), true, now
	}
	if !s.StartedAt.IsZero() && !now.Before(s.ExpiresAt) {
		e := order.Ending(s, session.DurationExpired, "duration expired", "", now)
		e.Session.EndedAt = s.ExpiresAt
		return e, true, now
	}
	switch s.Phase {
	case session.Admitted:
		if now.Before(s.Route.From) {
			return order.Step{}, false, s.Route.From
		}
		return move(s, session.Applying, "", "devices are being configured", now), true, now
	case session.Applying, session.InDoubt, session.AwaitingFE, session.Modifying:
		return decideApplied(s, now)
	case session.Verifying:
		return decideProven(s, now, v)
	case session.Active:
		return order.Step{}, false, s.ExpiresAt
	case session.Releasing, session.Released:
	}
	return order.Step{}, false, time.Time{}
}

// decideApplied looks whether the leaves are on every device.
func decideApplied(s session.Session, now time.Time) (order.Step, bool, time.Time) {
	why := trouble(s)
	if failed := failure(s, now); failed != "" {
		return order.GoBack(s, failed, now), true, now
	}
	switch {
	case everywhere(s, session.Present) && s.StartedAt.IsZero():
		return move(s, session.Verifying, "", "on all devices", now), true, now
	case everywhere(s, session.Present) && s.Phase == session.InDoubt:
		return move(s, session.Modifying, "", "on all devices", now), true, now
	case everywhere(s, session.Present):
		step := move(s, session.Active, "", "on all devices", now)
		step.ReleaseBelow = s.Route.Variant // what it has left, if it was moved or changed
		if s.Former != nil {
			step.Events[0].Notify = true
			changed := step.Events[0]
			changed.Kind, changed.Notify = session.RateChanged, false
			step.Events = append(step.Events, changed)
		}
		step.Session = order.Done(step.Session, now)
		return step, true, now
	case why != "" && s.Phase != session.InDoubt:
		return move(s, session.InDoubt, why, why, now), true, now
	case why == "" && s.Phase == session.InDoubt && s.StartedAt.IsZero():
		return move(s, session.Applying, "", "devices answer again", now), true, now
	}
	return order.Step{}, false, earlier(now.Add(relook), s)
}

// decideProven waits for the packets that prove the session, and for its start.
func decideProven(s session.Session, now time.Time, v Verifier) (order.Step, bool, time.Time) {
	if !everywhere(s, session.Present) {
		return decideApplied(s, now)
	}
	verdict := v.Verify(s)
	if !verdict.Proven {
		return order.Step{}, false, earlier(now.Add(relook), s)
	}
	if now.Before(s.Start) {
		return order.Step{}, false, s.Start
	}
	step := move(s, session.Active, "", verdict.Detail, now)
	step.Session.StartedAt = now
	step.Session.ExpiresAt = now.Add(s.Duration)
	step.Session.Status = session.Activated
	step.Due = step.Session.ExpiresAt
	step.Events[0].Status, step.Events[0].Notify = session.Activated, true
	return step, true, now
}

// decideAbsent brings a session to its end: off every device, then released.
func decideAbsent(s session.Session, now time.Time) (order.Step, bool, time.Time) {
	why := trouble(s)
	switch {
	case s.Phase == session.Released:
		return order.Step{}, false, time.Time{}
	case s.StatusInfo == session.NoInfo:
		// A device refused for good and flipped the decision.
		info := session.SessionDeclined
		if !s.StartedAt.IsZero() {
			info = session.NetworkTerminated
		}
		return order.Ending(s, info, s.Reason, s.CausedBy(), now), true, now
	case s.Phase == session.InDoubt && (why == "" || everywhere(s, session.Absent)):
		return move(s, session.Releasing, s.Reason, "devices answer again", now), true, now
	case everywhere(s, session.Absent):
		step := move(s, session.Released, s.Reason, "nothing left on any device", now)
		step.Session.Status = session.Terminated
		step.Return, step.Due = true, time.Time{}
		step.Events[0].Status, step.Events[0].StatusInfo, step.Events[0].Notify = session.Terminated, s.StatusInfo, true
		return step, true, now
	case why != "" && s.Phase != session.InDoubt:
		return move(s, session.InDoubt, s.Reason, why, now), true, now
	}
	return order.Step{}, false, now.Add(relook)
}

// move is a step to another phase; due at once.
func move(s session.Session, to session.Phase, reason, cause string, now time.Time) order.Step {
	next := s
	next.Phase, next.Reason, next.UpdatedAt = to, reason, now
	next.Status = session.StatusIn(to, !s.StartedAt.IsZero(), s.Status == session.Scheduled)
	return order.Step{Session: next, Due: now, Events: []session.Event{{
		At: now, Status: next.Status, StatusInfo: next.StatusInfo, Phase: to, Cause: cause, Correlator: s.CausedBy(),
	}}}
}

func everywhere(s session.Session, p session.Presence) bool {
	for _, d := range s.Devices {
		if d.Have != p {
			return false
		}
	}
	return true
}

// trouble says which device is not as decided and why; empty: none is known.
func trouble(s session.Session) string {
	for _, d := range s.Devices {
		if d.Have == session.Unknown && d.Reason != "" {
			return fmt.Sprintf("device %s: %s", d.Device, d.Reason)
		}
	}
	return ""
}

// failure says why a change that is under way has failed; empty: it has not.
func failure(s session.Session, now time.Time) string {
	if s.Former == nil {
		return ""
	}
	for _, d := range s.Devices {
		if d.Have == session.Refused {
			return fmt.Sprintf("device %s: %s", d.Device, d.Reason)
		}
	}
	if now.Before(s.Former.By) || everywhere(s, session.Present) {
		return ""
	}
	if why := trouble(s); why != "" {
		return "not done in time: " + why
	}
	return "not done in time"
}

// earlier returns t, or when the session is to be active, or to end, if that
// comes first.
func earlier(t time.Time, s session.Session) time.Time {
	limit := s.Deadline
	if !s.StartedAt.IsZero() {
		limit = s.ExpiresAt
	}
	if limit.Before(t) {
		return limit
	}
	return t
}
