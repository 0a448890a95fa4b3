// SPDX-License-Identifier: Apache-2.0

package order

import (
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// settleSecond gives an end of a protected session its second terminal.
func (d *Directory) settleSecond(e *session.End, protected bool, field string, ap session.AccessPoint, r EndRequest) error {
	switch {
	case !protected && r.SecondWireGuard != nil:
		return session.Errorf(session.Invalid, field+".secondaryWireguard", "is for protected sessions")
	case !protected:
		return nil
	case ap.Secondary == nil:
		return session.Errorf(session.NotSupported, field, "has one way into the network, a protected session needs two")
	case ap.Secondary.Handoff == nil && r.SecondWireGuard != nil:
		return session.Errorf(session.Invalid, field+".secondaryWireguard", "this end is a line, not a tunnel")
	}
	other := session.End{AccessPoint: e.AccessPoint, Type: e.Type, Terminal: *ap.Secondary}
	r.WireGuard = r.SecondWireGuard
	if err := d.settleEnd(&other, field, r); err != nil {
		return err
	}
	e.Second = &other
	return nil
}

// second is the second way that is asked for between two ends; nil: none.
func second(ends [2]session.End) *pathcomp.Second {
	a, z := ends[0].Second, ends[1].Second
	if a == nil || z == nil {
		return nil
	}
	return &pathcomp.Second{From: terminal(*a), To: terminal(*z)}
}

// wayOf is the second way of an admission, as a session keeps it.
func wayOf(a *pathcomp.Way) *session.Way {
	if a == nil {
		return nil
	}
	return &session.Way{
		Forward: session.NodesOf(a.Forward), Reverse: session.NodesOf(a.Reverse), RTTMicros: a.RTTMicros, LossPPM: a.LossPPM,
		Meets: !a.Shared.None(),
	}
}

// rttOf is the round trip of a second way, µs; 0: there is none.
func rttOf(a *pathcomp.Way) uint32 {
	if a == nil {
		return 0
	}
	return a.RTTMicros
}
