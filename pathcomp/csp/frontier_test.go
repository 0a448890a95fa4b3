// SPDX-License-Identifier: Apache-2.0

package csp

import "testing"

// TestFrontierAfterItsLastMark asks across the point at which the marks of
// searches begin anew.
func TestFrontierAfterItsLastMark(t *testing.T) {
	t.Parallel()
	g, err := NewGraph(3, []Arc{{From: 0, To: 1, Cost: 2}, {From: 1, To: 2, Cost: 3}})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDijkstra(g)
	d.Distance(0, 2, nil)
	d.frontier.mark = 2 << 32
	for range 4 {
		if got, ok := d.Distance(0, 2, nil); !ok || got != 5 {
			t.Fatalf("from 0 to 2: %d %t, want 5", got, ok)
		}
		if got, ok := d.Distance(2, 0, nil); ok {
			t.Fatalf("from 2 to 0: %d, want no path", got)
		}
	}
}
