// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// Fork returns a core of its own, with the network and the bookings of c as they
// are now, to try things out on: Update fails a link or drains a node, Steer and
// its ledger's Reserve admit. Nothing of that reaches c. What is never touched is
// shared, so that a fork is cheap: what others book in c from now on may take
// room in the fork too, and what they give back may leave some. A fork is not
// safe for concurrent use, c may be used meanwhile. Load and Reload are for
// ledgers of a log, not of forks.
func (c *Core) Fork() *Core {
	s := *c.now.Load()
	f := &Core{clock: c.clock, wanted: c.wanted, ledger: c.ledger.fork(s.serial)}
	f.ledger.scratch.made = f.place
	s.books, s.spare = slices.Clone(s.books), nil // which are told of c's bookings
	f.now.Store(&s)
	return f
}

// Try books an admission of a fork's in place of what its owner has in variants
// below its own, as moves of Repair are; what others have stays. Errors: those of
// Ledger.Reserve, and that the core is no fork.
func (c *Core) Try(owner string, a Admission) error {
	if c.ledger.scratch == nil {
		return errors.New("try on a core that is no fork")
	}
	if err := c.ledger.Reserve(owner, a); err != nil {
		return err
	}
	c.ledger.yield(owner, a.Variant)
	return nil
}

// Ledger returns the ledger that the core searches.
func (c *Core) Ledger() *Ledger { return c.ledger }

// place puts a book that was copied where searches find it, with what its arc
// may sell in the fork's network.
func (c *Core) place(b *book) {
	s := c.now.Load()
	if i, ok := s.arcOf(b.arc); ok {
		b.number = i
		b.sell(s.capacity(i))
		s.books[i] = b
	}
}

// scratch is what a forked ledger copies from when it needs to.
type scratch struct {
	base     *Ledger
	births   uint64              // of the base when it was forked
	borrowed map[string]struct{} // owners
	still    bool                // the base's commit is held
	made     func(*book)
}

// fork returns a ledger that begins as l is. Serial is that of the network that
// is searched.
func (l *Ledger) fork(serial uint64) *Ledger {
	l.commit.Lock()
	defer l.commit.Unlock()
	f := NewLedger(l.clock)
	f.known, f.serial, f.serials = l.known, serial, l.serials
	f.scratch = &scratch{base: l, births: l.births, borrowed: map[string]struct{}{}}
	return f
}

// newBook returns a book for arc that has what the base has, if there is one.
func (l *Ledger) newBook(arc topology.ArcName) *book {
	b := newBook(arc)
	if l.scratch != nil {
		l.scratch.copyTo(b)
		l.scratch.made(b)
	}
	return b
}

// copyTo copies the calendar that the base has of a book's arc, if it has one.
func (s *scratch) copyTo(b *book) {
	if !s.still {
		s.base.commit.Lock()
		defer s.base.commit.Unlock()
	}
	s.base.copyTo(b)
}

// copyTo copies the calendar that l has of a book's arc, if it has one. The caller
// holds l.commit.
func (l *Ledger) copyTo(b *book) {
	from := l.own(b.arc)
	if from == nil {
		if l.scratch != nil {
			l.scratch.copyTo(b)
		}
		return
	}
	b.calendar.Store(from.calendar.Load().clone())
}

// borrow makes what an owner has in the base known to a fork, and all that
// shares room with it. The calendars have it already, or are copied while the base
// stands still: a fork that gave back what its calendars never had would show room
// that is not there. The caller holds commit.
func (l *Ledger) borrow(owner string) {
	if l.scratch == nil {
		return
	}
	if _, done := l.scratch.borrowed[owner]; done {
		return
	}
	l.scratch.base.commit.Lock()
	defer l.scratch.base.commit.Unlock()
	l.scratch.still = true
	defer func() { l.scratch.still = false }()
	for waiting := []string{owner}; len(waiting) > 0; {
		next := waiting[0]
		waiting = waiting[1:]
		if _, done := l.scratch.borrowed[next]; done {
			continue
		}
		l.scratch.borrowed[next] = struct{}{}
		entries, others := l.scratch.base.lend(next, l.scratch.births)
		for _, e := range entries {
			l.adopt(e)
		}
		waiting = append(waiting, others...)
	}
}

// lend returns copies of what an owner has, without what was born later, and the
// owners that share room with it. The caller holds commit.
func (l *Ledger) lend(owner string, births uint64) (entries []*entry, others []string) {
	l.borrow(owner)
	lend := func(e *entry) {
		if e.born <= births {
			own := *e
			own.uses = slices.Clone(e.uses)
			entries = append(entries, &own)
		}
	}
	if h := l.owners[owner]; h != nil {
		for _, e := range h.entries {
			others = append(others, e.owner)
			if e.owner == owner && e.seq != 0 {
				lend(e)
			}
		}
	}
	for _, e := range l.pending[owner] {
		others = append(others, e.held.owner)
		lend(e)
	}
	return entries, others
}

// adopt enters an entry of the base where the calendars have it.
func (l *Ledger) adopt(e *entry) {
	for i := range e.uses {
		e.uses[i].book = l.book(l.scratch.base.arcOf(e.uses[i].book)).id
	}
	l.add(e)
	h := l.holding(e.held.owner)
	h.entries = append(h.entries, e)
	e.held, e.born = h, 0
	if e.seq == 0 {
		l.pending[e.owner] = append(l.pending[e.owner], e)
	}
}

// yield drops an owner's bookings of variants below one, on a fork only: else
// the log says when.
func (l *Ledger) yield(owner string, below uint32) {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	gone := func(e *entry) bool { return e.owner == owner && e.variant < below }
	l.pending[owner] = slices.DeleteFunc(l.pending[owner], func(e *entry) bool {
		if gone(e) {
			l.drop(e.held, func(other *entry) bool { return other == e })
		}
		return gone(e)
	})
	if h := l.owners[owner]; h != nil {
		l.drop(h, gone)
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
