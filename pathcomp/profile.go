// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"iter"
	"slices"
)

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

// block is a row of 1 to fullBlock breakpoints.
type block struct {
	at   []uint32
	load []int64 // without lift
	lift int64   // of all loads
	most int64   // of load
}

const fullBlock = 64

// place is a breakpoint's block and index.
type place struct{ block, index int }

// find returns the last breakpoint not after t; false: all are after it.
func (p *profile) find(t uint32) (place, bool) {
	if len(p.blocks) == 0 || p.blocks[0].at[0] > t {
		return place{}, false
	}
	low, high := 0, len(p.blocks) // low begins not after t
	for high-low > 1 {
		if middle := (low + high) / 2; p.blocks[middle].at[0] <= t {
			low = middle
		} else {
			high = middle
		}
	}
	where := place{block: low}
	at := p.blocks[low].at
	low, high = 0, len(at)
	for high-low > 1 {
		if middle := (low + high) / 2; at[middle] <= t {
			low = middle
		} else {
			high = middle
		}
	}
	where.index = low
	return where, true
}

// add adds kbps (which may be negative) on [from, until).
func (p *profile) add(from, until uint32, kbps int64) {
	if from >= until || kbps == 0 {
		return
	}
	p.split(until)
	first := p.split(from)
	end, _ := p.find(until) // the split before may have moved it
	if first.block == end.block {
		p.blocks[first.block].raise(first.index, end.index, kbps)
	} else {
		p.blocks[first.block].raise(first.index, len(p.blocks[first.block].at), kbps)
		for b := first.block + 1; b < end.block; b++ {
			p.blocks[b].lift += kbps
		}
		p.blocks[end.block].raise(0, end.index, kbps)
	}
	p.merge(end)
	p.merge(first)
}

// raise adds kbps to the loads from i to before j.
func (b *block) raise(i, j int, kbps int64) {
	if i == j {
		return
	}
	for k := i; k < j; k++ {
		b.load[k] += kbps
	}
	b.most = slices.Max(b.load)
}

// split makes t a breakpoint and returns its place.
func (p *profile) split(t uint32) place {
	where, ok := p.find(t)
	if !ok {
		if len(p.blocks) == 0 {
			p.blocks = append(p.blocks, block{at: []uint32{t}, load: []int64{0}})
			return place{}
		}
		return p.insert(place{}, t, 0)
	}
	b := &p.blocks[where.block]
	if b.at[where.index] == t {
		return where
	}
	return p.insert(place{where.block, where.index + 1}, t, b.load[where.index]+b.lift)
}

// insert puts a breakpoint at a place and halves the block if that fills it. It
// returns the place it has then.
func (p *profile) insert(where place, t uint32, load int64) place {
	b := &p.blocks[where.block]
	b.at = slices.Insert(b.at, where.index, t)
	b.load = slices.Insert(b.load, where.index, load-b.lift)
	b.most = max(b.most, load-b.lift)
	if len(b.at) < fullBlock {
		return where
	}
	half := len(b.at) / 2
	right := block{at: slices.Clone(b.at[half:]), load: slices.Clone(b.load[half:]), lift: b.lift}
	right.most = slices.Max(right.load)
	b.at, b.load = b.at[:half], b.load[:half]
	b.most = slices.Max(b.load)
	p.blocks = slices.Insert(p.blocks, where.block+1, right)
	if where.index >= half {
		return place{where.block + 1, where.index - half}
	}
	return where
}

// merge drops a breakpoint if nothing changes there.
func (p *profile) merge(where place) {
	b := &p.blocks[where.block]
	if b.load[where.index]+b.lift != p.before(where) {
		return
	}
	dropped := b.load[where.index]
	b.at = slices.Delete(b.at, where.index, where.index+1)
	b.load = slices.Delete(b.load, where.index, where.index+1)
	switch {
	case len(b.at) == 0:
		p.blocks = slices.Delete(p.blocks, where.block, where.block+1)
	case dropped == b.most:
		b.most = slices.Max(b.load)
	}
}

// before returns the load that ends at a breakpoint.
func (p *profile) before(where place) int64 {
	switch {
	case where.index > 0:
		b := &p.blocks[where.block]
		return b.load[where.index-1] + b.lift
	case where.block > 0:
		b := &p.blocks[where.block-1]
		return b.load[len(b.load)-1] + b.lift
	}
	return 0
}

// max returns the largest load on [from, until), at least 0.
func (p *profile) max(from, until uint32) int64 {
	var most int64
	where, ok := p.find(from)
	if !ok {
		where = place{}
	}
	for b := where.block; b < len(p.blocks); b++ {
		x := &p.blocks[b]
		if x.at[0] >= until {
			break
		}
		if b > where.block && x.at[len(x.at)-1] < until {
			most = max(most, x.most+x.lift)
			continue
		}
		for i := where.index; i < len(x.at) && x.at[i] < until; i++ {
			most = max(most, x.load[i]+x.lift)
		}
		where.index = 0
	}
	return most
}

// peak returns the largest load of all times.
func (p *profile) peak() int64 {
	var most int64
	for i := range p.blocks {
		most = max(most, p.blocks[i].most+p.blocks[i].lift)
	}
	return most
}

// clearsAt returns when the load that is last above room in [from, until) no
// longer is; from if it never is. Room is at least 0.
func (p *profile) clearsAt(from, until uint32, room int64) uint32 {
	last, ok := p.find(until - 1)
	if !ok {
		return from
	}
	for b := last.block; b >= 0; b-- {
		x := &p.blocks[b]
		i := len(x.at) - 1
		if b == last.block {
			i = last.index
		}
		if x.most+x.lift > room {
			for ; i >= 0 && (x.load[i]+x.lift <= room && x.at[i] > from); i-- {
			}
			if i >= 0 && x.load[i]+x.lift > room {
				return p.clears(x.at[i], room)
			}
		}
		if x.at[0] <= from {
			break
		}
	}
	return from
}

// clears returns the first breakpoint from t on with no more than room: there
// is one, since the last load is 0.
func (p *profile) clears(t uint32, room int64) uint32 {
	for at, load := range p.from(t) {
		if load <= room {
			return at
		}
	}
	return never
}

// from yields the breakpoint that t lies behind, and those that follow.
func (p *profile) from(t uint32) iter.Seq2[uint32, int64] {
	where, _ := p.find(t)
	return func(yield func(uint32, int64) bool) {
		i := where.index
		for b := where.block; b < len(p.blocks); b++ {
			x := &p.blocks[b]
			for ; i < len(x.at); i++ {
				if !yield(x.at[i], x.load[i]+x.lift) {
					return
				}
			}
			i = 0
		}
	}
}

// forget merges everything before t into one segment that starts at t. It says
// whether there was anything.
func (p *profile) forget(t uint32) bool {
	where, ok := p.find(t)
	if !ok || where == (place{}) && p.blocks[0].at[0] == t {
		return false
	}
	p.blocks = slices.Delete(p.blocks, 0, where.block)
	b := &p.blocks[0]
	b.at = slices.Delete(b.at, 0, where.index)
	b.load = slices.Delete(b.load, 0, where.index)
	b.at[0] = t
	b.most = slices.Max(b.load)
	p.merge(place{})
	return true
}

func (p *profile) clone() profile {
	out := profile{blocks: slices.Clone(p.blocks)}
	for i := range out.blocks {
		b := &out.blocks[i]
		b.at, b.load = slices.Clone(b.at), slices.Clone(b.load)
	}
	return out
}
