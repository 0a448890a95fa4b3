// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// The contestants' names are the table's columns. The others are compared with
// ownDijkstra.
const (
	ownDijkstra = "s2cd Dijkstra"
	ownExact    = "s2cd exact"
)

// contestants returns everybody.
func contestants(programs map[string]string, about time.Duration, sample int) []contestant {
	return []contestant{
		{name: ownDijkstra, run: func(_ context.Context, t testCase) (result, error) { return runOwnDijkstra(t, about) }},
		{name: ownExact, bounded: true, run: func(_ context.Context, t testCase) (result, error) { return runOwnExact(t, about) }},
		{name: "LEMON Dijkstra", run: program(programs["lemon_dijkstra"], about, 0)},
		{name: "Boost Dijkstra", run: program(programs["boost_dijkstra"], about, 0)},
		{name: "gonum Dijkstra", run: func(_ context.Context, t testCase) (result, error) { return runGonumDijkstra(t, about), nil }},
		{name: "Boost r_c_shortest_paths", bounded: true, slow: true, run: program(programs["boost_rcsp"], about, sample)},
		{name: "gonum Yen K=8 + filter", bounded: true, slow: true, run: func(_ context.Context, t testCase) (result, error) { return runGonumYen(t, about, sample), nil }},
	}
}

// repeat answers queries once to warm up and to keep what was found, then again
// and again for about so long.
func repeat(queries []pathbench.Query, about time.Duration, answer func(pathbench.Query) pathbench.Answer) result {
	r := result{answers: make([]pathbench.Answer, len(queries))}
	for i, q := range queries {
		r.answers[i] = answer(q)
	}
	start := cpu()
	for asked := 0; ; {
		for _, q := range queries {
			answer(q)
		}
		asked += len(queries)
		if took := cpu().Sub(start); took >= about {
			r.queriesPerSecond = float64(asked) / took.Seconds()
			return r
		}
	}
}

// room lets the arcs through on which enough is available. It is made once for
// all queries, as the others make theirs.
type room struct {
	available []uint32
	mbps      uint32
}

// Usable implements csp.Filter.
func (r *room) Usable(arc uint32) bool { return r.available[arc] >= r.mbps }

func nothing() pathbench.Answer { return pathbench.Answer{Cost: -1, Micros: -1} }

func runOwnDijkstra(t testCase, about time.Duration) (result, error) {
	g, err := csp.NewGraph(t.graph.Nodes, t.graph.Arcs)
	if err != nil {
		return result{}, err
	}
	plain, usable := csp.NewDijkstra(g), &room{available: t.graph.Mbps}
	return repeat(t.queries, about, func(q pathbench.Query) pathbench.Answer {
		usable.mbps = q.Mbps
		if d, ok := plain.Distance(q.From, q.To, usable); ok {
			return pathbench.Answer{Cost: int64(d), Micros: -1}
		}
		return nothing()
	}), nil
}

func runOwnExact(t testCase, about time.Duration) (result, error) {
	g, err := csp.NewGraph(t.graph.Nodes, t.graph.Arcs)
	if err != nil {
		return result{}, err
	}
	solver, usable := csp.NewSolver(g, csp.Options{}), &room{available: t.graph.Mbps}
	for _, q := range t.queries {
		solver.Prepare(q.To)
	}
	var path []uint32
	return repeat(t.queries, about, func(q pathbench.Query) pathbench.Answer {
		usable.mbps = q.Mbps
		var r csp.Result
		r, path = solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, usable, path[:0])
		if !r.Found {
			return nothing()
		}
		return pathbench.Answer{Cost: int64(r.Cost), Micros: int64(r.Delay)}
	}), nil
}
