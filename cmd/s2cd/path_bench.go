// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// pathCases are graph, queries and answers in files.
type pathCases struct {
	graph, queries, answers string
}

func newPathBenchCmd(a *app) *cobra.Command {
	var cases pathCases
	var about time.Duration
	c := &cobra.Command{
		Use:   "bench --graph FILE --queries FILE [--answers FILE] [--seconds N]",
		Short: "Measure the path search on a graph and queries, and check answers",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"graph", "queries"} {
				if !cmd.Flags().Changed(name) {
					return usagef("%s: give --%s", pathOf(cmd), name)
				}
			}
			return cases.bench(a, about)
		},
	}
	c.Flags().StringVar(&cases.graph, "graph", "", "`file`: nodes and arcs, then \"from to cost delay_us Mbit/s\" an arc")
	c.Flags().StringVar(&cases.queries, "queries", "", "`file`: their number, then \"from to Mbit/s delay_us\" a query")
	c.Flags().StringVar(&cases.answers, "answers", "", "`file`: \"cost delay_us\", or \"-1 -1\", a query")
	secondsFlag(c, &about)
	return c
}

// secondsFlag says how long is measured.
func secondsFlag(c *cobra.Command, about *time.Duration) {
	*about = time.Second
	c.Flags().Var(&textFlag[time.Duration]{to: about, kind: "number", parse: parseSeconds, text: "1"}, "seconds",
		"about how long each thing is measured, once at least")
}

func (p *pathCases) bench(a *app, about time.Duration) error {
	g, queries, err := p.load()
	if err != nil {
		return err
	}
	var answers []pathbench.Answer
	if p.answers != "" {
		if answers, err = pathbench.LoadAnswers(p.answers, len(queries)); err != nil {
			return fmt.Errorf("answers: %w", err)
		}
	}
	report, err := pathbench.Bench(p.name(), g, queries, answers, about, pathbench.Clocks{Wall: a.now, CPU: pathbench.ThreadTime})
	if err != nil {
		return fmt.Errorf("%s: %w", p.queries, err)
	}
	if err := a.printLine(report); err != nil {
		return err
	}
	if report.Wrong > 0 {
		return errFound
	}
	return nil
}

// load reads graph and queries.
func (p *pathCases) load() (*pathbench.Graph, []pathbench.Query, error) {
	g, err := pathbench.LoadGraph(p.graph)
	if err != nil {
		return nil, nil, fmt.Errorf("graph: %w", err)
	}
	queries, err := pathbench.LoadQueries(p.queries, g.Nodes)
	if err != nil {
		return nil, nil, fmt.Errorf("queries: %w", err)
	}
	return g, queries, nil
}

// name is the graph's file without folder and ending.
func (p *pathCases) name() string { return strings.TrimSuffix(filepath.Base(p.graph), ".g") }

// printLine writes JSON in one line.
func (a *app) printLine(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return a.print("%s\n", data)
}
