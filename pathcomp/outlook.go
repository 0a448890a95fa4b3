// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// Step is a stretch of a profile: Kbps reserved from From until the next step.
type Step struct {
	From time.Time
	Kbps int64
}

// Profile returns what is reserved on arc in all over [from, until): the first
// step is at from, and no two neighbours are equal. Nothing reserved is one
// step of 0, also for an arc that is not known.
func (l *Ledger) Profile(arc topology.ArcName, from, until time.Time) []Step {
	b := l.find(arc)
	if b == nil {
		return []Step{{From: from}}
	}
	c := b.read()
	defer c.mu.RUnlock()
	return c.sum.steps(from, until)
}

// ClassProfile is Profile for one class.
func (l *Ledger) ClassProfile(arc topology.ArcName, class string, from, until time.Time) []Step {
	b := l.find(arc)
	if b == nil {
		return []Step{{From: from}}
	}
	c := b.read()
	defer c.mu.RUnlock()
	if p := c.class(class); p != nil {
		return p.steps(from, until)
	}
	return []Step{{From: from}}
}

func (p *profile) steps(from, until time.Time) []Step {
	first, end := floorSecond(from), ceilSecond(until)
	out := []Step{{From: from}}
	for at, kbps := range p.from(first) {
		switch {
		case at >= end:
			return out
		case at <= first:
			out[0].Kbps = kbps
		default:
			out = append(out, Step{From: instant(at), Kbps: kbps})
		}
	}
	return out
}

// Excess says that more is reserved on an arc than may be: its capacity was
// lowered below what was sold. It is a state to act on, not an error.
type Excess struct {
	Arc   topology.ArcName
	Class string // "": of all classes together
	Kbps  int64  // reserved at the worst instant from now on
	Limit int64  // may be reserved
}

// Excesses returns every arc on which more is reserved from now on than may be,
// sorted by arc and class.
func (l *Ledger) Excesses() []Excess {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.mu.RLock()
	defer l.mu.RUnlock()
	now := floorSecond(l.clock())
	var out []Excess
	if l.scratch != nil { // what a fork has not copied is as it was
		out = slices.DeleteFunc(l.scratch.base.Excesses(), func(x Excess) bool { return l.books[x.Arc] != nil })
	}
	for _, b := range l.books {
		limit := b.capacity.limit("").total
		booked := b.calendar.Load()
		if most := booked.sum.max(now, never); most > limit {
			out = append(out, Excess{Arc: b.arc, Kbps: most, Limit: limit})
		}
		for _, c := range booked.byClass() {
			limit := b.capacity.limit(c.name).ofClass
			if most := c.max(now, never); most > limit {
				out = append(out, Excess{Arc: b.arc, Class: c.name, Kbps: most, Limit: limit})
			}
		}
	}
	slices.SortFunc(out, func(x, y Excess) int {
		return cmp.Or(cmp.Compare(x.Arc, y.Arc), cmp.Compare(x.Class, y.Class))
	})
	return out
}
