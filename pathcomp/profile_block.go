// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// breakpoint is a calendar second and the load from it on. The load is in two
// halves: as one int64 it would begin at a multiple of 8, and leave a hole of 4
// bytes in each breakpoint.
type breakpoint struct {
	at        uint32
	low, high uint32
}

func (b *breakpoint) load() int64 { return int64(uint64(b.high)<<32 | uint64(b.low)) } //nolint:gosec // two's complement

func (b *breakpoint) set(load int64) {
	b.low, b.high = uint32(load), uint32(uint64(load)>>32) //nolint:gosec // two's complement
}

// block is a row of 1 to fullBlock breakpoints.
type block struct {
	row  []breakpoint // loads without lift
	lift int64        // of all loads
	most int64        // the largest load, with lift
}

const (
	fullBlock = 32
	// Two neighbours that hold no more than this are made one: enough below
	// fullBlock that blocks are not made and unmade by turns.
	joinBlock = fullBlock * 3 / 4
)

func (b *block) load(i int) int64 { return b.row[i].load() + b.lift }

// highest returns the largest load of the row from i to before j, with lift.
func (b *block) highest(i, j int) int64 {
	row := b.row[i:j]
	most := row[0].load()
	for k := range row {
		most = max(most, row[k].load())
	}
	return most + b.lift
}

// raise adds kbps to the loads from i to before j.
func (b *block) raise(i, j int, kbps int64) {
	switch {
	case i == j:
	case j-i == len(b.row):
		b.lift += kbps
		b.most += kbps
	default:
		row := b.row[i:j]
		for k := range row {
			row[k].set(row[k].load() + kbps)
		}
		b.most = b.highest(0, len(b.row))
	}
}

// put makes t the breakpoint at index i.
func (b *block) put(i int, t uint32, load int64) {
	x := breakpoint{at: t}
	x.set(load - b.lift)
	b.row = insert(b.row, i, x)
	if len(b.row) == 1 {
		b.most = load
	}
	b.most = max(b.most, load)
}

// drop removes the breakpoint at index i.
func (b *block) drop(i int) {
	dropped := b.load(i)
	b.row = slices.Delete(b.row, i, i+1)
	if dropped == b.most && len(b.row) > 0 {
		b.most = b.highest(0, len(b.row))
	}
}

// cut removes the breakpoints before index i, which is one.
func (b *block) cut(i int) {
	if i == 0 {
		return
	}
	b.row = shrink(slices.Delete(b.row, 0, i))
	b.most = b.highest(0, len(b.row))
}

// balance keeps the size of a block that has changed, and of its neighbours,
// within bounds: none is empty or too full, and no two neighbours hold so little
// that they could be one.
func (p *profile) balance(i int) {
	switch b := &p.blocks[i]; {
	case len(b.row) == 0:
		p.remove(i)
	case len(b.row) > fullBlock:
		p.halve(i)
	default:
		b.row = shrink(b.row)
		p.join(i)
		p.join(i - 1)
	}
}

func (p *profile) remove(i int) {
	p.blocks = shrink(slices.Delete(p.blocks, i, i+1))
}

// halve makes two blocks of one.
func (p *profile) halve(i int) {
	b := &p.blocks[i]
	half := len(b.row) / 2
	right := block{row: clone(b.row[half:]), lift: b.lift}
	right.most = right.highest(0, len(right.row))
	b.row = clone(b.row[:half])
	b.most = b.highest(0, half)
	p.blocks = insert(p.blocks, i+1, right)
}

// join makes one block of two neighbours, i the left one, if they hold little.
func (p *profile) join(i int) {
	if i < 0 || i+1 >= len(p.blocks) || len(p.blocks[i].row)+len(p.blocks[i+1].row) > joinBlock {
		return
	}
	left, right := &p.blocks[i], &p.blocks[i+1]
	row := make([]breakpoint, 0, len(left.row)+len(right.row))
	row = append(row, left.row...)
	row = append(row, right.row...)
	moved := row[len(left.row):]
	for k := range moved {
		moved[k].set(right.load(k) - left.lift)
	}
	left.row = row
	left.most = left.highest(0, len(row))
	p.remove(i + 1)
}

// insert is slices.Insert that grows by a quarter and not to the double: there
// are millions of short rows.
func insert[T any](s []T, i int, x T) []T {
	if len(s) == cap(s) {
		s = append(slices.Grow([]T(nil), len(s)+1+len(s)/4), s...)
	}
	return slices.Insert(s, i, x)
}

// shrink gives back what s does not need, if that is more than half.
func shrink[T any](s []T) []T {
	if len(s) < cap(s)/2 {
		return clone(s)
	}
	return s
}

// clone returns a copy without room to grow; nil if there is nothing.
func clone[T any](s []T) []T { return append([]T(nil), s...) }
