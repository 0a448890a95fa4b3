// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// testCase is a graph with queries, in memory and in files.
type testCase struct {
	name                   string
	graphFile, queriesFile string
	graph                  *pathbench.Graph
	queries                []pathbench.Query
	answers                []pathbench.Answer // best cost, then least delay, within the bound
	distances              []pathbench.Answer // least cost without a bound; delays are not known
}

// collect reads all cases of a folder ("": none) and makes up the others, whose
// files go to a work folder. Smaller graphs come first.
func collect(dir string, providers []int, work string) ([]testCase, error) {
	var out []testCase
	if dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "*.g"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			t, err := readCase(strings.TrimSuffix(file, ".g"))
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
	}
	for _, nodes := range providers {
		t, err := makeCase(nodes, work)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, errors.New("no graphs")
	}
	slices.SortStableFunc(out, func(a, b testCase) int { return cmp.Compare(a.graph.Nodes, b.graph.Nodes) })
	return out, nil
}

func readCase(base string) (testCase, error) {
	t := testCase{name: filepath.Base(base), graphFile: base + ".g", queriesFile: base + ".q"}
	if err := read(t.graphFile, func(f *os.File) (err error) {
		t.graph, err = pathbench.ReadGraph(f)
		return err
	}); err != nil {
		return t, err
	}
	if err := read(t.queriesFile, func(f *os.File) (err error) {
		t.queries, err = pathbench.ReadQueries(f, t.graph.Nodes)
		return err
	}); err != nil {
		return t, err
	}
	err := read(base+".ans", func(f *os.File) (err error) {
		t.answers, err = pathbench.ReadAnswers(f, len(t.queries))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	return t, t.solve()
}

func read(file string, take func(*os.File) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := take(f); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// makeCase makes up a provider's network and 1,000 queries.
func makeCase(nodes int, work string) (testCase, error) {
	name := "provider" + strconv.Itoa(nodes)
	t := testCase{name: name, graphFile: filepath.Join(work, name+".g"), queriesFile: filepath.Join(work, name+".q")}
	p, err := pathbench.NewProvider(nodes, 1)
	if err != nil {
		return t, err
	}
	t.graph = p.Graph
	if t.queries, err = p.Queries(1000, 1); err != nil {
		return t, err
	}
	if err := write(t.graphFile, func(f *os.File) error { return pathbench.WriteGraph(f, t.graph) }); err != nil {
		return t, err
	}
	if err := write(t.queriesFile, func(f *os.File) error { return pathbench.WriteQueries(f, t.queries) }); err != nil {
		return t, err
	}
	return t, t.solve()
}

func write(file string, give func(*os.File) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(give(f), f.Close())
}

// solve fills in the answers that no file has: s2cd's own, with which the
// others are then compared.
func (t *testCase) solve() error {
	g, err := csp.NewGraph(t.graph.Nodes, t.graph.Arcs)
	if err != nil {
		return err
	}
	solver, plain := csp.NewSolver(g, csp.Options{}), csp.NewDijkstra(g)
	given := t.answers != nil
	for _, q := range t.queries {
		usable := t.graph.Usable(q.Mbps)
		a := pathbench.Answer{Cost: -1, Micros: -1}
		if d, ok := plain.Distance(q.From, q.To, usable); ok {
			a.Cost = int64(d)
		}
		t.distances = append(t.distances, a)
		if given {
			continue
		}
		a = pathbench.Answer{Cost: -1, Micros: -1}
		if r, _ := solver.Find(csp.Query{From: q.From, To: q.To, MaxDelay: q.Micros}, usable, nil); r.Found {
			a = pathbench.Answer{Cost: int64(r.Cost), Micros: int64(r.Delay)}
		}
		t.answers = append(t.answers, a)
	}
	return nil
}
