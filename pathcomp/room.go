// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"slices"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// room is what a demand asks of the calendars, whatever way it takes.
type room struct {
	*snapshot
	demand       *Demand
	first, until uint32
	class        int
	own          map[int32][]term // on arcs of an owner that the demand comes instead of
}

// roomFor looks a demand's class, window and earlier bookings up.
func (c *Core) roomFor(s *snapshot, d *Demand) room {
	r := room{snapshot: s, demand: d, class: s.classes.of(d.Class)}
	r.first, r.until = d.Window.span()
	if d.Instead != "" {
		r.own = c.ledger.held(s, d.Instead)
	}
	return r
}

// fits says whether kbps are free on an arc, as Ledger.Reserve does.
func (r *room) fits(i int32, kbps int64) bool {
	if kbps == 0 || r.spare.fits(i, kbps) {
		return true
	}
	most := r.limit(i, r.class)
	if r.books[i].fits(r.demand.Class, r.first, r.until, kbps, most) {
		return true
	}
	own := r.own[i]
	return own != nil && r.books[i].fitsAll(r.growth(own, kbps), most)
}

// growth is what kbps add where an owner has something that gives way.
func (r *room) growth(own []term, kbps int64) []shift {
	one := &entry{variant: EveryVariant, class: r.demand.Class, from: r.first, until: r.until}
	return differences(own, append(own[:len(own):len(own)], term{one, kbps}))
}

// blocking returns the arcs that have no room for what is needed, sorted.
func (r *room) blocking(list []need) []topology.ArcName {
	var out []topology.ArcName
	for _, n := range list {
		if !r.fits(n.arc, n.kbps) {
			out = append(out, r.names[n.arc])
		}
	}
	slices.Sort(out)
	return out
}

// mostKbps returns the largest rate that would fit in both directions.
func (r *room) mostKbps(list []need) uint64 {
	most := uint64(math.MaxUint64)
	for _, n := range list {
		most = min(most, r.demand.mostSymmetric(n, r.free(n.arc)))
	}
	return most
}

// free is the most that fits on an arc; negative where too much is reserved.
func (r *room) free(i int32) int64 {
	low := r.books[i].freeRoom(r.demand.Class, r.first, r.until, r.limit(i, r.class))
	if r.own[i] == nil {
		return low
	}
	low = max(0, low)
	for high := kbit(math.MaxUint64); low < high; {
		middle := low + (high-low+1)/2
		if r.fits(i, middle) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// earliest returns the first time from which the needs fit for as long as the
// window is; zero if they never do. Each round moves to the end of something
// that is in the way, so it ends.
func (r *room) earliest(list []need, now time.Time) time.Time {
	length := uint64(r.until - r.first)
	at := max(r.first, ceilSecond(now))
	for {
		if uint64(at)+length > never {
			return time.Time{}
		}
		next := at
		for _, n := range list {
			most := r.limit(n.arc, r.class)
			if n.kbps > most.ofClass {
				return time.Time{}
			}
			end := next + uint32(length) //nolint:gosec // checked above, or overtaken below
			if end < next {
				return time.Time{}
			}
			next = max(next, r.books[n.arc].clearsAt(r.demand.Class, next, end, n.kbps, most))
		}
		if next == at {
			return instant(at)
		}
		at = next
	}
}
