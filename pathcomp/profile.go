// SPDX-License-Identifier: Apache-2.0

package pathcomp

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

// add adds kbps (which may be negative) on [from, until). What was added and is
// taken away in any order, whole or in parts, leaves what was there before: a
// reservation is extended by adding on [until, later), moved by taking away
// here and adding there, and its rate changed by adding the difference.
func (p *profile) add(from, until uint32, kbps int64) {
	if from >= until || kbps == 0 {
		return
	}
	first := p.split(from)
	end := p.split(until) // behind first, which stays where it is
	for i := first.block; i <= end.block; i++ {
		b := &p.blocks[i]
		low, high := 0, len(b.row)
		if i == first.block {
			low = first.index
		}
		if i == end.block {
			high = end.index
		}
		b.raise(low, high, kbps)
	}
	p.merge(end)
	p.merge(first)
	p.balance(end.block)
	if first.block != end.block {
		p.balance(first.block)
	}
}

// split makes t a breakpoint and returns its place.
func (p *profile) split(t uint32) place {
	if len(p.blocks) == 0 {
		p.blocks = insert(p.blocks, 0, block{})
	}
	where, ok := p.find(t)
	if !ok {
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

// merge drops a breakpoint if nothing changes there. It may leave its block
// empty.
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
	for i := range where.block {
		p.blocks[i] = block{}
	}
	p.blocks = shrink(p.blocks[where.block:])
	p.blocks[0].cut(where.index)
	p.blocks[0].row[0].at = t
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
