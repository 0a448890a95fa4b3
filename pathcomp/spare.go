// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"sync/atomic"
)

// spare says of each arc, by its number, how many kbit/s surely fit: for any
// class, over any window. Most arcs have far more than is asked for, and a search
// that finds so here opens no calendar: 16 arcs share a cache line. What is not
// surely there may still be. Nil: nothing is sure.
//
// Books write it. A snapshot that is no longer the newest may find too much in
// it, as searches may in any calendar; a reservation is refused then.
type spare []atomic.Uint32

// fits says whether kbps surely fit on an arc.
func (s spare) fits(i int32, kbps int64) bool {
	return int(i) < len(s) && kbps <= int64(s[i].Load())
}

// offer says what of a book is surely spare from now on: what its capacity
// leaves every class beside the largest load of all times. The caller holds
// Ledger.commit.
func (b *book) offer() {
	if b.spare != nil {
		b.spare.Store(uint32(min(max(b.sure(), 0), math.MaxUint32)))
	}
}

// sure is what fits for every class over all time; below 0: too much is sold.
func (b *book) sure() int64 { return b.every - b.peak() }

// sell sets what the book's arc may sell from now on. The caller holds
// Ledger.commit.
func (b *book) sell(c capacity) {
	b.capacity, b.every = c, c.every()
	b.offer()
}

// every is what an arc may sell whatever the class.
func (c capacity) every() int64 {
	least := c.limit("").total
	for class := range c.shares.ByClass {
		least = min(least, c.limit(class).ofClass)
	}
	return least
}
