// SPDX-License-Identifier: Apache-2.0

package csp

import "sync/atomic"

// recall remembers the best ways on the whole graph. Whatever a filter lets through,
// they are the best there too, as long as it lets all of their own arcs through; and
// where there is none, there is none with a filter. An order asks what its inquiry
// has asked, and the sites of a customer ask alike.
//
// There are some thousand places, in groups. An answer takes a free one of its group, or
// else its own. So those that are asked for all the time seldom drive each other out.
// Readers take no lock.
type recall struct {
	pages [recallPages]atomic.Pointer[recallPage]
}

const (
	recallBits  = 13 // places
	recallGroup = 4  // places
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

// place returns where the answer to a query is kept, by a multiplicative hash (Knuth,
// The Art of Computer Programming, volume 3, section 6.4).
func (r *recall) place(q Query) (page, at int) {
	const golden = 0x9E3779B97F4A7C15
	hash := (pack(q.From, q.To)*golden ^ uint64(q.MaxDelay)) * golden >> (64 - recallBits)
	return int(hash >> pageBits), int(hash & pageMask)
}

// get returns the answer to a query; nil: it is not known.
func (r *recall) get(q Query) *recalled {
	page, at := r.place(q)
	held := r.pages[page].Load()
	if held == nil {
		return nil
	}
	places := group(held, at)
	for i := range places { // a free one comes after all that are taken
		if known := places[i].Load(); known == nil || known.query == q {
			return known
		}
	}
	return nil
}

func (r *recall) put(found *recalled) {
	page, at := r.place(found.query)
	held := r.pages[page].Load()
	if held == nil {
		r.pages[page].CompareAndSwap(nil, &recallPage{})
		held = r.pages[page].Load()
	}
	places := group(held, at)
	for i := range places {
		if places[i].CompareAndSwap(nil, found) {
			return
		}
	}
	held[at].Store(found)
}

// group returns the places of an answer that has one of them for its own.
func group(held *recallPage, at int) []atomic.Pointer[recalled] {
	first := at &^ (recallGroup - 1)
	return held[first : first+recallGroup]
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
