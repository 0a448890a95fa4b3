// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// cases names the graphs with answers, and the most label expansions a query
// may need in the mean: a number that does not depend on the machine. Pruned is that
// with one arc in five unusable, of the first 250 queries.
func cases() []testCase {
	return []testCase{
		{"germany50", 3.1, 2.7}, {"rf1755", 1.3, 2.1}, {"cogentco", 11.3, 6.2}, {"csp10k", 26, 33},
	}
}

type testCase struct {
	name       string
	expansions float64
	pruned     float64
}

// casesDir returns the folder of the cases; ok is false where there is none,
// which is no fault: they are too many to be part of the source.
func casesDir() (dir string, ok bool) {
	if dir = os.Getenv("S2CD_PATHCOMP_BENCH"); dir != "" {
		return dir, true
	}
	dir = filepath.Join("..", "..", "..", "shared", "pathcomp-bench")
	_, err := os.Stat(dir)
	return dir, err == nil
}

func load(t testing.TB, dir, name string) (*pathbench.Graph, []pathbench.Query, []pathbench.Answer) {
	t.Helper()
	path := filepath.Join(dir, name)
	g, err := pathbench.LoadGraph(path + ".g")
	if err != nil {
		t.Fatal(err)
	}
	queries, err := pathbench.LoadQueries(path+".q", g.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := pathbench.LoadAnswers(path+".ans", len(queries))
	if err != nil {
		t.Fatal(err)
	}
	return g, queries, answers
}

func TestCases(t *testing.T) {
	t.Parallel()
	dir, ok := casesDir()
	if !ok {
		t.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, queries, answers := load(t, dir, c.name)
			graph, err := csp.NewGraph(g.Nodes, g.Arcs)
			if err != nil {
				t.Fatal(err)
			}
			for _, budget := range []int{0, 1, 1 << 30} {
				solver := csp.NewSolver(graph, csp.Options{Budget: budget})
				for _, q := range queries {
					solver.Prepare(q.To)
				}
				sum, tight, wrong, found := 0, 0, 0, 0
				asked := queries
				if budget == 1 && g.Nodes > 1000 {
					asked = queries[:100] // bounds of its own for each: slow, and much the same
				}
				for i, q := range asked {
					got, path := solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, g.Usable(q.Mbps), nil)
					sum += got.Expansions
					if got.Tight {
						tight++
					}
					if got.Found {
						found++
					}
					if fault := g.Check(q, answers[i], got, path); fault != "" {
						wrong++
						t.Errorf("query %d: %s", i, fault)
					}
				}
				mean := float64(sum) / float64(len(asked))
				t.Logf("budget %d: %.2f expansions, %d found, %d with bounds of their own, %d wrong", budget, mean, found, tight, wrong)
				if budget == 0 && mean > c.expansions {
					t.Errorf("mean expansions %.2f, want at most %.1f", mean, c.expansions)
				}
			}
		})
	}
}

func clocks() pathbench.Clocks {
	return pathbench.Clocks{Wall: time.Now, CPU: pathbench.ThreadTime}
}

func TestBench(t *testing.T) {
	t.Parallel()
	g := &pathbench.Graph{Nodes: 3, Arcs: []csp.Arc{{From: 0, To: 1, Cost: 1, Delay: 5}, {From: 1, To: 2, Cost: 1, Delay: 5}, {From: 0, To: 2, Cost: 9, Delay: 1}}, Mbps: []uint32{10, 10, 10}}
	queries := []pathbench.Query{{From: 0, To: 2, Mbps: 10, Micros: 10}, {From: 0, To: 2, Mbps: 10, Micros: 9}, {From: 0, To: 2, Mbps: 11, Micros: 9}, {From: 2, To: 0, Mbps: 1, Micros: 9}}
	answers := []pathbench.Answer{{Cost: 2, Micros: 10}, {Cost: 9, Micros: 1}, {Cost: -1, Micros: -1}, {Cost: 4, Micros: 4}}
	got, err := pathbench.Bench("three", g, queries, answers, 0, clocks())
	if err != nil {
		t.Fatal(err)
	}
	if got.Correct != 3 || got.Wrong != 1 || got.QueriesPerSecond <= 0 || got.DijkstraQueriesPerSecond <= 0 || got.Arcs != 3 {
		t.Errorf("report %+v, want 3 right and 1 wrong", got)
	}
	if _, err := pathbench.Bench("none", g, nil, nil, 0, clocks()); err == nil {
		t.Error("no queries were taken")
	}
}

func TestReadersNameTheLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, graph, queries, want string }{
		{"empty", "", "", "line 1: missing: unexpected EOF"},
		{"head", "2\n", "", "line 1: 1 fields, want 2"},
		{"short", "2 2\n0 1 1 1 1\n", "", "line 3: missing: unexpected EOF"},
		{"fields", "2 1\n0 1 1 1\n", "", "line 2: 4 fields, want 5"},
		{"number", "2 1\n0 1 1 x 1\n", "", `line 2: "x" is not a number from 0 to 2147483647`},
		{"node", "2 1\n0 2 1 1 1\n", "", "line 2: arc from 0 to 2 in a graph of 2 nodes"},
		{"more", "2 1\n0 1 1 1 1\n\n1 0 1 1 1\n", "", "line 4: more than was announced"},
		{"query node", "2 0\n", "1\n0 2 1 1\n", "line 2: query from 0 to 2 in a graph of 2 nodes"},
		{"query short", "2 0\n", "1\n", "line 2: missing: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := pathbench.ReadGraph(strings.NewReader(tt.graph))
			if err == nil {
				_, err = pathbench.ReadQueries(strings.NewReader(tt.queries), g.Nodes)
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzReadGraph(f *testing.F) {
	f.Add("2 1\n0 1 1 1 1\n")
	f.Add("1 0\n")
	f.Add("-1 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := pathbench.ReadGraph(strings.NewReader(text))
		if err != nil || g.Nodes > 1000 {
			return
		}
		if _, err := csp.NewGraph(g.Nodes, g.Arcs); err != nil {
			t.Errorf("a graph that was read is refused: %v", err)
		}
	})
}

func BenchmarkCases(b *testing.B) {
	dir, ok := casesDir()
	if !ok {
		b.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, c := range cases() {
		g, queries, answers := load(b, dir, c.name)
		b.Run(c.name, func(b *testing.B) {
			var r pathbench.Report
			for b.Loop() {
				var err error
				if r, err = pathbench.Bench(c.name, g, queries, answers, time.Second, clocks()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(r.QueriesPerSecond, "queries/s")
			b.ReportMetric(r.DijkstraQueriesPerSecond, "dijkstra/s")
			b.ReportMetric(r.QueriesPerSecond/r.DijkstraQueriesPerSecond, "times-dijkstra")
			b.ReportMetric(r.P50Micros, "p50-µs")
			b.ReportMetric(r.P99Micros, "p99-µs")
			b.ReportMetric(r.MeanExpansions, "expansions/query")
			b.ReportMetric(r.AllocsPerQuery, "allocs/query")
			b.ReportMetric(float64(r.Wrong), "wrong")
		})
	}
}

// prune makes one arc in five unusable: what the bounds that are kept do not know of.
func prune(g *pathbench.Graph) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range g.Mbps {
		if r.IntN(5) == 0 {
			g.Mbps[i] = 0
		}
	}
}

// TestPruned compares some of what is found with the bounds that are kept and without any,
// with one arc in five unusable, and counts what it takes.
func TestPruned(t *testing.T) {
	dir, ok := casesDir()
	if !ok {
		t.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, queries, _ := load(t, dir, c.name)
			prune(g)
			queries = queries[:250]
			graph, err := csp.NewGraph(g.Nodes, g.Arcs)
			if err != nil {
				t.Fatal(err)
			}
			warm, cold := csp.NewSolver(graph, csp.Options{}), csp.NewSolver(graph, csp.Options{})
			expansions := 0
			for i, q := range queries {
				warm.Prepare(q.To)
				ask, usable := csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, g.Usable(q.Mbps)
				got, _ := warm.Find(ask, usable, nil)
				expansions += got.Expansions
				if !got.Tight && i%10 > 0 { // whole searches take long
					continue
				}
				want, _ := cold.Find(ask, usable, nil)
				if got.Found != want.Found || got.Cost != want.Cost || got.Delay != want.Delay {
					t.Errorf("query %d: %+v, without bounds %+v", i, got, want)
				}
			}
			if mean := float64(expansions) / float64(len(queries)); mean > c.pruned {
				t.Errorf("%.1f expansions a query, want at most %.1f", mean, c.pruned)
			}
		})
	}
}

// BenchmarkPruned is BenchmarkCases with one arc in five unusable: what the
// cached bounds do not know of. The slowest queries are compared with the
// slowest of a plain Dijkstra on the same graph.
func BenchmarkPruned(b *testing.B) {
	dir, ok := casesDir()
	if !ok {
		b.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, c := range cases() {
		g, queries, _ := load(b, dir, c.name)
		prune(g)
		b.Run(c.name, func(b *testing.B) {
			var got pathbench.Report
			var own, plain []float64
			for b.Loop() {
				var err error
				if got, err = pathbench.Bench(c.name, g, queries, nil, time.Second, clocks()); err != nil {
					b.Fatal(err)
				}
				own, plain = micros(b, g, queries)
			}
			b.ReportMetric(got.QueriesPerSecond/got.DijkstraQueriesPerSecond, "times-dijkstra")
			b.ReportMetric(got.MeanExpansions, "expansions/query")
			p99, most := len(own)*99/100, len(own)-1
			b.ReportMetric(own[p99], "p99-µs")
			b.ReportMetric(own[most], "max-µs")
			b.ReportMetric(own[p99]/plain[p99], "p99/dijkstra-p99")
			b.ReportMetric(own[most]/plain[most], "max/dijkstra-max")
		})
	}
}

// micros returns what each query takes of a processor, the search and a plain
// Dijkstra, the least of some tries, sorted.
func micros(tb testing.TB, g *pathbench.Graph, queries []pathbench.Query) (own, plain []float64) {
	tb.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	graph, err := csp.NewGraph(g.Nodes, g.Arcs)
	if err != nil {
		tb.Fatal(err)
	}
	solver, dijkstra := csp.NewSolver(graph, csp.Options{}), csp.NewDijkstra(graph)
	path := make([]uint32, 0, g.Nodes)
	for _, q := range queries {
		solver.Prepare(q.To)
	}
	least := func(do func()) float64 {
		took := time.Duration(math.MaxInt64)
		for range 5 {
			start := pathbench.ThreadTime()
			do()
			took = min(took, pathbench.ThreadTime()-start)
		}
		return float64(took.Nanoseconds()) / 1000
	}
	for _, q := range queries {
		usable := g.Usable(q.Mbps)
		own = append(own, least(func() {
			_, path = solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, usable, path[:0])
		}))
		plain = append(plain, least(func() { dijkstra.Distance(q.From, q.To, usable) }))
	}
	slices.Sort(own)
	slices.Sort(plain)
	return own, plain
}
