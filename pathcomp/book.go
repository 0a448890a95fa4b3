// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"sync/atomic"

	"github.com/s2cd/s2cd/topology"
)

// book is what is reserved on one arc and what may be. It lives as long as its
// ledger, over topology revisions.
type book struct {
	// What an admission asks for comes first, close together.

	arc      topology.ArcName
	calendar atomic.Pointer[calendar]
	every    int64          // that the capacity lets any class have
	twin     *book          // of a link's other direction; nil: not known
	spare    *atomic.Uint32 // where the newest snapshot looks; nil: nowhere

	// What follows is guarded by Ledger.commit, as are every, twin, spare, and
	// which calendar it is.

	id       uint32   // in the ledger
	number   int32    // of the arc in the newest snapshot
	newest   uint64   // entry, by its birth
	entries  []uint32 // that take something here, by their numbers, in no order
	capacity capacity // of the current revision; zero: arc is gone
}

func newBook(arc topology.ArcName) *book {
	b := &book{arc: arc}
	b.calendar.Store(&calendar{})
	return b
}

// capacity is what an arc may sell.
type capacity struct {
	kbps   uint64
	shares topology.Shares
}

// limit is what an arc may sell in all, and to one class: never more.
type limit struct{ total, ofClass int64 }

func (c capacity) limit(class string) limit {
	return limit{total: kbit(c.shares.Limit(c.kbps)), ofClass: kbit(c.shares.ClassLimit(c.kbps, class))}
}

// pair makes a new book and that of the other direction known to each other. As
// nothing is reserved yet they have one calendar.
func (b *book) pair(other *book) {
	b.twin, other.twin = other, b
	if c := other.calendar.Load(); len(c.sum.blocks) == 0 {
		c.shared = true
		b.calendar.Store(c)
	}
}

// other returns the book of the other direction if that is arc's: who has found
// one of the two need not look for it.
func (b *book) other(arc topology.ArcName) *book {
	if b == nil || b.twin == nil || b.twin.arc != arc {
		return nil
	}
	return b.twin
}

// kbit keeps a rate far enough from the end of int64 that sums do not overflow.
func kbit(kbps uint64) int64 { return int64(min(kbps, math.MaxInt64/4)) }

// read returns the calendar, locked for a reader: who has read calls mu.RUnlock.
func (b *book) read() *calendar {
	for {
		c := b.calendar.Load()
		c.mu.RLock()
		if b.calendar.Load() == c {
			return c
		}
		c.mu.RUnlock() // it is the other direction's alone by now
	}
}

// peak is the largest load of all times, over classes.
func (b *book) peak() int64 {
	for {
		c := b.calendar.Load()
		if peak := c.peak.Load(); b.calendar.Load() == c {
			return peak
		}
	}
}

// fits says whether kbps more for class stay within the limits on [from,
// until). Safe for concurrent use with one writer.
func (b *book) fits(class string, from, until uint32, kbps int64, most limit) bool {
	if kbps > most.ofClass {
		return false
	}
	return b.peak()+kbps <= most.ofClass || kbps <= b.freeRoom(class, from, until, most)
}

// fitsAll is fits for what shifts of one class and of the total add.
func (b *book) fitsAll(all []shift, most limit) bool {
	c := b.read()
	defer c.mu.RUnlock()
	for _, s := range all {
		room := most.total - c.sum.max(s.from, s.until)
		if !s.total {
			room = most.ofClass
			if p := c.class(s.class); p != nil {
				room -= p.max(s.from, s.until)
			}
		}
		if s.kbps > max(room, 0) {
			return false
		}
	}
	return true
}

// freeRoom returns how much more class may reserve on [from, until); negative
// where more is reserved than may be.
func (b *book) freeRoom(class string, from, until uint32, most limit) int64 {
	c := b.read()
	defer c.mu.RUnlock()
	room := most.total - c.sum.max(from, until)
	if p := c.class(class); p != nil {
		return min(room, most.ofClass-p.max(from, until))
	}
	return min(room, most.ofClass)
}

// clearsAt returns the end of what leaves no room for kbps on [from, until),
// from if nothing does. kbps is within the limits.
func (b *book) clearsAt(class string, from, until uint32, kbps int64, most limit) uint32 {
	c := b.read()
	defer c.mu.RUnlock()
	at := c.sum.clearsAt(from, until, most.total-kbps)
	if p := c.class(class); p != nil {
		at = max(at, p.clearsAt(from, until, most.ofClass-kbps))
	}
	return at
}

// part gives b a calendar of its own if it shares one. The caller holds
// Ledger.commit.
func (b *book) part() {
	c := b.calendar.Load()
	if !c.shared {
		return
	}
	own := c.clone()
	c.mu.Lock() // no reader of b stays in it
	defer c.mu.Unlock()
	c.shared = false
	b.calendar.Store(own)
}

// reset forgets all that was entered. The caller holds Ledger.commit.
func (b *book) reset() {
	b.calendar.Load().reset()
	b.entries = nil
	b.offer()
}
