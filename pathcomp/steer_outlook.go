// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"
	"time"
)

// fitsAt says whether there is a way with room for a rate from a second on, for
// as long as the demand's window. Any will do, so the cheapest is looked for.
func (t *steering) fitsAt(kbps [2]uint64, first uint32) bool {
	asked := t.room
	d := *asked.demand
	d.Kbps, d.Objective = kbps, LeastCost
	t.demand, t.first, t.until = &d, first, first+(asked.until-asked.first)
	d.Window = Window{From: instant(t.first), Until: instant(t.until)}
	t.setRate(kbps)
	defer func() {
		t.room = asked
		t.setRate(asked.demand.Kbps)
	}()
	if t.pair != nil {
		return t.pair.fits()
	}
	n := needs{demand: &d}
	n.takeAccess(t.from, t.to)
	if len(t.blocking(n.merge(t.rank))) > 0 {
		return false
	}
	_, ok := t.best()
	return ok
}

// most returns the largest rate that fits both ways.
func (t *steering) most() uint64 {
	var widest int64
	for i := range int32(len(t.names)) { //nolint:gosec // arcs are few
		widest = max(widest, t.limit(i, t.class).ofClass)
	}
	for _, own := range t.own { // is there already, whatever the limit
		var all int64
		for _, x := range own {
			all += x.kbps
		}
		widest = max(widest, all)
	}
	low, high := uint64(0), t.demand.mostSymmetric(need{times: 1}, widest)
	for low < high {
		middle := low + (high-low+1)/2
		if t.fitsAt([2]uint64{middle, middle}, t.first) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// How many times the earliest start is looked for at most.
const (
	mostStarts     = 2000
	mostPairStarts = 200 // of two paths, which take longer to find
)

// soonest returns the first time from which the demand fits. Only where
// something ends can it begin to; zero if it never does, or not within so many
// ends, which are then tried of more.
func (t *steering) soonest(now uint32, ends int) (at time.Time, tried int) {
	after := max(t.first, now)
	length := t.until - t.first
	starts := []uint32{after}
	for _, b := range t.books {
		starts = b.falls(after, starts)
	}
	for _, own := range t.own { // what others give back, the owner may take at once
		for _, x := range own {
			starts = append(starts, max(after, x.from), max(after, x.until))
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	for k, at := range starts {
		if k == ends {
			return time.Time{}, ends
		}
		if uint64(at)+uint64(length) <= never && t.fitsAt(t.demand.Kbps, at) {
			return instant(at), 0
		}
	}
	return time.Time{}, 0
}

// falls appends the seconds after one at which less is reserved than before, in
// all or of a class.
func (b *book) falls(after uint32, out []uint32) []uint32 {
	c := b.read()
	defer c.mu.RUnlock()
	out = c.sum.falls(after, out)
	for i := range c.classes {
		out = c.classes[i].falls(after, out)
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
