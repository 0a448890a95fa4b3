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
	arc topology.ArcName

	// peak is the largest total load of all times. Where even that leaves room
	// a search reads nothing else.
	peak atomic.Int64

	// mu lets searches read the profiles while the ledger changes them. Writers
	// hold Ledger.commit too, so a writer may read without it.
	mu      sync.RWMutex
	classes []classProfile
	sum     profile // over classes, kept from the second class on

	// What follows is guarded by Ledger.commit.

	known     uint64              // newest version up to which all are entered
	ahead     map[uint64]struct{} // versions entered beyond known
	forgotten uint32              // what was before is not kept
	capacity  capacity            // of the current revision; zero: arc is gone
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

// kbit keeps a rate far enough from the end of int64 that sums do not overflow.
func kbit(kbps uint64) int64 { return int64(min(kbps, math.MaxInt64/4)) }

// class returns the profile of class, nil if nothing was ever reserved for it.
func (b *book) class(name string) *profile {
	for i := range b.classes {
		if b.classes[i].name == name {
			return &b.classes[i].profile
		}
	}
	return nil
}

// total returns the profile of all classes together.
func (b *book) total() *profile {
	if len(b.classes) == 1 {
		return &b.classes[0].profile
	}
	return &b.sum
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
func (b *book) enter(class string, from, until uint32, kbps int64, horizon uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.class(class) == nil {
		if len(b.classes) == 1 {
			b.sum = b.classes[0].clone()
		}
		b.classes = append(b.classes, classProfile{name: class})
	}
	lost := b.forget(horizon)
	from = max(from, b.forgotten)
	if from < until {
		total := b.total()
		was := b.peak.Load()
		lost = lost || kbps < 0 && total.max(from, until) >= was
		b.class(class).add(from, until, kbps)
		if len(b.classes) > 1 {
			total.add(from, until, kbps)
		}
		if kbps > 0 {
			b.peak.Store(max(was, total.max(from, until)))
		}
	}
	if lost {
		b.peak.Store(b.total().peak())
	}
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
func (b *book) reset(version uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sum, b.classes = profile{}, nil
	b.known, b.ahead = version, nil
	b.peak.Store(0)
}

// has says whether version was entered.
func (b *book) has(version uint64) bool {
	if version <= b.known {
		return true
	}
	_, ok := b.ahead[version]
	return ok
}

// mark notes that version is entered.
func (b *book) mark(version uint64) {
	if version != b.known+1 {
		if b.ahead == nil {
			b.ahead = map[uint64]struct{}{}
		}
		b.ahead[version] = struct{}{}
		return
	}
	b.known = version
	for len(b.ahead) > 0 {
		if _, ok := b.ahead[b.known+1]; !ok {
			return
		}
		b.known++
		delete(b.ahead, b.known)
	}
}
