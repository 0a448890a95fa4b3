// SPDX-License-Identifier: Apache-2.0

package order

import (
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// onto is the step that reserves for a session what was found, beside what it
// has. A session that has been in service is modified and holds both until its
// devices are as they shall be; one that has not yet has nothing to lose, so that
// what it had goes at once.
func onto(next session.Session, a pathcomp.Admission, at time.Time, cause, correlator string) Step {
	next.Route = session.Route{
		Revision: a.Revision, Class: a.Class, From: next.Route.From, Until: next.Route.Until,
		Forward: a.Forward, Reverse: a.Reverse, RTTMicros: a.RTTMicros, Uses: a.Uses, Variant: a.Variant,
		Second: wayOf(a.Second),
	}
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

// again is the admission of a way that was admitted before.
func again(r session.Route) pathcomp.Admission {
	return pathcomp.Admission{
		Revision: r.Revision, Class: r.Class, Window: pathcomp.Window{From: r.From, Until: r.Until},
		Forward: r.Forward, Reverse: r.Reverse, RTTMicros: r.RTTMicros, Uses: r.Uses, Variant: r.Variant,
	}
}
