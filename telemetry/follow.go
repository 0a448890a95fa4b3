// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"time"

	"github.com/s2cd/s2cd/session"
)

// follow is the measurement of one session. Time is known between two looks at
// its gateways that are not too far apart, and only there.
type follow struct {
	session session.Session
	level   session.Level
	open    session.SLAWindow // under way; Until is how far time is accounted for
	last    *look             // nil: none, or too old to begin from
	next    time.Time         // when to look again
	done    []session.SLAWindow
	keeping guarantee
}

// Limits of how often a session is looked at, and of what waits to be kept.
const (
	looksAWindow = 10
	seldomLook   = 10 * time.Second
	mostWaiting  = 64
)

// begin follows a session from where its windows end, or from its start. What
// passed unseen is one window.
func begin(s session.Session, level session.Level, until time.Time, breach *session.Breach, now time.Time) *follow {
	f := &follow{session: s, level: level, keeping: guarantee{breach: breach}}
	if until.Before(s.StartedAt) {
		until = s.StartedAt
	}
	f.open = session.SLAWindow{From: until, Until: until}
	if missed := f.edge(f.limit(now)); missed.After(until) {
		f.open.Unknown, f.open.Until = missed.Sub(until), missed
		f.close()
	}
	return f
}

// every is the length of a window.
func (f *follow) every() time.Duration {
	if f.level.MeasureEvery <= 0 {
		return time.Minute
	}
	return f.level.MeasureEvery
}

// edge returns the last end of a window that is not after t; windows are
// counted from the session's start.
func (f *follow) edge(t time.Time) time.Time {
	return f.session.StartedAt.Add(t.Sub(f.session.StartedAt).Truncate(f.every()))
}

// end returns when service ended; zero while it goes on.
func (f *follow) end() time.Time {
	end, expires := f.session.EndedAt, f.session.ExpiresAt
	if !end.IsZero() && expires.Before(end) {
		end = expires
	}
	return end
}

// limit returns t, or the end of what was bought when that comes first.
func (f *follow) limit(t time.Time) time.Time {
	for _, end := range []time.Time{f.session.ExpiresAt, f.end()} {
		if !end.IsZero() && end.Before(t) {
			t = end
		}
	}
	return t
}

// step takes in what is known at now. It reports whether the session's last
// window is done.
func (f *follow) step(now time.Time, seen look, ok bool, stale time.Duration) bool {
	switch {
	case ok && f.last == nil:
		f.pass(seen.at, between{unknown: true})
		f.last = &seen
	case ok && seen.at.After(f.last.at):
		f.pass(f.last.at, between{unknown: true}) // what was bought only after it had passed
		b, enough := compare(f.last, &seen, f.level.MaxRTTMicros)
		late := seen.at.Sub(f.last.at) > stale
		if enough || late {
			b.unknown = b.unknown || late
			f.pass(seen.at, b)
			f.last = &seen
		}
	case now.Sub(f.open.Until) > stale:
		f.pass(now, between{unknown: true})
		f.last = nil
	}
	end := f.end()
	if end.IsZero() {
		return false
	}
	if now.Sub(end) > stale {
		f.pass(end, between{unknown: true})
	}
	if f.open.Until.Before(end) {
		return false
	}
	f.cut()
	return true
}

// pass accounts for the time up to until, but for what was not bought. Packets
// and octets go to the window that it ends in.
func (f *follow) pass(until time.Time, b between) {
	until = f.limit(until)
	for f.open.Until.Before(until) {
		to := f.edge(f.open.Until).Add(f.every())
		if to.After(until) {
			to = until
		}
		piece := session.SLAWindow{}
		if to.Equal(until) && !b.unknown {
			piece = b.window
		}
		piece.Until = to
		length := to.Sub(f.open.Until)
		switch {
		case b.unknown:
			piece.Unknown = length
		case b.down:
			piece.Breached, piece.Down = length, length
		case b.slow:
			piece.Breached, piece.Slow = length, length
		default:
			piece.Met = length
		}
		f.open.Add(piece)
		if to.Equal(f.edge(to)) {
			f.close()
		}
	}
}

// cut ends the window under way before its time.
func (f *follow) cut() {
	if f.open.Until.After(f.open.From) {
		f.close()
	}
}

// close ends the window under way and begins the next one.
func (f *follow) close() {
	w := f.open
	broken := w.Judge(f.level)
	f.keeping.see(w, broken)
	f.open = session.SLAWindow{From: w.Until, Until: w.Until}
	f.done = append(f.done, w)
	if len(f.done) > mostWaiting { // they cannot be kept at the moment: the oldest become one
		f.done[1] = joined(f.done[0], f.done[1])
		f.done = f.done[1:]
	}
}

// joined is two windows in one.
func joined(a, b session.SLAWindow) session.SLAWindow {
	out := a
	out.Add(b)
	if a.Verdict != session.VerdictBreached && b.Verdict != session.VerdictUnknown {
		out.Verdict = b.Verdict
	}
	return out
}

// amend follows what the session was changed to.
func (f *follow) amend(s session.Session, level session.Level) {
	if level.Name != f.level.Name {
		f.cut()
	}
	f.session, f.level = s, level
	end := f.end()
	if end.IsZero() || !f.open.Until.After(end) || end.Before(f.open.From) {
		return
	}
	// A look came between the end of service and the word of it.
	over := f.open.Until.Sub(end)
	for _, part := range []*time.Duration{&f.open.Met, &f.open.Unknown, &f.open.Breached} {
		take := min(over, *part)
		*part, over = *part-take, over-take
	}
	f.open.Until = end
}
