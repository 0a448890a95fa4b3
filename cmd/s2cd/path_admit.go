// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// pathAdmit measures admissions.
type pathAdmit struct {
	cases   pathCases
	nodes   int
	seed    uint64
	kbps    uint64
	keep    int
	most    int
	workers int
	callers int
	about   time.Duration
	store   string // folder; "": one that is removed
	igp     bool
	fresh   bool
}

// admitReport is one line of numbers.
type admitReport struct {
	Graph    string               `json:"graph"`
	Nodes    int                  `json:"nodes"`
	Links    int                  `json:"links"`
	Queries  int                  `json:"queries"` // that have an answer; the others are passed over
	Kbps     uint64               `json:"kbps"`    // of a session, each way
	OneCore  pathbench.Admissions `json:"oneCore"`
	AllCores pathbench.Admissions `json:"allCores"`
	Store    storeAdmissions      `json:"store"`
}

func newPathAdmitCmd(a *app) *cobra.Command {
	p := &pathAdmit{kbps: 100}
	c := &cobra.Command{
		Use:   "admit-bench [--graph FILE --queries FILE | --nodes N] [--igp] [--seconds N] [--store DIR]",
		Short: "Measure admissions in memory and through the store, and sweep for over-booking",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(cmd); err != nil {
				return err
			}
			return p.run(cmd.Context(), a)
		},
	}
	c.Flags().StringVar(&p.cases.graph, "graph", "", "`file` as for bench; without one a network is made up")
	c.Flags().StringVar(&p.cases.queries, "queries", "", "`file` as for bench; bounds are on one way")
	c.Flags().IntVar(&p.nodes, "nodes", 1000, "`number` of nodes of the made-up network")
	c.Flags().Uint64Var(&p.seed, "seed", 1, "`number` that windows and a made-up network follow from")
	c.Flags().Var(&textFlag[uint64]{to: &p.kbps, kind: "rate", parse: inventory.ParseRate, text: "100kbps"}, "bandwidth",
		"of a session, each way; where there is no room for it, what is measured is refusals")
	c.Flags().IntVar(&p.keep, "keep", 10_000, "`number` of sessions held at most in memory; then all are given back, off the clock")
	c.Flags().IntVar(&p.most, "most", 0, "`number` of sessions asked for after which each measurement ends all the same; 0: any")
	c.Flags().IntVar(&p.workers, "workers", runtime.GOMAXPROCS(0), "`number` of searches at the same time, in memory on all cores")
	c.Flags().IntVar(&p.callers, "callers", 256, "`number` of orders at the same time, through the store")
	c.Flags().StringVar(&p.store, "store", "", "`folder` for the store, which must hold none yet; else a temporary one")
	c.Flags().BoolVar(&p.igp, "igp", false, "on the paths that the routers take by themselves, as orders are in a network that is not steered")
	c.Flags().BoolVar(&p.fresh, "fresh", false, "with bounds that were not asked for before, so that each path is searched for and none remembered")
	secondsFlag(c, &p.about)
	return c
}

// search is how the core is asked.
func (p *pathAdmit) search(core *pathcomp.Core) pathbench.Search {
	if p.igp {
		return core.Search
	}
	return core.Steer
}

func (p *pathAdmit) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case given("graph") != given("queries"):
		return usagef("%s: --graph and --queries go together", pathOf(cmd))
	case given("graph") && given("nodes"):
		return usagef("%s: --nodes is for a network that is made up, without --graph", pathOf(cmd))
	}
	for name, n := range map[string]int{"keep": p.keep, "workers": p.workers, "callers": p.callers} {
		if n < 1 || n > 1_000_000 {
			return usagef("%s: --%s %d is not in 1..1000000", pathOf(cmd), name, n)
		}
	}
	return nil
}

func (p *pathAdmit) run(ctx context.Context, a *app) error {
	name, g, queries, err := p.traffic()
	if err != nil {
		return err
	}
	network, err := a.networkOf(name, g)
	if err != nil {
		return err
	}
	traffic := &pathbench.Traffic{Network: network, Queries: queries, Kbps: p.kbps, Start: a.now(), Seed: p.seed, Fresh: p.fresh}
	if _, err := p.core(ctx, a, traffic); err != nil { // leaves the queries that have an answer
		return fmt.Errorf("%s: %w", name, err)
	}
	r := admitReport{Graph: name, Nodes: g.Nodes, Links: len(traffic.Network.Links), Queries: len(traffic.Queries), Kbps: p.kbps}
	cores := runtime.GOMAXPROCS(1)
	r.OneCore, err = p.inMemory(ctx, a, traffic, 1)
	runtime.GOMAXPROCS(cores)
	if err != nil {
		return err
	}
	if r.AllCores, err = p.inMemory(ctx, a, traffic, p.workers); err != nil {
		return err
	}
	if r.Store, err = p.inStore(ctx, a, traffic); err != nil {
		return err
	}
	if err := a.printLine(r); err != nil {
		return err
	}
	if r.OneCore.OverbookedLinkSeconds+r.AllCores.OverbookedLinkSeconds+r.Store.OverbookedLinkSeconds > 0 {
		return errFound
	}
	return nil
}

// traffic returns graph and queries, from files or made up.
func (p *pathAdmit) traffic() (name string, g *pathbench.Graph, queries []pathbench.Query, err error) {
	if p.cases.graph != "" {
		g, queries, err = p.cases.load()
		return p.cases.name(), g, queries, err
	}
	provider, err := pathbench.NewProvider(p.nodes, p.seed)
	if err != nil {
		return "", nil, nil, fmt.Errorf("--nodes: %w", err)
	}
	queries, err = provider.Queries(1000, p.seed)
	return fmt.Sprintf("provider%d", p.nodes), provider.Graph, queries, err
}

// inMemory admits in a core of its own.
func (p *pathAdmit) inMemory(ctx context.Context, a *app, traffic *pathbench.Traffic, workers int) (out pathbench.Admissions, err error) {
	core, err := p.core(ctx, a, traffic)
	if err != nil {
		return out, err
	}
	admitting := pathbench.Admitting{
		Search: p.search(core), Ledger: core.Ledger(), Traffic: traffic, Workers: workers, About: p.about, Most: p.most, Keep: p.keep,
		Clocks: pathbench.Clocks{Wall: a.now, CPU: pathbench.ProcessTime},
	}
	if out, err = admitting.Run(); err != nil {
		return out, fmt.Errorf("admit in memory: %w", err)
	}
	return out, nil
}

// core returns an empty one that is ready for the traffic.
func (p *pathAdmit) core(ctx context.Context, a *app, traffic *pathbench.Traffic) (*pathcomp.Core, error) {
	core, err := pathcomp.NewCore(traffic.Network, pathcomp.NewLedger(a.now), a.now)
	if err != nil {
		return nil, err
	}
	if err := traffic.Prepare(ctx, core, p.search(core)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, errors.New("stopped")
	}
	return core, nil
}
