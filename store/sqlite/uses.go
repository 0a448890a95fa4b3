// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// What a booking takes is kept as pairs of unsigned varints: an arc's number,
// kbit/s. An arc is there once, and no varint is longer than it has to be. What
// a session owns of pools is kept likewise: a pool's number, a value.

var (
	errCut   = errors.New("a number is cut off, too large or longer than it has to be")
	errTwice = errors.New("an arc is there twice")
)

// appendPair appends two numbers, which are not negative, to b.
func appendPair(b []byte, one, two int64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(one)), uint64(two)) //nolint:gosec // not negative
}

// cutPair cuts what appendPair appended off the front of b.
func cutPair(b []byte) (one, two int64, rest []byte, err error) {
	if one, rest, err = cutNumber(b); err != nil {
		return 0, 0, nil, err
	}
	two, rest, err = cutNumber(rest)
	return one, two, rest, err
}

// decodeUses reads what a booking takes; name finds an arc by its number.
func decodeUses(b []byte, name func(int64) (topology.ArcName, error)) ([]pathcomp.Use, error) {
	var uses []pathcomp.Use
	numbers := make([]int64, 0, 32)
	for len(b) > 0 {
		arc, kbps, rest, err := cutPair(b)
		if err != nil {
			return nil, err
		}
		for _, other := range numbers {
			if other == arc {
				return nil, fmt.Errorf("arc %d: %w", arc, errTwice)
			}
		}
		numbers = append(numbers, arc)
		use := pathcomp.Use{Kbps: uint64(kbps)} //nolint:gosec // never negative
		if use.Arc, err = name(arc); err != nil {
			return nil, err
		}
		if uses == nil {
			uses = make([]pathcomp.Use, 0, 1+len(rest)/3)
		}
		b, uses = rest, append(uses, use)
	}
	return uses, nil
}

// cutNumber cuts one varint off the front of b.
func cutNumber(b []byte) (v int64, rest []byte, err error) {
	u, n := binary.Uvarint(b)
	if n <= 0 || u > math.MaxInt64 || n > 1 && b[n-1] == 0 {
		return 0, nil, errCut
	}
	return int64(u), b[n:], nil
}
