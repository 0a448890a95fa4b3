// SPDX-License-Identifier: Apache-2.0

// Command s2cload measures the daemon under an open load: creates, checks and
// reads over TLS on a made-up network, with simulated routers behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/s2cd/s2cd/lab/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // whoever reads may leave; what was started is ended all the same
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "s2cload:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == load.RoutersCommand {
		return load.Routers(ctx, args[1:])
	}
	o, asJSON, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2)) // a thread that looks for work takes it from the daemon
	results, err := load.Bench(ctx, o)
	write := load.WriteTable
	if asJSON {
		write = load.WriteJSON
	}
	return errors.Join(err, write(os.Stdout, results), load.Wrong(results))
}

func parse(args []string) (o load.Options, asJSON bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, false, fmt.Errorf("find own program: %w", err)
	}
	o.Say = os.Stderr
	fs := flag.NewFlagSet("s2cload", flag.ContinueOnError)
	fs.StringVar(&o.Bin, "bin", filepath.Dir(self), "folder of s2cd and s2cload")
	fs.IntVar(&o.Plan.Nodes, "nodes", 1000, "routers of the network")
	fs.IntVar(&o.Plan.PEs, "pes", 24, "PEs among them, each a simulated device")
	fs.IntVar(&o.Plan.Tenants, "tenants", 100, "customers")
	fs.IntVar(&o.Plan.Sites, "sites", 80, "access points a customer")
	fs.Uint64Var(&o.Plan.Seed, "seed", 1, "the same gives the same network and requests")
	fs.IntVar(&o.Connections, "connections", 128, "connections that are kept")
	for _, p := range []struct {
		into  *load.Phase
		name  string
		rate  int
		time  time.Duration
		limit time.Duration
	}{
		{&o.Create, "create", 500, time.Minute, 50 * time.Millisecond},
		{&o.Check, "check", 500, 20 * time.Second, 10 * time.Millisecond},
		{&o.Read, "read", 5000, 20 * time.Second, 10 * time.Millisecond},
		{&o.List, "list", 250, 20 * time.Second, 0},
	} {
		fs.IntVar(&p.into.Rate, p.name+"-rate", p.rate, "calls a second")
		fs.DurationVar(&p.into.Time, p.name+"-time", p.time, "how long")
		p.into.Limit = p.limit
	}
	fs.StringVar(&o.Profiles, "profiles", "", "folder for CPU profiles of the daemon, one a phase")
	fs.BoolVar(&o.Keep, "keep", false, "leave logs and store")
	fs.BoolVar(&asJSON, "json", false, "print JSON, one line a phase")
	if err := fs.Parse(args); err != nil {
		return o, false, err
	}
	for _, p := range []load.Phase{o.Create, o.Check, o.Read, o.List} {
		if p.Rate < 1 || p.Time <= 0 {
			return o, false, errors.New("rates and times must be above 0")
		}
	}
	return o, asJSON, nil
}
