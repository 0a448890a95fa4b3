// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

func made(t *testing.T, nodes int) testCase {
	t.Helper()
	tests, err := collect("", []int{nodes}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return tests[0]
}

// TestContestantsAgree lets those that need no C++ answer the same queries.
func TestContestantsAgree(t *testing.T) {
	t.Parallel()
	c := made(t, 100)
	var fast []contestant
	for _, one := range contestants(nil, time.Nanosecond, 50) {
		if !strings.HasPrefix(one.name, "LEMON") && !strings.HasPrefix(one.name, "Boost") {
			fast = append(fast, one)
		}
	}
	r, err := contest(t.Context(), c, fast, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.scores {
		if s.queriesPerSecond <= 0 || s.asked == 0 {
			t.Errorf("%s took no part: %+v", s.contestant, s)
		}
		if s.right != s.asked && s.contestant != "gonum Yen K=8 + filter" {
			t.Errorf("%s: %d of %d right", s.contestant, s.right, s.asked)
		}
	}
}

// TestYenIsNeverBetter holds that the answers it is compared with are the best.
func TestYenIsNeverBetter(t *testing.T) {
	t.Parallel()
	c := made(t, 60)
	got := runGonumYen(c, time.Nanosecond, 100).answers
	right := agreed(got, c.answers)
	for i, a := range got {
		want := c.answers[i]
		if a.Cost >= 0 && (want.Cost < 0 || a.Cost < want.Cost) {
			t.Errorf("query %d %+v: %+v, better than %+v", i, c.queries[i], a, want)
		}
	}
	if right < len(got)/2 {
		t.Errorf("%d of %d right", right, len(got))
	}
}

func TestCasesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := collect("", []int{20}, dir); err != nil {
		t.Fatal(err)
	}
	answers := "1 1\n" + strings.Repeat("-1 -1\n", 999)
	if err := os.WriteFile(filepath.Join(dir, "provider20.ans"), []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	tests, err := collect(dir, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if c := tests[0]; c.name != "provider20" || c.graph.Nodes != 20 || len(c.queries) != 1000 || c.answers[0] != (pathbench.Answer{Cost: 1, Micros: 1}) {
		t.Errorf("read %s with %d nodes, %d queries, first answer %+v", c.name, c.graph.Nodes, len(c.queries), c.answers[0])
	}
	if _, err := collect(t.TempDir(), nil, ""); err == nil {
		t.Error("a folder without graphs was taken")
	}
}

func TestPrintTable(t *testing.T) {
	t.Parallel()
	rows := []row{{graph: "ring", nodes: 1000, arcs: 2000, scores: []score{
		{contestant: ownDijkstra, queriesPerSecond: 12345.6, right: 10, asked: 10},
		{contestant: ownExact, queriesPerSecond: 1234567, right: 10, asked: 10},
		{contestant: "Yen", queriesPerSecond: 99, right: 82, asked: 100},
		{contestant: "slow"},
	}}}
	const want = `| graph | nodes/arcs | s2cd Dijkstra | s2cd exact | Yen | slow |
|---|---|---|---|---|---|
| ring | 1,000/2,000 | 12,346 | 1,234,567 (100) | 99 (0.008), 82 % right | - |
`
	var got strings.Builder
	printTable(&got, rows)
	if got.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", got.String(), want)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-cases", "dir", "-providers", "", "-time", "2s"})
	if err != nil || o.cases != "dir" || len(o.providers) != 0 || o.seconds != 2*time.Second {
		t.Errorf("parsed %+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-providers", "x"}, {"-rounds", "0"}, {"-sample", "0"}, {"more"}} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
