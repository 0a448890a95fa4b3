// SPDX-License-Identifier: Apache-2.0

package csp

import "math"

// item is an entry of a queue: a label, or a node, under a packed key.
type item struct {
	key   uint64
	value uint32
}

// queue is a 4-ary heap, least key first; among equal keys the order is fixed
// by the order of pushes. Four children share a cache line or two.
type queue []item

func pack(cost, delay uint32) uint64 { return uint64(cost)<<32 | uint64(delay) }

func unpack(key uint64) (cost, delay uint32) {
	return uint32(key >> 32), uint32(key & math.MaxUint32)
}

func (q *queue) push(key uint64, value uint32) {
	h := append(*q, item{})
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if h[parent].key <= key {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = item{key: key, value: value}
	*q = h
}

func (q *queue) pop() item {
	h := *q
	top := h[0]
	last := h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for k := child + 1; k < min(child+4, len(h)); k++ {
			if h[k].key < h[least].key {
				least = k
			}
		}
		if last.key <= h[least].key {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
	return top
}
