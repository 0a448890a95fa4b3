// SPDX-License-Identifier: Apache-2.0

// Package audit sums up bookings from scratch and finds where more is booked
// than may be. Tests and benchmarks judge the bandwidth calendars by it, so it
// shares no code with them, and keeps nothing: it sorts and sweeps.
package audit

import (
	"cmp"
	"slices"
)

// Item is a booking: Kbps on Arc for Class, from the second From until before
// the second Until. Seconds may count from any epoch. An empty window books
// nothing.
type Item struct {
	Arc         string
	Class       string
	Kbps        int64
	From, Until int64
}

// Limit is what an arc may have booked in kbit/s: in all, and of each class. A
// class without an entry is bounded by the total only.
type Limit struct {
	Total int64
	Class map[string]int64
}

// Overbooked returns for how many seconds more is booked than may be, summed
// over arcs. A second of an arc counts once, whichever of its limits are passed.
// An arc without a limit may have nothing booked. Sums have to fit in int64.
func Overbooked(items []Item, limits map[string]Limit) (seconds int64) {
	changes := map[string][]change{}
	for _, i := range items {
		if i.From < i.Until {
			changes[i.Arc] = append(changes[i.Arc],
				change{at: i.From, class: i.Class, kbps: i.Kbps},
				change{at: i.Until, class: i.Class, kbps: -i.Kbps})
		}
	}
	for arc, ofArc := range changes {
		slices.SortFunc(ofArc, func(x, y change) int { return cmp.Compare(x.at, y.at) })
		seconds += sweep(ofArc, limits[arc])
	}
	return seconds
}

// change is what begins (or, negative, ends) in a second.
type change struct {
	at    int64
	class string
	kbps  int64
}

// sweep returns the seconds of one arc in which a limit is passed. What begins
// and ends in the same second is summed up before it is judged, so windows that
// touch do not meet.
func sweep(changes []change, limit Limit) (seconds int64) {
	var total int64
	ofClass := map[string]int64{}
	for i, c := range changes {
		total += c.kbps
		ofClass[c.class] += c.kbps
		if i+1 < len(changes) && changes[i+1].at > c.at && limit.passed(total, ofClass) {
			seconds += changes[i+1].at - c.at
		}
	}
	return seconds
}

func (l Limit) passed(total int64, ofClass map[string]int64) bool {
	for class, most := range l.Class {
		if ofClass[class] > most {
			return true
		}
	}
	return total > l.Total
}
