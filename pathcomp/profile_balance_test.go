// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"testing"

	"pgregory.net/rapid"
)

// check says whether the blocks are as they shall be.
func (p *profile) check(t rapid.TB) {
	for i := range p.blocks {
		b := &p.blocks[i]
		if n := len(b.row); n < 1 || n > fullBlock || 2*n < cap(b.row) {
			t.Fatalf("block %d has %d breakpoints, room for %d", i, n, cap(b.row))
		}
		if b.first != b.row[0].at {
			t.Fatalf("block %d says it begins at %d, does at %d", i, b.first, b.row[0].at)
		}
		if b.most != b.highest(0, len(b.row)) {
			t.Fatalf("block %d says at most %d, has %d", i, b.most, b.highest(0, len(b.row)))
		}
		if i > 0 && len(b.row)+len(p.blocks[i-1].row) <= joinBlock {
			t.Fatalf("blocks %d and %d have %d and %d breakpoints: they could be one", i-1, i, len(p.blocks[i-1].row), len(b.row))
		}
	}
}

// TestBlocksOfAnySize begins with blocks that are as small and as full as they
// may be, in any order, and changes what begins and ends at their breakpoints:
// many are dropped, and blocks run empty, are joined and halved.
func TestBlocksOfAnySize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, last := drawBlocks(t)
		second := rapid.Uint32Range(0, last)
		for range 20 {
			from, until := second.Draw(t, "from"), second.Draw(t, "until")
			if rapid.Bool().Draw(t, "at a block") { // where most can go wrong
				b := &c.profile.blocks[rapid.IntRange(0, len(c.profile.blocks)-1).Draw(t, "block")]
				from, until = b.row[0].at, b.row[len(b.row)-1].at+until%5
			}
			c.add(from, until, rapid.Int64Range(-3, 3).Draw(t, "kbps"))
			c.profile.check(t)
			c.compare(t)
		}
	})
}

// drawBlocks returns calendars with a breakpoint every other second, and the
// last one.
func drawBlocks(t *rapid.T) (c calendars, last uint32) {
	sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 1, 2, joinBlock - 1, joinBlock, fullBlock}), 1, 9).Draw(t, "sizes")
	var breakpoints uint32
	var load int64
	put := func(size int) {
		b := block{most: nothing, lift: int64(breakpoints)}
		for range size {
			load = 1 + (load+rapid.Int64Range(0, 3).Draw(t, "change"))%5 // another one, and not 0
			b.put(len(b.row), 2*breakpoints, load)
			c.seconds.add(2*breakpoints, 2*breakpoints+2, load)
			breakpoints++
		}
		c.profile.blocks = append(c.profile.blocks, b)
	}
	for _, size := range sizes {
		if n := len(c.profile.blocks); n == 0 || len(c.profile.blocks[n-1].row)+size > joinBlock {
			put(size)
		}
	}
	put(fullBlock - 1)
	c.profile.blocks[len(c.profile.blocks)-1].put(fullBlock-1, 2*breakpoints, 0)
	return c, 2 * breakpoints
}

// TestBlockRunsEmptyBesideOneToJoin takes away both ends of a change at once:
// the only breakpoint of a block, and one of the next block, which can be joined
// with what is left of the first.
func TestBlockRunsEmptyBesideOneToJoin(t *testing.T) {
	t.Parallel()
	var c calendars
	for i, loads := range [][]int64{{7, 9}, {8}, {1, 2}} {
		b := block{most: nothing}
		for k := range joinBlock {
			if i == 1 && k > 0 {
				break
			}
			at := uint32(100*i + k)
			b.put(k, at, loads[k%2])
		}
		c.profile.blocks = append(c.profile.blocks, b)
	}
	c.profile.add(100, 201, 1)
	c.profile.check(t)
	if got := len(c.profile.blocks); got != 2 {
		t.Errorf("%d blocks are left, want 2", got)
	}
}
