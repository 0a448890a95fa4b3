// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"fmt"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// enough lets the arcs through that have mbps.
type enough struct {
	available []uint32
	mbps      uint32
}

// Usable implements csp.Filter.
func (e *enough) Usable(arc uint32) bool { return e.available[arc] >= e.mbps }

// Usable returns a filter for the arcs on which mbps are available.
func (g *Graph) Usable(mbps uint32) csp.Filter { return &enough{available: g.Mbps, mbps: mbps} }

// Check compares what was found with the answer, and the path with both; "" is
// right, else it says what is wrong.
func (g *Graph) Check(q Query, want Answer, got csp.Result, path []uint32) string {
	if !got.Found {
		if want.Cost >= 0 {
			return fmt.Sprintf("no path found, want %d %d", want.Cost, want.Micros)
		}
		return ""
	}
	if int64(got.Cost) != want.Cost || int64(got.Delay) != want.Micros {
		return fmt.Sprintf("found %d %d, want %d %d", got.Cost, got.Delay, want.Cost, want.Micros)
	}
	at := q.From
	var cost, micros uint64
	seen := map[uint32]bool{at: true}
	for _, i := range path {
		a := g.Arcs[i]
		if a.From != at || seen[a.To] || g.Mbps[i] < q.Mbps {
			return fmt.Sprintf("arc %d does not continue a simple path with room", i)
		}
		at, cost, micros = a.To, cost+uint64(a.Cost), micros+uint64(a.Delay)
		seen[at] = true
	}
	if at != q.To || cost != uint64(got.Cost) || micros != uint64(got.Delay) || micros > uint64(q.Micros) {
		return fmt.Sprintf("path ends at %d with %d %d, not at %d with %d %d", at, cost, micros, q.To, got.Cost, got.Delay)
	}
	return ""
}
