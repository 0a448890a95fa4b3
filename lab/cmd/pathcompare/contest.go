// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// slowFrom is how many nodes are too many for those that are asked a sample.
const slowFrom = 2000

// contestant answers the queries of a case again and again.
type contestant struct {
	name    string
	bounded bool // keeps the bound on delay
	slow    bool // is asked a sample of queries, on small graphs
	run     func(ctx context.Context, t testCase) (result, error)
}

// result is what a contestant did in one round.
type result struct {
	queriesPerSecond float64
	answers          []pathbench.Answer // to the first queries; only costs are compared
	with             []string           // libraries and compilers, with versions
}

// score is the best of a contestant's rounds.
type score struct {
	contestant       string
	queriesPerSecond float64 // 0: did not take part
	right, asked     int
	with             []string
}

// row is all that was measured on one graph.
type row struct {
	graph       string
	nodes, arcs int
	scores      []score
}

// contest lets all have their turn, round after round, so that whatever else the
// machine does meets everybody.
func contest(ctx context.Context, t testCase, all []contestant, rounds int) (row, error) {
	r := row{graph: t.name, nodes: t.graph.Nodes, arcs: len(t.graph.Arcs), scores: make([]score, len(all))}
	for range rounds {
		for i, c := range all {
			s := &r.scores[i]
			s.contestant = c.name
			if c.slow && t.graph.Nodes >= slowFrom {
				continue
			}
			got, err := c.run(ctx, t)
			if err != nil {
				return r, fmt.Errorf("%s: %w", c.name, err)
			}
			s.queriesPerSecond = max(s.queriesPerSecond, got.queriesPerSecond)
			s.with = got.with
			want := t.distances
			if c.bounded {
				want = t.answers
			}
			s.asked, s.right = len(got.answers), agreed(got.answers, want)
		}
	}
	return r, nil
}

// agreed returns how many costs are the same.
func agreed(got, want []pathbench.Answer) int {
	same := 0
	for i, a := range got {
		if a.Cost == want[i].Cost {
			same++
		}
	}
	return same
}

// cpu is a clock that shows the CPU time of this process.
func cpu() time.Time {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err) // Linux always has this clock
	}
	return time.Unix(t.Unix())
}
