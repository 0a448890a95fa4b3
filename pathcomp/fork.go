// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// Fork returns a core of its own, with the network and the bookings of c as they
// are now, to try things out on: Update fails a link or drains a node, Steer and
// its ledger's Reserve admit. Nothing of that reaches c. What is never touched is
// shared, so that a fork is cheap. It is not safe for concurrent use, and c may
// be used meanwhile.
func (c *Core) Fork() *Core {
	s := *c.now.Load()
	f := &Core{clock: c.clock, wanted: c.wanted, ledger: NewLedger(c.clock)}
	f.ledger.serial = s.serial
	f.ledger.scratch = &scratch{base: c.ledger, borrowed: map[string]struct{}{}, made: f.place}
	s.books = slices.Clone(s.books)
	f.now.Store(&s)
	return f
}

// Ledger returns the ledger that the core searches.
func (c *Core) Ledger() *Ledger { return c.ledger }

// place puts a book that was copied where searches find it. The base may have
// given the arc another number since.
func (c *Core) place(b *book) {
	s := c.now.Load()
	if n, ok := s.arcOf(b.arc); ok {
		b.number = n
		s.books[n] = b
	}
}

// scratch is what a forked ledger copies from when it needs to.
type scratch struct {
	base     *Ledger
	borrowed map[string]struct{} // owners
	made     func(*book)
}

// copied returns a new book for arc: what the base has, if there is a base that
// has one.
func (s *scratch) copied(arc topology.ArcName) *book {
	own := &book{arc: arc}
	if s == nil {
		return own
	}
	s.base.commit.Lock()
	defer s.base.commit.Unlock()
	b := s.base.find(arc)
	if b == nil {
		return own
	}
	own.number, own.capacity, own.forgotten = b.number, b.capacity, b.forgotten
	own.sum = b.sum.clone()
	for i := range b.classes {
		own.classes = append(own.classes, classProfile{name: b.classes[i].name, profile: b.classes[i].clone()})
	}
	own.peak.Store(b.peak.Load())
	s.made(own)
	return own
}

// borrow makes what an owner has in the base known to a fork. The calendars
// have it already. The caller holds commit.
func (l *Ledger) borrow(owner string) {
	if l.scratch == nil || owner == "" {
		return
	}
	if _, done := l.scratch.borrowed[owner]; done {
		return
	}
	l.scratch.borrowed[owner] = struct{}{}
	for _, b := range l.scratch.base.Bookings(owner) {
		e, err := l.newEntry(&b)
		if err != nil {
			continue // none of the base's is refused here
		}
		e.seq = max(b.Seq, 1)
		e.index()
		h := l.holding(owner)
		h.entries = append(h.entries, e)
		e.held = h
	}
}

// yield drops an owner's bookings of variants below one, on a fork only: else
// the log says when.
func (l *Ledger) yield(owner string, below uint32) {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	if h := l.owners[owner]; h != nil {
		l.drop(h, func(e *entry) bool { return e.owner == owner && e.variant < below })
	}
}

// lent returns the owners on an arc that a fork shares with its base still.
func (l *Ledger) lent(arc topology.ArcName) []string {
	if l.scratch == nil {
		return nil
	}
	return slices.DeleteFunc(l.scratch.base.OwnersOn(arc), func(owner string) bool {
		_, own := l.scratch.borrowed[owner]
		return own
	})
}
