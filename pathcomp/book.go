// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/s2cd/s2cd/topology"
)

// book is the calendar of one arc: what is reserved in all and by class, and
// what may be. It lives as long as its ledger, over topology revisions.
type book struct {
	// What an admission asks for comes first, close together.

	arc topology.ArcName

	// peak is the largest total load of all times. Where even that leaves room
	// a search reads nothing else.
	peak  atomic.Int64
	every int64          // that the capacity lets any class have
	twin  *book          // of a link's other direction; nil: not known
	spare *atomic.Uint32 // where the newest snapshot looks; nil: nowhere

	// mu lets searches read the profiles while the ledger changes them. Writers
	// hold Ledger.commit too, so a writer may read without it.
	mu      sync.RWMutex
	sum     profile        // over classes
	only    string         // the one class, until there is a second: the sum is its profile
	classes []classProfile // all, once there are two

	// What follows is guarded by Ledger.commit, as are every, twin and spare.

	forgotten uint32   // what was before is not kept
	number    int32    // of the arc in the newest snapshot
	id        uint32   // in the ledger
	entries   []uint32 // that take something here, by their numbers, in no order
	capacity  capacity // of the current revision; zero: arc is gone
}

type classProfile struct {
	name string
	profile
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

// class returns the profile of class, nil if nothing was ever reserved for it.
func (b *book) class(name string) *profile {
	if len(b.classes) == 0 && name == b.only {
		return &b.sum
	}
	for i := range b.classes {
		if b.classes[i].name == name {
			return &b.classes[i].profile
		}
	}
	return nil
}

// total returns the profile of all classes together.
func (b *book) total() *profile { return &b.sum }

// byClass returns the profile of each class.
func (b *book) byClass() []classProfile {
	if len(b.classes) == 0 {
		return []classProfile{{b.only, b.sum}}
	}
	return b.classes
}

// fits says whether kbps more for class stay within the limits on [from,
// until). Safe for concurrent use with one writer.
func (b *book) fits(class string, from, until uint32, kbps int64, most limit) bool {
	if kbps > most.ofClass {
		return false
	}
	if b.peak.Load()+kbps <= most.ofClass {
		return true
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return kbps <= b.room(class, from, until, most)
}

// fitsAll is fits for what shifts of one class and of the total add.
func (b *book) fitsAll(all []shift, most limit) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range all {
		room := most.total - b.total().max(s.from, s.until)
		if !s.total {
			room = most.ofClass
			if p := b.class(s.class); p != nil {
				room -= p.max(s.from, s.until)
			}
		}
		if s.kbps > max(room, 0) {
			return false
		}
	}
	return true
}

// room returns how much more class may reserve on [from, until); negative where
// more is reserved than may be. The caller holds mu or Ledger.commit.
func (b *book) room(class string, from, until uint32, most limit) int64 {
	room := most.total - b.total().max(from, until)
	if p := b.class(class); p != nil {
		return min(room, most.ofClass-p.max(from, until))
	}
	return min(room, most.ofClass)
}

// freeRoom is room for readers.
func (b *book) freeRoom(class string, from, until uint32, most limit) int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.room(class, from, until, most)
}

// clearsAt returns the end of what leaves no room for kbps on [from, until),
// from if nothing does. kbps is within the limits.
func (b *book) clearsAt(class string, from, until uint32, kbps int64, most limit) uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	at := b.total().clearsAt(from, until, most.total-kbps)
	if p := b.class(class); p != nil {
		at = max(at, p.clearsAt(from, until, most.ofClass-kbps))
	}
	return at
}

// enter adds kbps (negative: takes away) for class on [from, until). What is
// older than horizon is forgotten on the way. The caller holds Ledger.commit.
func (b *book) enter(class string, from, until uint32, kbps int64, horizon uint32, near *trace) {
	b.shift([]shift{{class: class, from: from, until: until, kbps: kbps}, {total: true, from: from, until: until, kbps: kbps}}, horizon, near)
}

// shift is enter where classes do not add up to the total. Classes come first.
func (b *book) shift(all []shift, horizon uint32, near *trace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range all {
		if !s.total {
			b.addClass(s.class)
		}
	}
	lost := b.forget(horizon)
	for _, s := range all {
		from := max(s.from, b.forgotten)
		if from >= s.until {
			continue
		}
		if s.total {
			lost = b.reach(b.sum.addNear(from, s.until, s.kbps, near), s.kbps) || lost
		} else if len(b.classes) > 0 {
			b.class(s.class).addNear(from, s.until, s.kbps, near)
		}
	}
	if lost {
		b.peak.Store(b.total().peak())
	}
	b.offer()
}

// addClass makes class one of b's. The first needs no profile beside the sum: the
// second brings one for each.
func (b *book) addClass(class string) {
	if b.class(class) != nil {
		return
	}
	if len(b.classes) == 0 {
		if b.sum.blocks == nil {
			b.only = class
			return
		}
		b.classes = append(b.classes, classProfile{name: b.only, profile: b.sum.clone()})
	}
	b.classes = append(b.classes, classProfile{name: class})
}

// reach notes that the total goes up to most where kbps were added, and says
// whether the peak may be lost.
func (b *book) reach(most, kbps int64) (lost bool) {
	peak := b.peak.Load()
	if most > peak {
		b.peak.Store(most)
	}
	return kbps < 0 && most-kbps >= peak
}

// forget drops what was before horizon and says whether there was anything.
func (b *book) forget(horizon uint32) bool {
	if horizon <= b.forgotten {
		return false
	}
	b.forgotten = horizon
	dropped := b.sum.forget(horizon)
	for i := range b.classes {
		dropped = b.classes[i].forget(horizon) || dropped
	}
	return dropped
}

// reset forgets all that was entered. The caller holds Ledger.commit.
func (b *book) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sum, b.only, b.classes, b.entries = profile{}, "", nil, nil
	b.peak.Store(0)
	b.offer()
}
