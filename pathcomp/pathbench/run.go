// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// Report is one line of numbers. Times are of one thread: rates by what it used
// of a processor, latencies by the clock on the wall.
type Report struct {
	Graph                    string  `json:"graph"`
	Nodes                    int     `json:"nodes"`
	Arcs                     int     `json:"arcs"`
	Queries                  int     `json:"queries"`
	Correct                  int     `json:"correct"` // 0 without answers
	Wrong                    int     `json:"wrong"`
	QueriesPerSecond         float64 `json:"queriesPerSecond"`
	P50Micros                float64 `json:"p50Micros"`
	P99Micros                float64 `json:"p99Micros"`
	MeanExpansions           float64 `json:"meanExpansions"`
	AllocsPerQuery           float64 `json:"allocsPerQuery"`
	DijkstraQueriesPerSecond float64 `json:"dijkstraQueriesPerSecond"`
}

// Clocks tell how much time went by.
type Clocks struct {
	Wall func() time.Time
	CPU  func() time.Duration // used by the calling thread
}

// Bench answers the queries on g again and again with cached bounds, and in turn
// with a plain Dijkstra that stops at the destination and knows no bound on
// delay, each for about as long as asked, at least once. Answers may be nil. The
// error says that there are no queries, or not as many answers.
func Bench(name string, g *Graph, queries []Query, answers []Answer, about time.Duration, clocks Clocks) (Report, error) {
	r := Report{Graph: name, Nodes: g.Nodes, Arcs: len(g.Arcs), Queries: len(queries)}
	if len(queries) == 0 {
		return r, errors.New("no queries")
	}
	if answers != nil && len(answers) != len(queries) {
		return r, errors.New("not as many answers as queries")
	}
	graph, err := csp.NewGraph(g.Nodes, g.Arcs)
	if err != nil {
		return r, err
	}
	b := bench{graph: g, queries: queries, solver: csp.NewSolver(graph, csp.Options{}), path: make([]uint32, 0, g.Nodes), clocks: clocks, plain: csp.NewDijkstra(graph)}
	for _, q := range queries {
		b.solver.Prepare(q.To)
	}
	b.first(&r, answers)
	b.latencies(&r)
	r.QueriesPerSecond, r.DijkstraQueriesPerSecond = b.rates(about)
	r.AllocsPerQuery = b.allocations()
	return r, nil
}

type bench struct {
	graph   *Graph
	queries []Query
	solver  *csp.Solver
	plain   *csp.Dijkstra
	path    []uint32
	filter  enough
	clocks  Clocks
}

func (b *bench) find(q Query) csp.Result {
	b.filter = enough{available: b.graph.Mbps, mbps: q.Mbps}
	var r csp.Result
	r, b.path = b.solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, &b.filter, b.path[:0])
	return r
}

func (b *bench) findAll() {
	for _, q := range b.queries {
		b.find(q)
	}
}

func (b *bench) findAllPlain() {
	for _, q := range b.queries {
		b.filter = enough{available: b.graph.Mbps, mbps: q.Mbps}
		b.plain.Distance(q.From, q.To, &b.filter)
	}
}

// first warms up, counts expansions and checks answers.
func (b *bench) first(r *Report, answers []Answer) {
	expansions := 0
	for i, q := range b.queries {
		got := b.find(q)
		expansions += got.Expansions
		switch {
		case answers == nil:
		case b.graph.Check(q, answers[i], got, b.path) == "":
			r.Correct++
		default:
			r.Wrong++
		}
	}
	r.MeanExpansions = float64(expansions) / float64(len(b.queries))
}

// latencies times each query by itself.
func (b *bench) latencies(r *Report) {
	times := make([]float64, len(b.queries))
	for i, q := range b.queries {
		start := b.clocks.Wall()
		b.find(q)
		times[i] = float64(b.clocks.Wall().Sub(start).Nanoseconds()) / 1000
	}
	slices.Sort(times)
	r.P50Micros, r.P99Micros = times[len(times)/2], times[len(times)*99/100]
}

// rates returns how many queries a second the search answers, and Dijkstra. They
// take turns, so that a busy machine slows down both.
func (b *bench) rates(about time.Duration) (found, plain float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var own, yardstick rate
	for own.took < about || yardstick.took < about || yardstick.rounds == 0 {
		if own.rounds == 0 || own.took < yardstick.took {
			own.add(b.clocks.CPU, b.findAll)
		} else {
			yardstick.add(b.clocks.CPU, b.findAllPlain)
		}
	}
	return own.per(len(b.queries)), yardstick.per(len(b.queries))
}

type rate struct {
	rounds int
	took   time.Duration
}

func (r *rate) add(clock func() time.Duration, all func()) {
	start := clock()
	all()
	r.took += clock() - start
	r.rounds++
}

// per returns how many a second are done at so many a round.
func (r *rate) per(round int) float64 {
	return float64(r.rounds*round) / max(r.took.Seconds(), 1e-9)
}

func (b *bench) allocations() float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.findAll()
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / uint64(len(b.queries)))
}
