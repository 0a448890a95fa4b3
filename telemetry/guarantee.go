// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"time"

	"github.com/s2cd/s2cd/session"
)

// restoredAfter is how many windows in a row must be met before a service level
// counts as kept again, so that one that wavers is told of once.
const restoredAfter = 3

// guarantee follows whether a session's service level is kept. Windows of which
// nothing is known change nothing.
type guarantee struct {
	breach *session.Breach // nil: it is kept
	until  time.Time       // of the last window that was breached
	met    int             // windows in a row since
	news   []session.Event // not told yet, oldest first
}

func (g *guarantee) see(w session.SLAWindow, broken []session.BrokenGuarantee) {
	switch w.Verdict {
	case session.VerdictBreached:
		first := g.breach == nil
		if first {
			g.breach = &session.Breach{From: w.From}
		}
		g.breach.Merge(broken)
		g.until, g.met = w.Until, 0
		if first {
			g.tell(session.SLABreached, w.Until)
		}
	case session.VerdictMet:
		if g.breach == nil {
			return
		}
		if g.met == 0 && g.until.IsZero() { // it began before a restart
			g.until = w.From
		}
		if g.met++; g.met < restoredAfter {
			return
		}
		g.breach.Until = g.until
		g.tell(session.SLARestored, w.Until)
		*g = guarantee{news: g.news}
	case session.VerdictUnknown:
	}
}

func (g *guarantee) tell(kind session.EventKind, at time.Time) {
	told := *g.breach
	told.Broken = append([]session.BrokenGuarantee(nil), told.Broken...)
	g.news = append(g.news, session.Event{Kind: kind, At: at, Breach: &told, Notify: true})
}
