// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// index numbers the entries of a ledger, so that books say by number, without
// pointers, which of them take something.
type index struct {
	entries []*entry // by number; nil: free
	free    []uint32 // numbers
}

// add makes e one of the entries of each of its books.
func (l *Ledger) add(e *entry) {
	x := &l.index
	if last := len(x.free) - 1; last >= 0 {
		e.number, x.free = x.free[last], x.free[:last]
		x.entries[e.number] = e
	} else {
		e.number = uint32(len(x.entries)) //nolint:gosec // memory ends before 2^32 entries
		x.entries = append(x.entries, e)
	}
	for i := range e.uses {
		u := &e.uses[i]
		b := l.list[u.book]
		u.at = uint32(len(b.entries)) //nolint:gosec // no more than there are entries
		b.entries = append(b.entries, e.number)
	}
}

// remove undoes add: the last entry of each book takes e's place.
func (l *Ledger) remove(e *entry) {
	x := &l.index
	for _, u := range e.uses {
		b := l.list[u.book]
		end := len(b.entries) - 1
		last := b.entries[end]
		b.entries[u.at] = last
		b.entries = b.entries[:end]
		x.entries[last].on(u.book).at = u.at
	}
	x.entries[e.number] = nil
	x.free = append(x.free, e.number)
}

// on returns e's use of a book, which there is.
func (e *entry) on(book uint32) *use {
	return &e.uses[slices.IndexFunc(e.uses, func(u use) bool { return u.book == book })]
}
