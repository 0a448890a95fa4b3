// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// balance bounds the size of a block that has changed: it is neither empty nor
// too full, and does not hold so little that it could be one with a neighbour.
// So it changes neither what blocks to the left of its left neighbour are, nor
// where.
func (p *profile) balance(i int) {
	b := &p.blocks[i]
	switch {
	case len(b.row) == 0:
		p.remove(i)
	case len(b.row) > fullBlock:
		p.halve(i)
		p.join(i + 1)
		p.join(i - 1)
	default:
		b.row = shrink(b.row)
		p.join(i)
		p.join(i - 1)
	}
}

func (p *profile) remove(i int) { p.blocks = shrink(slices.Delete(p.blocks, i, i+1)) }

// halve makes two blocks of one.
func (p *profile) halve(i int) {
	left := &p.blocks[i]
	half := len(left.row) / 2
	right := block{row: clone(left.row[half:]), lift: left.lift, first: left.row[half].at}
	right.most = right.highest(0, len(right.row))
	left.row = clone(left.row[:half])
	left.most = left.highest(0, half)
	p.blocks = insert(p.blocks, i+1, right)
}

// join makes block i and the next one block, if both exist and hold little.
func (p *profile) join(i int) {
	if i < 0 || i+1 >= len(p.blocks) {
		return
	}
	left, right := &p.blocks[i], &p.blocks[i+1]
	if len(left.row)+len(right.row) > joinBlock {
		return
	}
	row := slices.Concat(left.row, right.row)
	moved := row[len(left.row):]
	for k := range moved {
		moved[k].set(right.load(k) - left.lift)
	}
	if len(left.row) == 0 {
		left.first = right.first
	}
	left.row, left.most = row, max(left.most, right.most)
	p.remove(i + 1)
}
