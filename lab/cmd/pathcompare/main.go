// SPDX-License-Identifier: Apache-2.0

// Command pathcompare measures s2cd's path search beside other libraries: on the
// same graphs and queries, in one run, one thread each, by CPU time. It prints
// the table of docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	cases     string
	providers []int
	seconds   time.Duration
	rounds    int
	sample    int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pathcompare:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var providers string
	flags := flag.NewFlagSet("pathcompare", flag.ContinueOnError)
	flags.StringVar(&o.cases, "cases", "", "folder of NAME.g, NAME.q and NAME.ans; none: made-up networks only")
	flags.StringVar(&providers, "providers", "1000,10000", "made-up providers' networks of so many nodes")
	flags.DurationVar(&o.seconds, "time", 300*time.Millisecond, "CPU time for each contestant, graph and round, about")
	flags.IntVar(&o.rounds, "rounds", 3, "the best of so many rounds counts")
	flags.IntVar(&o.sample, "sample", 100, "queries that the slow contestants are asked")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.FieldsFuncSeq(providers, func(r rune) bool { return r == ',' }) {
		nodes, err := strconv.Atoi(text)
		if err != nil {
			return o, fmt.Errorf("providers: %w", err)
		}
		o.providers = append(o.providers, nodes)
	}
	if flags.NArg() > 0 || o.rounds < 1 || o.sample < 1 {
		return o, errors.New("no arguments, and at least one round and query")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1) // one thread for everybody; collecting garbage counts
	work, err := os.MkdirTemp("", "pathcompare")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder left over harms nobody
	programs, err := compile(ctx, work)
	if err != nil {
		return err
	}
	tests, err := collect(o.cases, o.providers, work)
	if err != nil {
		return err
	}
	var rows []row
	for _, t := range tests {
		fmt.Fprintln(os.Stderr, "measuring on", t.name)
		r, err := contest(ctx, t, contestants(programs, o.seconds, o.sample), o.rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		rows = append(rows, r)
	}
	printTable(out, rows)
	printFacts(out, rows)
	return nil
}
