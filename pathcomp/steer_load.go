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

// loadAfter is how full an arc's link would be at the worst instant with kbps;
// zero if they add nothing to what is there.
func (t *steering) loadAfter(i int32, kbps int64) load {
	growth := []shift{{total: true, from: t.first, until: t.until, kbps: kbps}}
	if own := t.own[i]; own != nil {
		growth = t.growth(own, kbps)
	}
	used, grows := t.books[i].mostAfter(growth, t.first, t.until)
	if !grows {
		return load{of: 1}
	}
	return load{used: uint64(used), of: t.arcs.at(i).kbps} //nolint:gosec // never negative
}

// mostAfter is the most that is reserved in all on [from, until) after shifts
// of the total within; false: there is none.
func (b *book) mostAfter(all []shift, from, until uint32) (most int64, grows bool) {
	c := b.read()
	defer c.mu.RUnlock()
	most = c.sum.max(from, until)
	for _, s := range all {
		if s.total && s.kbps > 0 {
			most, grows = max(most, c.sum.max(s.from, s.until)+s.kbps), true
		}
	}
	return most, grows
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
	if !ok || t.anyRoom {
		return found, ok
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
	for best = t.fullest(found); best.used > 0; best = t.fullest(found) {
		t.cap = loadCap{load: best, strict: true}
		w, ok := t.find(tour)
		if !ok {
			break
		}
		found = w
	}
	t.cap = loadCap{load: best}
	if w, ok := t.find(tour); ok {
		return w, true
	}
	return found, true // what others reserve meanwhile makes links fuller
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
	for _, n := range w.needs {
		if !n.link {
			continue
		}
		if l := t.loadAfter(n.arc, n.kbps); most.less(l) {
			most = l
		}
	}
	return most
}
