// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

// numberSet is a set of numbers in pages of 4,096, of which versions share all but
// the pages that differ.
type numberSet struct{ pages []*[64]uint64 }

func newNumberSet(count int32) numberSet {
	b := numberSet{pages: make([]*[64]uint64, (count+4095)/4096)}
	for i := range b.pages {
		b.pages[i] = &[64]uint64{}
	}
	return b
}

func (b *numberSet) has(i int32) bool { return b.pages[i>>12][i>>6&63]>>(i&63)&1 != 0 }

// fork returns a version that begins as b is.
func (b *numberSet) fork() numberSet { return numberSet{pages: slices.Clone(b.pages)} }

// set puts i in, or takes it out of, a version forked from old.
func (b *numberSet) set(old *numberSet, i int32, in bool) {
	if old.has(i) == in && b.has(i) == in {
		return
	}
	p := &b.pages[i>>12]
	if *p == old.pages[i>>12] {
		own := **p
		*p = &own
	}
	word := &(*p)[i>>6&63]
	*word &^= 1 << (i & 63)
	if in {
		*word |= 1 << (i & 63)
	}
}
