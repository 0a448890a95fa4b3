// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"
)

// holding is all that an owner holds, and what shares room with it.
type holding struct {
	owner   string
	one     [1]*entry // where entries begin: most hold no more
	entries []*entry
}

// with returns entries with e, beside entries.
func (h *holding) with(e *entry) []*entry {
	if len(h.entries) > 0 {
		return append(h.entries[:len(h.entries):len(h.entries)], e)
	}
	h.one[0] = e
	return h.one[:]
}

// same says that all of entries are one variant, so that they add up.
func same(entries []*entry) bool {
	for _, e := range entries[min(1, len(entries)):] {
		if e.variant != entries[0].variant || e.owner != entries[0].owner {
			return false
		}
	}
	return true
}

// holding returns owner's, made if there is none.
func (l *Ledger) holding(owner string) *holding {
	h := l.owners[owner]
	if h == nil {
		h = &holding{owner: owner}
		l.owners[owner] = h
	}
	return h
}

// join adds e to the holding of owner.
func (l *Ledger) join(owner string, e *entry) {
	h := l.holding(owner)
	before := h.entries
	h.entries, e.held = h.with(e), h
	l.apply(before, h.entries, e)
}

// leave takes the entries of which out of h.
func (l *Ledger) leave(h *holding, which func(*entry) bool) {
	var gone, stay []*entry
	for _, e := range h.entries {
		if which(e) {
			gone = append(gone, e)
		} else {
			stay = append(stay, e)
		}
	}
	if len(gone) == 0 {
		return
	}
	before := h.entries
	h.entries = stay
	if len(stay) == 0 {
		delete(l.owners, h.owner)
	}
	l.apply(before, stay, gone...)
}

// pass moves e from the holding it is in to another. No reader sees it in both.
func (l *Ledger) pass(e *entry, to *holding) {
	from, w := e.held, l.writing()
	stay := slices.DeleteFunc(slices.Clone(from.entries), func(other *entry) bool { return other == e })
	more := append(slices.Clone(to.entries), e)
	for _, u := range e.uses {
		b := l.list[u.book]
		w.shift(b, slices.Concat(shifts(b, from.entries, stay), shifts(b, to.entries, more)))
	}
	w.flush()
	from.entries, to.entries, e.held = stay, more, to
	if len(stay) == 0 {
		delete(l.owners, from.owner)
	}
}

// apply brings the calendars from what entries took before to what they take
// after. The two differ by changed, which all came or all went.
func (l *Ledger) apply(before, after []*entry, changed ...*entry) {
	w := l.writing()
	defer w.flush()
	if same(before) && same(after) && (len(before) == 0 || len(after) == 0 || same([]*entry{before[0], after[0]})) {
		sign := int64(1)
		if len(after) < len(before) {
			sign = -1
		}
		for _, e := range changed {
			for _, u := range e.uses {
				kbps := sign * u.kbps
				w.shift(l.list[u.book], []shift{
					{class: e.class, from: e.from, until: e.until, kbps: kbps}, {total: true, from: e.from, until: e.until, kbps: kbps},
				})
			}
		}
		return
	}
	for _, b := range l.booksOf(changed) {
		w.shift(b, shifts(b, before, after))
	}
}

// booksOf returns the books of entries, each once.
func (l *Ledger) booksOf(entries []*entry) []*book {
	var books []*book
	seen := map[uint32]struct{}{}
	for _, e := range entries {
		books = slices.Grow(books, len(e.uses))
		for i := range e.uses {
			b := e.uses[i].book
			if len(entries) > 1 { // one has none twice
				if _, ok := seen[b]; ok {
					continue
				}
				seen[b] = struct{}{}
			}
			books = append(books, l.list[b])
		}
	}
	return books
}

// shift is kbps more (or fewer) from an instant until another, of a class or of
// all classes together.
type shift struct {
	class       string
	total       bool // then class says nothing
	from, until uint32
	kbps        int64
}

// term is what an entry takes on one arc.
type term struct {
	*entry
	kbps int64
}

// shifts returns the difference that it makes to b whether an owner has the
// entries before or after.
func shifts(b *book, before, after []*entry) []shift {
	return differences(termsOn(b, before), termsOn(b, after))
}

// differences returns how the loads of two sets of terms differ: shifts of a
// class do not overlap in time.
func differences(was, is []term) []shift {
	const few = 8 // on the stack, as long as there are no more
	cuts, classes := make([]uint32, 0, few), make([]string, 0, few)
	for _, terms := range [2][]term{was, is} {
		for _, t := range terms {
			cuts, classes = append(cuts, t.from, t.until), append(classes, t.class)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	slices.Sort(classes)
	var out []shift
	for _, class := range slices.Compact(classes) {
		out = difference(out, shift{class: class}, was, is, cuts)
	}
	return difference(out, shift{total: true}, was, is, cuts)
}

// termsOn returns what entries take on b, by variant.
func termsOn(b *book, entries []*entry) []term {
	terms := make([]term, 0, len(entries))
	for _, e := range entries {
		for i := range e.uses {
			if u := &e.uses[i]; u.book == b.id {
				terms = append(terms, term{e, u.kbps})
			}
		}
	}
	slices.SortFunc(terms, func(x, y term) int {
		return cmp.Or(cmp.Compare(x.owner, y.owner), cmp.Compare(x.variant, y.variant))
	})
	return terms
}

// difference appends to out how the load of a class, or of all, differs between
// two sets of terms. Cuts are the instants at which one may change.
func difference(out []shift, of shift, was, is []term, cuts []uint32) []shift {
	begin := len(out)
	for i := 1; i < len(cuts); i++ {
		of.from, of.until = cuts[i-1], cuts[i]
		of.kbps = most(is, of) - most(was, of)
		if of.kbps == 0 {
			continue
		}
		if last := len(out) - 1; last >= begin && out[last].until == of.from && out[last].kbps == of.kbps {
			out[last].until = of.until
			continue
		}
		out = append(out, of)
	}
	return out
}

// most returns the largest sum of any variant's terms of a class, or of all, at
// an instant. Terms are sorted by variant.
func most(terms []term, of shift) int64 {
	var most, sum int64
	for i, t := range terms {
		if i > 0 && (t.variant != terms[i-1].variant || t.owner != terms[i-1].owner) {
			sum = 0
		}
		if (of.total || t.class == of.class) && t.from <= of.from && of.from < t.until {
			sum += t.kbps
			most = max(most, sum)
		}
	}
	return most
}
