// SPDX-License-Identifier: Apache-2.0

package csp_test

import (
	"math"
	"math/rand/v2"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// filter lets arcs through by number.
type filter []bool

func (f filter) Usable(arc uint32) bool { return f[arc] }

// instance is a graph with some arcs that are not usable.
type instance struct {
	nodes  int
	arcs   []csp.Arc
	usable filter
}

// randomInstance has parallel arcs, zero costs and delays, many ties, and parts
// that do not reach each other.
func randomInstance(r *rand.Rand, nodes, arcs int, most uint32) instance {
	in := instance{nodes: nodes}
	costs, delays := 1+r.Uint32N(most), 1+r.Uint32N(most)
	for range arcs {
		in.arcs = append(in.arcs, csp.Arc{
			From: r.Uint32N(uint32(nodes)), To: r.Uint32N(uint32(nodes)),
			Cost: r.Uint32N(costs), Delay: r.Uint32N(delays),
		})
		in.usable = append(in.usable, r.IntN(5) > 0)
	}
	return in
}

// best is the least (cost, delay); none: no path.
type best struct{ cost, delay uint64 }

func noPath() best { return best{math.MaxUint64, math.MaxUint64} }

func (b best) less(o best) bool {
	return b.cost < o.cost || b.cost == o.cost && b.delay < o.delay
}

// bruteForce tries every simple path.
func (in instance) bruteForce(q csp.Query) best {
	found := noPath()
	onPath := make([]bool, in.nodes)
	var walk func(at uint32, sum best)
	walk = func(at uint32, sum best) {
		if sum.delay > uint64(q.MaxDelay) {
			return
		}
		if at == q.To {
			if sum.less(found) {
				found = sum
			}
			return
		}
		onPath[at] = true
		for i, a := range in.arcs {
			if a.From == at && in.usable[i] && !onPath[a.To] {
				walk(a.To, best{sum.cost + uint64(a.Cost), sum.delay + uint64(a.Delay)})
			}
		}
		onPath[at] = false
	}
	walk(q.From, best{})
	return found
}

// joksch is the dynamic programme over integer delays (Joksch: The shortest
// route problem with constraints, 1966): least cost to each node for each
// delay. Arcs without delay are relaxed until nothing changes.
func (in instance) joksch(q csp.Query) best {
	table := make([][]uint64, q.MaxDelay+1)
	for d := range table {
		row := make([]uint64, in.nodes)
		for i := range row {
			row[i] = math.MaxUint64
		}
		if d == 0 {
			row[q.From] = 0
		}
		table[d] = row
		for changed := true; changed; {
			changed = false
			for i, a := range in.arcs {
				if !in.usable[i] || int(a.Delay) > d {
					continue
				}
				if c := table[d-int(a.Delay)][a.From]; c != math.MaxUint64 && c+uint64(a.Cost) < row[a.To] {
					row[a.To], changed = c+uint64(a.Cost), true
				}
			}
		}
	}
	found := noPath()
	for d, row := range table {
		if row[q.To] != math.MaxUint64 && row[q.To] < found.cost {
			found = best{row[q.To], uint64(d)}
		}
	}
	return found
}

// fault says what is wrong with an answer; "": nothing.
func (in instance) fault(q csp.Query, got csp.Result, path []uint32, want best) string {
	if !got.Found {
		if want != noPath() {
			return "not found, but there is a path"
		}
		return ""
	}
	if (best{uint64(got.Cost), uint64(got.Delay)}) != want {
		return "not the best"
	}
	return in.pathFault(q, got, path)
}

// pathFault says what is wrong with the path of an answer; "": nothing.
func (in instance) pathFault(q csp.Query, got csp.Result, path []uint32) string {
	at, sum := q.From, best{}
	seen := map[uint32]bool{at: true}
	for _, i := range path {
		a := in.arcs[i]
		if a.From != at || !in.usable[i] {
			return "path is broken"
		}
		at = a.To
		if seen[at] {
			return "path is not simple"
		}
		seen[at] = true
		sum.cost += uint64(a.Cost)
		sum.delay += uint64(a.Delay)
	}
	if at != q.To || sum != (best{uint64(got.Cost), uint64(got.Delay)}) || sum.delay > uint64(q.MaxDelay) {
		return "path does not sum to the answer"
	}
	return ""
}
