// SPDX-License-Identifier: Apache-2.0

package csp

import "sync/atomic"

// Filter says which arcs may be used. If that changes during a search, each arc
// of the path was usable when it was asked for, and the path may not be the
// cheapest.
type Filter interface {
	Usable(arc uint32) bool
}

// Query asks for the cheapest path from From to To with a delay of at most
// MaxDelay.
type Query struct {
	From, To uint32
	MaxDelay uint32
}

// Tour asks for the cheapest way from From over each leg's end in turn. Bounds
// are on the whole of it. Waypoints make a path through given nodes (RFC 5440
// section 7.12, include route); a leg back makes a round trip whose directions
// need not take the same links.
type Tour struct {
	From     uint32
	Legs     []Leg // at least 1
	MaxDelay uint32
	MaxLoss  uint32 // 0: no bound
	MaxHops  uint32 // of each path; 0: no bound
}

// Leg is a stretch of a tour.
type Leg struct {
	To     uint32
	Usable Filter // nil: every arc
	// Turn says that a path ends where this leg begins, and another begins. A
	// path visits no node twice.
	Turn bool
}

// Result is the answer to a query. Among paths of equal cost it is one with the
// least delay.
type Result struct {
	Found       bool
	Cost, Delay uint32
	Expansions  int  // labels popped and relaxed
	Tight       bool // bounds were computed for this query: none were known, or not good enough
	Cold        bool // none were known to one of the destinations: Prepare would help
	GaveUp      bool // not found, and not proven that there is none

	// Note is the caller's, for what it makes of the path: who asks for the same later
	// gets it too. Nil: the solver does not remember this answer.
	Note *atomic.Value
}
