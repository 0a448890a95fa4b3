// SPDX-License-Identifier: Apache-2.0

package csp

import "math/bits"

// radix is a queue for keys below 2^63 of which none falls below the last one popped, as
// those of A* under consistent bounds: a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan:
// Faster algorithms for the shortest path problem, Journal of the ACM 37, 1990). Among
// equal keys the order is fixed by the order of pushes.
type radix struct {
	// Bucket k holds items whose key differs from last in bit k-1 and no higher one;
	// bucket 0 those at last.
	buckets [64][]item
	filled  uint64 // buckets that are not empty, a bit each
	last    uint64
}

// clear empties the queue, and lets keys begin anew.
func (r *radix) clear() {
	for ; r.filled != 0; r.filled &= r.filled - 1 {
		k := bits.TrailingZeros64(r.filled)
		r.buckets[k] = r.buckets[k][:0]
	}
	r.last = 0
}

func (r *radix) push(key uint64, value uint32) {
	k := bits.Len64(key ^ r.last)
	r.buckets[k] = append(r.buckets[k], item{key: key, value: value})
	r.filled |= 1 << k
}

// pop returns an item with the least key; false: there is none.
func (r *radix) pop() (item, bool) {
	if r.filled == 0 {
		return item{}, false
	}
	k := bits.TrailingZeros64(r.filled)
	bucket := r.buckets[k]
	if k > 0 && len(bucket) > 1 {
		r.spread(k)
		k = 0
		bucket = r.buckets[0]
	}
	top := bucket[len(bucket)-1]
	r.last = top.key
	r.buckets[k] = bucket[:len(bucket)-1]
	if len(bucket) == 1 {
		r.filled &^= 1 << k
	}
	return top, true
}

// spread moves the items of bucket k, the first that has any, to those before it, the
// least to bucket 0.
func (r *radix) spread(k int) {
	bucket := r.buckets[k]
	r.buckets[k] = bucket[:0]
	r.filled &^= 1 << k
	r.last = bucket[0].key
	for _, i := range bucket {
		r.last = min(r.last, i.key)
	}
	for _, i := range bucket {
		r.push(i.key, i.value)
	}
}
