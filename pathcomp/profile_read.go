// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "iter"

// find returns the last breakpoint not after t; false: all are after it.
func (p *profile) find(t uint32) (place, bool) {
	i := p.search(t)
	if i < 0 {
		return place{}, false
	}
	return place{i, p.blocks[i].search(t)}, true
}

// search returns the last block that begins not after t; -1: all are after it.
func (p *profile) search(t uint32) int {
	if len(p.blocks) == 0 {
		return -1
	}
	i := 0
	for n := len(p.blocks); n > 1; {
		half := n / 2
		i += half & notAfter(p.blocks[i+half].first, t)
		n -= half
	}
	if p.blocks[i].first > t {
		return -1
	}
	return i
}

// search returns the last breakpoint not after t; -1: all are after it.
func (b *block) search(t uint32) int {
	i := 0
	for n := len(b.row); n > 1; {
		half := n / 2
		i += half & notAfter(b.row[i+half].at, t)
		n -= half
	}
	if b.row[i].at > t {
		return -1
	}
	return i
}

// notAfter returns all ones if s is not after t, else 0. In which half a search
// goes on is a toss, so a branch would be foretold wrongly half of the time.
func notAfter(s, t uint32) int { return int(^((int64(t) - int64(s)) >> 63)) }

// meets returns the first and the last block with a load in [from, until);
// false: there is none.
func (p *profile) meets(from, until uint32) (first, last int, ok bool) {
	if from >= until {
		return 0, 0, false
	}
	last = p.search(until - 1)
	return max(0, p.search(from)), last, last >= 0
}

// meets returns the breakpoints, from i to before j, whose loads are in [from,
// until): one or more, if the block is one that the profile's meets includes.
func (b *block) meets(from, until uint32) (i, j int) {
	j = len(b.row)
	if b.row[0].at < from {
		i = b.search(from)
	}
	if b.row[j-1].at >= until {
		j = b.search(until-1) + 1
	}
	return i, j
}

// max returns the largest load on [from, until), at least 0.
func (p *profile) max(from, until uint32) int64 {
	first, last, ok := p.meets(from, until)
	if !ok {
		return 0
	}
	var most int64
	for i := first + 1; i < last; i++ {
		most = max(most, p.blocks[i].most)
	}
	// Half of a block at either end is looked at only if it can change that.
	most = p.blocks[first].max(from, until, most)
	if first < last {
		most = p.blocks[last].max(from, until, most)
	}
	return most
}

// max returns the largest load on [from, until), at least least.
func (b *block) max(from, until uint32, least int64) int64 {
	if b.most <= least {
		return least
	}
	i, j := b.meets(from, until)
	return max(least, b.highest(i, j))
}

// peak returns the largest load of all times.
func (p *profile) peak() int64 {
	var most int64
	for i := range p.blocks {
		most = max(most, p.blocks[i].most)
	}
	return most
}

// earliest returns the first second from one on at which the load is no more
// than room for so many seconds; false: not before the calendar ends. Room is at
// least 0. Each round moves to the end of something that is in the way.
func (p *profile) earliest(from, length uint32, room int64) (uint32, bool) {
	for uint64(from)+uint64(length) <= never {
		next := p.clearsAt(from, from+length, room)
		if next == from {
			return from, true
		}
		from = next
	}
	return 0, false
}

// clearsAt returns when the load that is last above room in [from, until) no
// longer is; from if it never is. Room is at least 0.
func (p *profile) clearsAt(from, until uint32, room int64) uint32 {
	first, last, ok := p.meets(from, until)
	if !ok {
		return from
	}
	for i := last; i >= first; i-- {
		b := &p.blocks[i]
		if b.most <= room {
			continue
		}
		low, high := b.meets(from, until)
		for k := high - 1; k >= low; k-- {
			if b.load(k) > room {
				return p.clears(b.row[k].at, room)
			}
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
	return func(yield func(uint32, int64) bool) { p.walk(t, yield) }
}

// walk is from, which is so small by it that a loop over it takes no memory.
func (p *profile) walk(t uint32, yield func(uint32, int64) bool) {
	where, _ := p.find(t)
	for i := where.block; i < len(p.blocks); i++ {
		b := &p.blocks[i]
		for k := where.index; k < len(b.row); k++ {
			if !yield(b.row[k].at, b.load(k)) {
				return
			}
		}
		where.index = 0
	}
}
