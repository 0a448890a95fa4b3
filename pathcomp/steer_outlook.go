// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"
	"time"
)

// fits says whether there is a way with room for a rate from a second on, for
// as long as the demand's window.
func (t *steering) fits(kbps [2]uint64, first uint32) bool {
	try := *t
	d := *t.demand
	d.Kbps = kbps
	try.demand = &d
	try.first, try.until = first, first+(t.until-t.first)
	d.Window = Window{From: instant(try.first), Until: instant(try.until)}
	try.setRate(kbps)
	n := needs{demand: &d}
	n.takeAccess(t.from, t.to)
	n.merge()
	if len(t.blocking(&d, n.list)) > 0 {
		return false
	}
	_, ok := try.findWithin()
	return ok
}

// most returns the largest rate that fits both ways.
func (t *steering) most() uint64 {
	var widest int64
	for i := range t.limits {
		widest = max(widest, t.limits[i].ofClass)
	}
	low, high := uint64(0), t.demand.mostSymmetric(need{times: 1}, widest)
	for low < high {
		middle := low + (high-low+1)/2
		if t.fits([2]uint64{middle, middle}, t.first) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// soonest returns the first time from which the demand fits. Only where
// something ends can it begin to; zero if it never does, or not within
// mostStarts ends.
func (t *steering) soonest(now uint32) time.Time {
	after := max(t.first, now)
	length := t.until - t.first
	starts := []uint32{after}
	for _, b := range t.books {
		starts = b.falls(after, starts)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	for _, at := range starts[:min(len(starts), mostStarts)] {
		if uint64(at)+uint64(length) <= never && t.fits(t.demand.Kbps, at) {
			return instant(at)
		}
	}
	return time.Time{}
}

// falls appends the seconds after one at which less is reserved than before, in
// all or of a class.
func (b *book) falls(after uint32, out []uint32) []uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out = b.total().falls(after, out)
	for i := range b.classes {
		out = b.classes[i].falls(after, out)
	}
	return out
}

func (p *profile) falls(after uint32, out []uint32) []uint32 {
	var before int64
	for at, kbps := range p.from(after) {
		if at > after && kbps < before {
			out = append(out, at)
		}
		before = kbps
	}
	return out
}
