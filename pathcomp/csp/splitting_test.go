// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSplit takes flows apart that hold what costs nothing: a link there and
// back, and a loop.
func TestSplit(t *testing.T) {
	t.Parallel()
	arcs := []Arc{
		{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 5}, // 0 to 2
		{From: 0, To: 2}, {From: 2, To: 1}, {From: 1, To: 5}, // 3 to 5
		{From: 2, To: 3}, {From: 3, To: 1}, // 6 and 7
	}
	g, err := NewGraph(6, arcs)
	if err != nil {
		t.Fatal(err)
	}
	s := newSplitting(NewPairSolver(NewSolver(g, Options{}), NewRisks(g, func(arc uint32) []uint32 { return []uint32{arc} }, false)))
	tests := []struct {
		name  string
		flow  []uint32
		paths [2][]uint32
	}{
		{"nothing beside", []uint32{0, 5, 3, 2}, [2][]uint32{{3, 2}, {0, 5}}},
		{"there and back", []uint32{0, 1, 2, 3, 4, 5}, [2][]uint32{{3, 2}, {0, 5}}},
		{"loop", []uint32{0, 1, 6, 7, 5, 3, 2}, [2][]uint32{{3, 2}, {0, 5}}},
		{"loop walked", []uint32{0, 5, 1, 3, 2, 6, 7}, [2][]uint32{{3, 2}, {0, 5}}},
	}
	for _, tt := range tests {
		q := PairQuery{To: [2]uint32{5, 5}}
		s.split(&q, tt.flow)
		if diff := cmp.Diff(tt.paths, s.paths); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
