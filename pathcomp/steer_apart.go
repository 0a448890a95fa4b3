// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// mostSplits bounds how often a search asks which direction is to leave an arc.
const mostSplits = 1000

// apart returns the best of all that search may find, where directions by
// themselves can meet on an arc that has room for either and not for both: the
// best without it there, or without it back, is the best, and so on (branch and
// bound).
func (t *steering) apart(search func() (ways, bool), rank func(ways) [2]uint64) (ways, bool) {
	if t.anyRoom || !t.demand.Separate {
		return search() // the way back is the same, or room for it is not asked for
	}
	var best ways
	found, splits := false, 0
	var split func()
	split = func() {
		w, ok := search()
		if !ok {
			return
		}
		if x, y := rank(w), rank(best); found && slices.Compare(x[:], y[:]) >= 0 {
			return
		}
		arc, ok := t.crowded(w)
		if !ok {
			best, found = w, true
			return
		}
		if splits++; splits > mostSplits {
			t.gaveUp = true
			return
		}
		for way := range t.barred {
			t.barred[way] = append(t.barred[way], arc)
			split()
			t.barred[way] = t.barred[way][:len(t.barred[way])-1]
		}
	}
	split()
	return best, found
}

// crowded returns an arc that has not the room for both directions of a path
// that it has for each; false: there is none.
func (t *steering) crowded(w ways) (int32, bool) {
	if t.anyRoom || !t.demand.Separate {
		return 0, false
	}
	for _, i := range w.arcs[0] {
		if slices.Contains(w.arcs[1], i) && !t.roomOn(i, t.kbps[0]+t.kbps[1]) {
			return i, true
		}
	}
	return 0, false
}
