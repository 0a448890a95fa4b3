// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math/bits"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// load is how full a link is: used of its capacity, both in kbit/s.
type load struct{ used, of uint64 }

// less compares without rounding.
func (l load) less(o load) bool {
	a, b := bits.Mul64(l.used, o.of)
	x, y := bits.Mul64(o.used, l.of)
	return a < x || a == x && b < y
}

// loadCap bars links that would be fuller than it, or as full if it is strict.
// Zero: it bars none.
type loadCap struct {
	load
	strict bool
}

func (c loadCap) bars(l load) bool {
	return c.of != 0 && (c.less(l) || c.strict && !l.less(c.load))
}

// loadAfter is how full an arc's link would be at the worst instant with kbps,
// of which the credit is there already.
func (t *steering) loadAfter(i int32, kbps int64) load {
	used := t.books[i].most(t.first, t.until) + max(0, kbps-t.credit[i])
	return load{used: uint64(used), of: t.arcs.at(i).kbps} //nolint:gosec // never negative
}

// most is the most that is reserved in all on [from, until).
func (b *book) most(from, until uint32) int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.total().max(from, until)
}

// loadSteps halve what is left between the loads known to be too low and
// sufficient; from there on each path found lowers it.
const loadSteps = 20

// leastLoad returns the path on which the fullest link is least full (RFC 5541
// section 3, minimum load path), of these the cheapest. A path is sought below a
// load until there is none, so that the answer is exact.
func (t *steering) leastLoad(tour csp.Tour) (ways, bool) {
	defer func() { t.cap = loadCap{} }()
	found, ok := t.find(tour)
	if !ok {
		return ways{}, false
	}
	best := t.fullest(found)
	const parts = 1 << loadSteps
	var low uint64 // parts of the load of the first path: too low
	for high := uint64(parts); high-low > 1; {
		middle := low + (high-low)/2
		t.cap = loadCap{load: load{used: best.scaled(middle, parts), of: best.of}}
		if w, ok := t.find(tour); ok {
			found, high = w, middle
		} else {
			low = middle
		}
	}
	// Where the demand needs no more than it comes instead of, nothing is less.
	for best = t.fullest(found); best.used > 0; best = t.fullest(found) {
		t.cap = loadCap{load: best, strict: true}
		w, ok := t.find(tour)
		if !ok {
			break
		}
		found = w
	}
	t.cap = loadCap{load: best}
	return t.find(tour)
}

// scaled returns part of parts of what is used.
func (l load) scaled(part, parts uint64) uint64 {
	hi, lo := bits.Mul64(l.used, part)
	q, _ := bits.Div64(hi, lo, parts)
	return q
}

// fullest is the load of the fullest link of a path.
func (t *steering) fullest(w ways) load {
	most := load{of: 1}
	for way, arcs := range w.arcs {
		for _, i := range arcs {
			if l := t.loadAfter(i, t.kbps[way]); t.kbps[way] > t.credit[i] && most.less(l) {
				most = l
			}
		}
	}
	return most
}
