// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// writer enters what has changed arc by arc. Where both directions of a link
// change alike, one after the other, it is one change of the calendar that they
// share; where they do not they share none from then on. Its user holds
// Ledger.commit.
type writer struct {
	horizon uint32
	near    trace
	book    *book // of the change that is not made yet; nil: all are
	by      []shift
}

// writing returns a writer for changes from now on, one at a time.
func (l *Ledger) writing() writer { return writer{horizon: l.horizon(), by: l.shifts[:0]} }

// shift changes what is reserved on b, before flush at the latest.
func (w *writer) shift(b *book, by []shift) {
	if w.book != nil && w.book == b.twin && w.book.calendar.Load() == b.calendar.Load() && slices.Equal(w.by, by) {
		w.enter(b)
		return
	}
	w.flush()
	w.book, w.by = b, append(w.by[:0], by...)
}

// flush makes the change that is not made yet.
func (w *writer) flush() {
	if w.book == nil {
		return
	}
	if len(w.by) > 0 {
		w.book.part()
	}
	w.enter(w.book)
}

// enter makes the change on the calendar of b.
func (w *writer) enter(b *book) {
	c := b.calendar.Load()
	c.shift(w.by, w.horizon, &w.near)
	b.offer()
	if c.shared {
		b.twin.offer()
	}
	w.book = nil
}
