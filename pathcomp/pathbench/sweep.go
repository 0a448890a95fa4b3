// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
	"github.com/s2cd/s2cd/topology"
)

// Sweep gathers bookings of which an audit says afterwards whether they are too
// many. It knows nothing of a ledger.
type Sweep struct{ items []audit.Item }

// Add enters bookings on arcs over a window.
func (s *Sweep) Add(class string, w pathcomp.Window, uses []pathcomp.Use) {
	from, until := w.From.Unix(), w.Until.Add(time.Second-1).Unix() // to whole seconds, never less
	for _, u := range uses {
		s.items = append(s.items, audit.Item{Arc: string(u.Arc), Class: class, Kbps: int64(u.Kbps), From: from, Until: until})
	}
}

// Overbooked returns for how many seconds more is booked than may be sold, summed
// over the arcs of a network.
func (s *Sweep) Overbooked(n *topology.Network) int64 {
	limits := map[string]audit.Limit{}
	limit := func(kbps uint64, shares topology.Shares) audit.Limit {
		l := audit.Limit{Total: int64(shares.Limit(kbps)), Class: map[string]int64{}}
		for class := range shares.ByClass {
			l.Class[class] = int64(shares.ClassLimit(kbps, class))
		}
		return l
	}
	for d := range 2 {
		for _, l := range n.Links {
			limits[string(topology.LinkArc(l.Name, d))] = limit(l.Kbps[d], l.Reservable)
		}
		for _, a := range n.Access {
			limits[string(topology.AccessArc(a.Name, d))] = limit(a.Kbps, a.Reservable)
		}
	}
	return audit.Overbooked(s.items, limits)
}
