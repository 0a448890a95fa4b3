// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/pathcomp"
)

// pathFind is one search by hand.
type pathFind struct {
	file     pathFile
	demand   pathDemand
	pair     pathProtection
	whatIf   pathWhatIf
	igp      bool
	explain  bool
	segments pathSegments
	asJSON   bool
}

func newPathFindCmd(a *app) *cobra.Command {
	p := &pathFind{}
	c := &cobra.Command{
		Use:   "find --topology FILE --from NODE --to NODE --bandwidth RATE [--latency TIME] ...",
		Short: "Find the best path with room that keeps every bound, or say why there is none",
		Args:  usage(cobra.NoArgs),
	}
	p.file.flags(c.Flags())
	p.demand.flags(c.Flags())
	p.pair.flags(c.Flags())
	p.whatIf.flags(c.Flags())
	p.segments.flags(c.Flags())
	c.Flags().BoolVar(&p.igp, "igp", false, "the path that the routers take by themselves: IGP metrics, equal-cost fan")
	c.Flags().BoolVar(&p.explain, "explain", false, "say what else there was, and what is left of the bounds")
	c.Flags().BoolVar(&p.asJSON, "json", false, "print JSON")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := p.check(cmd); err != nil {
			return err
		}
		return p.run(a)
	}
	return c
}

// check finds flags that are missing, and those that do not go together.
func (p *pathFind) check(cmd *cobra.Command) error {
	for _, name := range []string{"topology", "from", "to", "bandwidth"} {
		if !cmd.Flags().Changed(name) {
			return usagef("%s: give --%s", pathOf(cmd), name)
		}
	}
	for _, rule := range []struct {
		broken bool
		names  []string
		format string // of the flag's name
	}{
		{!p.pair.wanted(), []string{"second-from", "second-to"}, "--%s needs --disjoint"},
		{p.pair.wanted(), pairlessFlags(), "--%s does not go with --disjoint: pairs have the least cost within a bound on latency"},
		{p.igp, steeredFlags(), "--%s does not go with --igp: the routers choose the path"},
	} {
		for _, name := range rule.names {
			if rule.broken && cmd.Flags().Changed(name) {
				return usagef("%s: "+rule.format, pathOf(cmd), name)
			}
		}
	}
	return nil
}

func (p *pathFind) run(a *app) error {
	network, err := p.file.load(a)
	if err != nil {
		return err
	}
	core, err := pathcomp.NewCore(network, pathcomp.NewLedger(a.now), a.now)
	if err != nil {
		return p.file.fault(err)
	}
	if err := p.whatIf.apply(core); err != nil {
		return err
	}
	answer, err := p.search(core, p.demand.at(a.now()))
	if err != nil {
		return err
	}
	if p.asJSON {
		err = a.printJSON(answer)
	} else {
		err = answer.write(a.stdout)
	}
	if err == nil && answer.Refusal != nil {
		return errFound
	}
	return err
}

// search asks the core. The error is of the segment lists.
func (p *pathFind) search(core *pathcomp.Core, d pathcomp.Demand) (*pathAnswer, error) {
	answer := &pathAnswer{From: string(d.From.Node), To: string(d.To.Node), Kbps: d.Kbps}
	switch {
	case p.pair.wanted():
		p.pair.search(core, d, answer)
		if p.explain {
			p.pair.explain(core, d, answer)
		}
	case p.explain:
		answer.explain(core, d)
	default:
		answer.find(core, d, p.igp)
	}
	return answer, p.segments.add(core.Network(), answer.Paths)
}
