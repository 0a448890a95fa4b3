// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"testing"

	"pgregory.net/rapid"
)

// TestDirectionsPart changes both directions of a link alike, differently and one
// by one. Each has what it has by itself, and they have one calendar until they
// differ.
func TestDirectionsPart(t *testing.T) {
	t.Parallel()
	const seconds = 30
	rapid.Check(t, func(t *rapid.T) {
		l := NewLedger(nil)
		books := [2]*book{l.book("link:l<"), l.book("link:l>")}
		var want [2][seconds]int64
		alike := true
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			from := rapid.Uint32Range(0, seconds-2).Draw(t, "from")
			until := rapid.Uint32Range(from+1, seconds-1).Draw(t, "until")
			both := rapid.Int64Range(1, 3).Draw(t, "kbps")
			kbps := [2]int64{both, both}
			if rapid.IntRange(0, 4).Draw(t, "differ") == 0 {
				kbps[rapid.IntRange(0, 1).Draw(t, "way")] = rapid.Int64Range(0, 1).Draw(t, "less")
			}
			w := writer{}
			for way, b := range books {
				by := []shift{{class: "gold", from: from, until: until, kbps: kbps[way]}, {total: true, from: from, until: until, kbps: kbps[way]}}
				if kbps[way] == 0 {
					by = nil
				}
				w.shift(b, by)
				for at := from; at < until; at++ {
					want[way][at] += kbps[way]
				}
			}
			w.flush()
			alike = alike && kbps[0] == kbps[1]
		}
		if one := books[0].calendar.Load() == books[1].calendar.Load(); one != alike {
			t.Fatalf("one calendar: %v, booked alike: %v", one, alike)
		}
		for way, b := range books {
			checkCalendar(t, b, want[way][:])
		}
	})
}

// checkCalendar compares what a book says with the load of each second.
func checkCalendar(t *rapid.T, b *book, want []int64) {
	var peak int64
	for at, load := range want {
		second := uint32(at)
		peak = max(peak, load)
		if got := b.calendar.Load().sum.max(second, second+1); got != load {
			t.Fatalf("arc %s: %d at second %d, want %d", b.arc, got, at, load)
		}
		if got := -b.freeRoom("gold", second, second+1, limit{}); got != load {
			t.Fatalf("arc %s: %d of the class at second %d, want %d", b.arc, got, at, load)
		}
	}
	if got := b.peak(); got != peak {
		t.Fatalf("arc %s: peak %d, want %d", b.arc, got, peak)
	}
}
