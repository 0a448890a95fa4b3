// SPDX-License-Identifier: Apache-2.0

package csp

import "sync/atomic"

// recall remembers the best ways on the whole graph. Whatever a filter lets through,
// they are the best there too, as long as it lets all of their own arcs through; and
// where there is none, there is none with a filter. An order asks what its inquiry has
// asked, and the sites of a customer ask alike.
//
// There are some thousand places, in groups, and all that is asked of two nodes is of one
// group. An answer takes a free place there, or one by its bound. So those that are asked
// for all the time seldom drive each other out. Readers take no lock.
type recall struct {
	pages [recallPages]atomic.Pointer[recallPage]
}

const (
	recallBits  = 13 // places
	recallGroup = 8  // places
	recallPages = 1 << (recallBits - pageBits)
)

type recallPage [pageSize]atomic.Pointer[recalled]

// recalled is an answer. It is never changed, but for its note.
type recalled struct {
	Result

	query Query
	arcs  []uint32
	note  atomic.Value
}

// answers says whether it is the answer to q too: what is the best within a bound is so
// within each smaller one that it keeps.
func (r *recalled) answers(q Query) bool {
	return r.of(q) && q.MaxDelay <= r.query.MaxDelay && (!r.Found || q.MaxDelay >= r.Delay)
}

// of says whether it is about the same nodes.
func (r *recalled) of(q Query) bool { return r.query.From == q.From && r.query.To == q.To }

// place returns the first of the places for a query, by a multiplicative hash (Knuth, The
// Art of Computer Programming, volume 3, section 6.4).
func place(q Query) (page, first int) {
	const golden = 0x9E3779B97F4A7C15
	hash := int(pack(q.From, q.To) * golden >> (64 - recallBits))
	return hash >> pageBits, hash & pageMask &^ (recallGroup - 1)
}

// get returns the answer to a query; nil: it is not known.
func (r *recall) get(q Query) *recalled {
	page, first := place(q)
	held := r.pages[page].Load()
	if held == nil {
		return nil
	}
	for i := range recallGroup { // a free place comes after all that are taken
		if known := held[first+i].Load(); known == nil || known.answers(q) {
			return known
		}
	}
	return nil
}

// put keeps an answer. If it is one that was known within a smaller bound, it takes that
// one's place, and its note.
func (r *recall) put(found *recalled) {
	page, first := place(found.query)
	held := r.pages[page].Load()
	if held == nil {
		r.pages[page].CompareAndSwap(nil, &recallPage{})
		held = r.pages[page].Load()
	}
	for i := range recallGroup {
		at := &held[first+i]
		if at.CompareAndSwap(nil, found) {
			return
		}
		known := at.Load()
		if !known.of(found.query) || known.Found != found.Found || found.Found && pack(known.Cost, known.Delay) != pack(found.Cost, found.Delay) {
			continue
		}
		if note := known.note.Load(); note != nil {
			found.note.Store(note)
		}
		if known.query.MaxDelay < found.query.MaxDelay {
			at.CompareAndSwap(known, found)
		}
		return
	}
	held[first+int(found.query.MaxDelay%recallGroup)].Store(found)
}

// all says whether a filter (nil: any) lets all arcs through.
func all(usable Filter, arcs []uint32) bool {
	for _, arc := range arcs {
		if usable != nil && !usable.Usable(arc) {
			return false
		}
	}
	return true
}
