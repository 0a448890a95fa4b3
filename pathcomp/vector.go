// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "slices"

const (
	pageBits = 6
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
)

// vector is an array in pages, of which versions share all but the pages that
// differ: a new version costs one pointer a page, and the pages written to.
type vector[T any] struct {
	pages []*[pageSize]T
	count int
}

func vectorOf[T any](all []T) vector[T] {
	v := vector[T]{count: len(all)}
	for first := 0; first < len(all); first += pageSize {
		p := &[pageSize]T{}
		copy(p[:], all[first:])
		v.pages = append(v.pages, p)
	}
	return v
}

// at returns element i, which must not be written to.
func (v *vector[T]) at(i int32) *T { return &v.pages[i>>pageBits][i&pageMask] }

// fork returns a version that begins as v is.
func (v *vector[T]) fork() vector[T] {
	return vector[T]{pages: slices.Clone(v.pages), count: v.count}
}

// set writes element i of a version forked from old.
func (v *vector[T]) set(old *vector[T], i int32, x T) {
	p := &v.pages[i>>pageBits]
	if *p == old.pages[i>>pageBits] {
		own := **p
		*p = &own
	}
	(*p)[i&pageMask] = x
}

// all returns the elements in a slice of their own.
func (v *vector[T]) all() []T {
	out := make([]T, 0, v.count)
	for i := range v.pages {
		out = append(out, v.pages[i][:min(pageSize, v.count-i*pageSize)]...)
	}
	return out
}
