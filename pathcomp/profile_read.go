// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "iter"

// find returns the last breakpoint not after t; false: all are after it.
func (p *profile) find(t uint32) (place, bool) {
	if len(p.blocks) == 0 || len(p.blocks[0].row) == 0 || p.blocks[0].row[0].at > t {
		return place{}, false
	}
	low := 0 // begins not after t
	for n := len(p.blocks); n > 1; {
		half := n / 2
		if p.blocks[low+half].row[0].at <= t {
			low += half
		}
		n -= half
	}
	where := place{block: low}
	row := p.blocks[low].row
	low = 0
	for n := len(row); n > 1; {
		half := n / 2
		if row[low+half].at <= t {
			low += half
		}
		n -= half
	}
	where.index = low
	return where, true
}

// meets returns the first and the last breakpoint whose load is there for some
// time in [from, until); false: none is.
func (p *profile) meets(from, until uint32) (first, last place, ok bool) {
	if from >= until {
		return place{}, place{}, false
	}
	if last, ok = p.find(until - 1); ok {
		first, _ = p.find(from) // the first of all if from is before it
	}
	return first, last, ok
}

// max returns the largest load on [from, until), at least 0.
func (p *profile) max(from, until uint32) int64 {
	first, last, ok := p.meets(from, until)
	if !ok {
		return 0
	}
	if first.block == last.block {
		return max(0, p.blocks[first.block].highest(first.index, last.index+1))
	}
	var most int64
	between := p.blocks[first.block+1 : last.block]
	for i := range between {
		most = max(most, between[i].most)
	}
	if b := &p.blocks[first.block]; b.most > most {
		most = max(most, b.highest(first.index, len(b.row)))
	}
	if b := &p.blocks[last.block]; b.most > most {
		most = max(most, b.highest(0, last.index+1))
	}
	return most
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
	for i := last.block; i >= first.block; i-- {
		b := &p.blocks[i]
		if b.most <= room {
			continue
		}
		low, high := 0, len(b.row)-1
		if i == first.block {
			low = first.index
		}
		if i == last.block {
			high = last.index
		}
		for k := high; k >= low; k-- {
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
	where, _ := p.find(t)
	return func(yield func(uint32, int64) bool) {
		k := where.index
		for i := where.block; i < len(p.blocks); i++ {
			b := &p.blocks[i]
			for ; k < len(b.row); k++ {
				if !yield(b.row[k].at, b.load(k)) {
					return
				}
			}
			k = 0
		}
	}
}
