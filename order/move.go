// SPDX-License-Identifier: Apache-2.0

package order

import (
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// onto is the step that reserves for a session what was found, beside what it has.
func onto(next session.Session, a pathcomp.Admission, at time.Time, cause, correlator string) Step {
	next.Route = session.Route{
		Revision: a.Revision, Class: a.Class, From: next.Route.From, Until: next.Route.Until,
		Forward: session.NodesOf(a.Forward), Reverse: session.NodesOf(a.Reverse), RTTMicros: a.RTTMicros, LossPPM: a.LossPPM,
		Variant: a.Variant, Second: wayOf(a.Second),
	}
	return beside(next, a, at, cause, correlator)
}

// beside is the step that reserves for a session, whose route is as it shall be,
// beside what it has. One that has been in service is modified and holds both
// until its devices are as they shall be; one that has not yet has nothing to lose,
// so that what it had goes at once.
func beside(next session.Session, a pathcomp.Admission, at time.Time, cause, correlator string) Step {
	next.UpdatedAt = at
	step := Step{Reserve: &a, Due: at}
	if next.StartedAt.IsZero() {
		step.ReleaseBelow = a.Variant
	} else if next.Phase == session.Active {
		next.Phase = session.Modifying
	}
	step.Session = next
	step.Events = []session.Event{{
		At: at, Status: next.Status, StatusInfo: next.StatusInfo, Phase: next.Phase, Cause: cause, Correlator: correlator,
	}}
	return step
}
