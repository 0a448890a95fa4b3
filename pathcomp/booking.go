// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"math"
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// EveryVariant is above the variants of all bookings.
const EveryVariant = math.MaxUint32

// Booking is one entry of the log of bookings, which all daemons on a store
// share. Seqs count from 1 without gaps.
//
// Bookings of one owner and variant add up. Different variants of an owner are
// never in use at the same time: at every instant and on every arc the owner
// takes the most of any of them, in each class and in all.
type Booking struct {
	Seq     uint64
	Owner   string // a session, or what holds room for one
	Variant uint32 // below EveryVariant

	// Release makes this the end of all bookings of Owner with variants below
	// Variant. Nothing of what follows is set then.
	Release bool

	// Replaces is the owner whose bookings end with this one; empty: none. Until
	// this one is durable it counts as one more variant of that owner's.
	Replaces string
	Class    string
	Window   Window
	Uses     []Use
}

// entry is a booking as the ledger keeps it.
type entry struct {
	seq         uint64 // 0: pending
	born        uint64 // when it was made, among all entries; 0: before a fork
	owner       string
	replaces    string
	class       string
	held        *holding // whose bookings it shares room with
	uses        []use
	variant     uint32
	from, until uint32
	number      uint32 // in the index
}

// use is what an entry takes on one arc. There are more of them than of all else:
// they hold no pointers, so that the garbage collector passes over them.
type use struct {
	book uint32 // its number in the ledger
	at   uint32 // in book.entries
	kbps int64
}

// shares returns the owner whose bookings a pending entry shares room with.
func (e *entry) shares() string { return cmp.Or(e.replaces, e.owner) }

// isOf says whether e is what b books. The order of uses counts: a store keeps it.
func (l *Ledger) isOf(e *entry, b *Booking) bool {
	from, until := b.Window.span()
	return e.owner == b.Owner && e.variant == b.Variant && e.replaces == b.Replaces && e.class == b.Class &&
		e.from == from && e.until == until &&
		slices.EqualFunc(e.uses, b.Uses, func(x use, y Use) bool { return l.list[x.book].arc == y.Arc && x.kbps == kbit(y.Kbps) })
}

func (l *Ledger) booking(e *entry) Booking {
	return Booking{
		Seq: e.seq, Owner: e.owner, Variant: e.variant, Replaces: e.replaces, Class: e.class,
		Window: Window{From: instant(e.from), Until: instant(e.until)}, Uses: l.usesOf(e),
	}
}

func (l *Ledger) usesOf(e *entry) []Use {
	uses := make([]Use, len(e.uses))
	for i, u := range e.uses {
		uses[i] = Use{Arc: l.list[u.book].arc, Kbps: uint64(u.kbps)} //nolint:gosec // never negative
	}
	return uses
}

// OwnersOn returns who holds bandwidth on arc from now on, also pending,
// sorted.
func (l *Ledger) OwnersOn(arc topology.ArcName) []string {
	l.commit.Lock()
	defer l.commit.Unlock()
	b := l.own(arc)
	if b == nil {
		return l.lent(arc)
	}
	now := floorSecond(l.clock())
	owners := l.lent(arc)
	for _, number := range b.entries {
		if e := l.index.entries[number]; e.until > now {
			owners = append(owners, e.owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// Bookings returns what owner holds, in the order it was booked: first what is
// durable, then what is pending, without Seq. Times are to the second.
func (l *Ledger) Bookings(owner string) []Booking {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	var all []Booking
	if h := l.owners[owner]; h != nil {
		for _, e := range h.entries {
			if e.seq != 0 {
				all = append(all, l.booking(e))
			}
		}
	}
	slices.SortFunc(all, func(x, y Booking) int { return cmp.Compare(x.Seq, y.Seq) })
	for _, e := range l.pending[owner] {
		all = append(all, l.booking(e))
	}
	return all
}

// Uses returns what owner takes in one variant, by its first booking there; nil:
// it has none. A session's bookings of a variant differ in their windows alone:
// each other way, and each other rate, is a variant of its own. What is pending
// counts too: a session may be read before its bookings are settled.
func (l *Ledger) Uses(owner string, variant uint32) []Use {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	entries := l.pending[owner]
	if h := l.owners[owner]; h != nil {
		entries = slices.Concat(h.entries, entries)
	}
	for _, e := range entries {
		if e.owner == owner && e.variant == variant {
			return l.usesOf(e)
		}
	}
	return nil
}
