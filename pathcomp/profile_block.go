// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"slices"
)

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

// block is a row of breakpoints: 1 to fullBlock but in the midst of a change.
type block struct {
	row   []breakpoint // loads without lift
	lift  int64        // of all loads
	most  int64        // the largest load, with lift
	first uint32       // instant of row[0], so that a search touches blocks only
}

const (
	fullBlock = 48
	// Neighbours that together hold no more than this become one: fewer than
	// fullBlock, so that blocks are not made and unmade by turns.
	joinBlock = fullBlock * 3 / 4

	nothing = math.MinInt64 // the most of an empty row
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

// raise adds kbps to the loads from i to before j, and returns the largest of
// them, with lift.
func (b *block) raise(i, j int, kbps int64) int64 {
	if i == j {
		return nothing
	}
	row := b.row[i:j]
	top := row[0].load()
	for k := range row {
		load := row[k].load()
		top = max(top, load)
		row[k].set(load + kbps)
	}
	switch top += b.lift; {
	case top+kbps >= b.most:
		b.most = top + kbps
	case top == b.most: // it was here, and is lower now
		b.most = b.highest(0, len(b.row))
	}
	return top + kbps
}

// put makes t the breakpoint at index i.
func (b *block) put(i int, t uint32, load int64) {
	x := breakpoint{at: t}
	x.set(load - b.lift)
	b.row = insert(b.row, i, x)
	b.first = b.row[0].at
	b.most = max(b.most, load)
}

// drop removes the breakpoint at index i. The load before it is the same, and is
// in this row unless i is 0.
func (b *block) drop(i int) {
	dropped := b.load(i)
	b.row = slices.Delete(b.row, i, i+1)
	if len(b.row) == 0 {
		b.most = nothing
		return
	}
	b.first = b.row[0].at
	if i == 0 && dropped == b.most {
		b.most = b.highest(0, len(b.row))
	}
}

// cut removes the breakpoints before index i, which is one.
func (b *block) cut(i int) {
	if i == 0 {
		return
	}
	b.row = shrink(slices.Delete(b.row, 0, i))
	b.first = b.row[0].at
	b.most = b.highest(0, len(b.row))
}

// insert is slices.Insert that grows by a quarter and not to the double: there
// are millions of short rows.
func insert[T any](s []T, i int, x T) []T {
	if len(s) == cap(s) {
		s = append(slices.Grow([]T(nil), len(s)+1+len(s)/4), s...)
	}
	return slices.Insert(s, i, x)
}

// shrink gives back the room in s that is not used, if it is more than half.
func shrink[T any](s []T) []T {
	if 2*len(s) < cap(s) {
		return clone(s)
	}
	return s
}

// clone returns a copy without room to grow; nil if there is nothing.
func clone[T any](s []T) []T { return append([]T(nil), s...) }
