// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// profile is bandwidth reserved over time, as breakpoints in order: so much
// from here to the next, nothing before the first, and 0 from the last on. No
// two neighbours are equal, so what was added and taken away again leaves no
// trace.
//
// Breakpoints are kept in blocks. A change of what lies in a long window, and
// the most in it, touch each block in the middle once: the square root of what
// there is, and for the few reservations of most arcs one short row.
type profile struct {
	blocks []block
}

// place is a breakpoint's block and index.
type place struct{ block, index int }

// add adds kbps (which may be negative) on [from, until). All other changes are
// made of it, and each is undone by its opposite: to extend is to add on [until,
// later), to shift is to take away here and add there, and a new rate adds the
// difference to the old.
func (p *profile) add(from, until uint32, kbps int64) { p.addNear(from, until, kbps, &trace{}) }

// addNear is add that looks where near says first, and notes there what it found.
// It returns the largest load on [from, until) from now on.
func (p *profile) addNear(from, until uint32, kbps int64, near *trace) int64 {
	if from >= until || kbps == 0 {
		return p.max(from, until)
	}
	first := p.split(from, &near.from)
	end := p.split(until, &near.until) // is behind first and leaves it where it is
	most := p.raise(first, end, kbps)
	p.merge(end)
	p.merge(first)
	p.balance(end.block)
	if first.block < end.block {
		p.balance(first.block)
	}
	return most
}

// raise adds kbps to the loads from one place to before another, and returns the
// largest of them.
func (p *profile) raise(first, end place, kbps int64) int64 {
	if first.block == end.block {
		return p.blocks[first.block].raise(first.index, end.index, kbps)
	}
	left, between, right := &p.blocks[first.block], p.blocks[first.block+1:end.block], &p.blocks[end.block]
	most := left.raise(first.index, len(left.row), kbps)
	for i := range between {
		between[i].lift += kbps
		between[i].most += kbps
		most = max(most, between[i].most)
	}
	return max(most, right.raise(0, end.index, kbps))
}

// split makes t a breakpoint, searched near a place first, and returns where it
// is. It may leave a block too full.
func (p *profile) split(t uint32, near *place) place {
	where, ok := p.findNear(t, near)
	if !ok {
		if len(p.blocks) == 0 {
			p.blocks = insert(p.blocks, 0, block{most: nothing})
		}
		p.blocks[0].put(0, t, 0)
		return place{}
	}
	b := &p.blocks[where.block]
	if b.row[where.index].at == t {
		return where
	}
	where.index++
	b.put(where.index, t, b.load(where.index-1))
	return where
}

// merge drops a breakpoint if nothing changes there. It may leave a block empty.
func (p *profile) merge(where place) {
	b := &p.blocks[where.block]
	var before int64
	switch {
	case where.index > 0:
		before = b.load(where.index - 1)
	case where.block > 0:
		left := &p.blocks[where.block-1]
		before = left.load(len(left.row) - 1)
	}
	if b.load(where.index) == before {
		b.drop(where.index)
	}
}

// forget merges everything before t into one segment that starts at t. It says
// whether a load that ended by then is gone.
func (p *profile) forget(t uint32) bool {
	where, ok := p.find(t)
	if !ok {
		return false
	}
	p.blocks = shrink(slices.Delete(p.blocks, 0, where.block))
	p.blocks[0].cut(where.index)
	p.blocks[0].first, p.blocks[0].row[0].at = t, t
	p.merge(place{})
	p.balance(0)
	return where != place{}
}

func (p *profile) clone() profile {
	out := profile{blocks: clone(p.blocks)}
	for i := range out.blocks {
		out.blocks[i].row = clone(out.blocks[i].row)
	}
	return out
}
