// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math"
	"math/bits"
)

// frontier holds the nodes that Dijkstra's algorithm has reached, under their
// least distances so far. It gives them back nearest first, in a radix heap
// (Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path
// problem, Journal of the ACM 37, 1990), which is right because no distance
// falls below the last one given back.
type frontier struct {
	// known is by node. Its low half is the distance. Its high half is of the
	// search that wrote it, and falls from search to search: what an earlier one
	// wrote is more than anything that this one can write.
	known []uint64
	mark  uint64 // the high half of this search

	// Bucket k holds entries whose distance differs from last in bit k-1 and no
	// higher one; bucket 0 those at last. An entry is a distance over a node. A
	// node that comes nearer gets another entry; the old one is void.
	buckets [33][]uint64
	filled  uint64 // buckets that are not empty, a bit each
	last    uint32
}

func newFrontier(nodes int) frontier { return frontier{known: make([]uint64, nodes)} }

// begin forgets what was reached before.
func (f *frontier) begin() {
	if f.mark == 0 {
		for i := range f.known {
			f.known[i] = math.MaxUint64
		}
		f.mark = math.MaxUint32 << 32
	}
	f.mark -= 1 << 32
	for ; f.filled != 0; f.filled &= f.filled - 1 {
		k := bits.TrailingZeros64(f.filled)
		f.buckets[k] = f.buckets[k][:0]
	}
	f.last = 0
}

// nearer says whether a distance is less than all that node was reached at.
func (f *frontier) nearer(node uint32, distance uint64) bool {
	return f.mark|distance < f.known[node]
}

// reach notes a node at a distance that is nearer, and not below the last one
// settled.
func (f *frontier) reach(node, distance uint32) {
	f.known[node] = f.mark | uint64(distance)
	f.push(pack(distance, node))
}

func (f *frontier) push(entry uint64) {
	k := bits.Len32(uint32(entry>>32) ^ f.last)
	f.buckets[k] = append(f.buckets[k], entry)
	f.filled |= 1 << k
}

// settle returns the nearest node that was not settled yet and its distance,
// which is final; false: all were.
func (f *frontier) settle() (node, distance uint32, ok bool) {
	for f.filled != 0 {
		k := bits.TrailingZeros64(f.filled)
		bucket := f.buckets[k]
		if k > 0 && len(bucket) > 1 {
			f.spread(k)
			continue
		}
		entry := bucket[len(bucket)-1]
		f.buckets[k] = bucket[:len(bucket)-1]
		if len(bucket) == 1 {
			f.filled &= f.filled - 1
		}
		if f.holds(entry) {
			distance, node = unpack(entry)
			f.last = distance
			return node, distance, true
		}
	}
	return 0, 0, false
}

// spread moves the entries of bucket k, the first that has any, to those before
// it.
func (f *frontier) spread(k int) {
	bucket := f.buckets[k]
	f.buckets[k] = bucket[:0]
	f.filled &= f.filled - 1
	least := bucket[0]
	for _, entry := range bucket {
		least = min(least, entry)
	}
	f.last, _ = unpack(least)
	for _, entry := range bucket {
		if f.holds(entry) {
			f.push(entry)
		}
	}
}

// holds says whether the node of an entry did not come nearer since.
func (f *frontier) holds(entry uint64) bool {
	distance, node := unpack(entry)
	return f.known[node] == f.mark|uint64(distance)
}
