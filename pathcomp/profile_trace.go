// SPDX-License-Identifier: Apache-2.0

package pathcomp

// trace is where a change of one calendar found the breakpoints that its ends lie
// behind. The two directions of a link are mostly booked alike, and so has the
// next calendar these at the same places: to see that takes one look, where a
// search takes one for each halving, of memory that is in no cache.
type trace struct{ from, until place }

// findNear is find that tries near first and leaves there what it found.
func (p *profile) findNear(t uint32, near *place) (place, bool) {
	if p.isLast(*near, t) {
		return *near, true
	}
	where, ok := p.find(t)
	*near = where
	return where, ok
}

// isLast says whether at a place there is the last breakpoint not after t.
func (p *profile) isLast(where place, t uint32) bool {
	if where.block >= len(p.blocks) {
		return false
	}
	row := p.blocks[where.block].row
	switch next := where.index + 1; {
	case where.index >= len(row) || row[where.index].at > t:
		return false
	case next < len(row):
		return row[next].at > t
	}
	return where.block+1 == len(p.blocks) || p.blocks[where.block+1].first > t
}
