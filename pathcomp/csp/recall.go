// SPDX-License-Identifier: Apache-2.0

package csp

import "sync/atomic"

// recall remembers answers of searches in which the filter refused no arc. They are
// the best on the whole graph, so whatever a filter lets through they are the best
// there too, as long as it lets all of their own arcs through. An order asks what
// its inquiry has asked, and the sites of a customer ask alike.
//
// There is one place for each of some thousand answers, which the next that falls on
// it takes. Readers take no lock.
type recall struct {
	pages [recallPages]atomic.Pointer[recallPage]
}

const (
	recallBits  = 13 // places
	recallPages = 1 << (recallBits - pageBits)
)

type recallPage [pageSize]atomic.Pointer[recalled]

// recalled is an answer. It is never changed.
type recalled struct {
	query       Query
	cost, delay uint32
	arcs        []uint32
}

// place returns where the answer to a query is kept, by a multiplicative hash (Knuth,
// The Art of Computer Programming, volume 3, section 6.4).
func (r *recall) place(q Query) (page, at int) {
	const golden = 0x9E3779B97F4A7C15
	hash := (pack(q.From, q.To)*golden ^ uint64(q.MaxDelay)) * golden >> (64 - recallBits)
	return int(hash >> pageBits), int(hash & pageMask)
}

// get appends the arcs of the answer to a query, if it is known and good.
func (r *recall) get(q Query, usable Filter, path []uint32) (Result, []uint32) {
	page, at := r.place(q)
	held := r.pages[page].Load()
	if held == nil {
		return Result{}, path
	}
	known := held[at].Load()
	if known == nil || known.query != q {
		return Result{}, path
	}
	for _, arc := range known.arcs {
		if usable != nil && !usable.Usable(arc) {
			return Result{}, path
		}
	}
	return Result{Found: true, Cost: known.cost, Delay: known.delay}, append(path, known.arcs...)
}

// put keeps an answer that no arc was refused for.
func (r *recall) put(q Query, found Result, arcs []uint32) {
	page, at := r.place(q)
	held := r.pages[page].Load()
	if held == nil {
		r.pages[page].CompareAndSwap(nil, &recallPage{})
		held = r.pages[page].Load()
	}
	held[at].Store(&recalled{query: q, cost: found.Cost, delay: found.Delay, arcs: append([]uint32(nil), arcs...)})
}

// plain returns the query that a tour is, if it is no more than that.
func (t *Tour) plain() (Query, bool) {
	return Query{From: t.From, To: t.Legs[0].To, MaxDelay: t.MaxDelay}, len(t.Legs) == 1 && t.MaxLoss == 0 && t.MaxHops == 0
}
