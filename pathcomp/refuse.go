// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"slices"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// blocking returns the arcs that have no room for what is needed, sorted.
func (s *snapshot) blocking(d *Demand, list []need) []topology.ArcName {
	from, until := d.Window.span()
	limits := s.limitsOf(d.Class)
	var out []topology.ArcName
	for _, n := range list {
		if !s.books[n.arc].fits(d.Class, from, until, n.kbps, limits[n.arc]) {
			out = append(out, s.arcs[n.arc].name)
		}
	}
	slices.Sort(out)
	return out
}

// mostKbps returns the largest rate that would fit in both directions.
func (s *snapshot) mostKbps(d *Demand, list []need) uint64 {
	from, until := d.Window.span()
	limits := s.limitsOf(d.Class)
	most := uint64(math.MaxUint64)
	for _, n := range list {
		room := s.books[n.arc].freeRoom(d.Class, from, until, limits[n.arc])
		most = min(most, d.mostSymmetric(n, room))
	}
	return most
}

// earliest returns the first time from which the needs fit for as long as the
// window is; zero if they never do. Each round moves to the end of something
// that is in the way, so it ends.
func (s *snapshot) earliest(d *Demand, list []need, now time.Time) time.Time {
	from, until := d.Window.span()
	length := uint64(until - from)
	limits := s.limitsOf(d.Class)
	at := max(from, ceilSecond(now))
	for {
		if uint64(at)+length > never {
			return time.Time{}
		}
		next := at
		for _, n := range list {
			if n.kbps > limits[n.arc].ofClass {
				return time.Time{}
			}
			end := next + uint32(length) //nolint:gosec // checked above, or overtaken below
			if end < next {
				return time.Time{}
			}
			next = max(next, s.books[n.arc].clearsAt(d.Class, next, end, n.kbps, limits[n.arc]))
		}
		if next == at {
			return instant(at)
		}
		at = next
	}
}
