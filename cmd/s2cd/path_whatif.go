// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/pathcomp"
)

// pathWhatIf is what fails, is drained or carries more before the search.
type pathWhatIf struct {
	failedLinks, failedNodes, drained []string
	set, add                          linkRates
}

func (w *pathWhatIf) flags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&w.failedLinks, "fail-link", nil, "`links` that fail before the search")
	fs.StringSliceVar(&w.failedNodes, "fail-node", nil, "`nodes` that fail before the search")
	fs.StringSliceVar(&w.drained, "drain", nil, "`nodes` that take no new paths")
	capacityFlags(fs, &w.set, &w.add)
}

// apply makes it known to the core. The error says what is not in the network.
func (w *pathWhatIf) apply(core *pathcomp.Core) error {
	c := changes{of: core.Network(), unknown: func(kind, name string) error {
		return fmt.Errorf("the topology has no %s %q", kind, name)
	}}
	of := func(flag string, err error) error {
		if err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		return nil
	}
	err := firstOf(
		of("fail-link", c.links(w.failedLinks, fail)),
		of("set-capacity", c.rates(w.set, setRate)),
		of("add-capacity", c.rates(w.add, addRate)),
		of("fail-node", c.nodes(nodeNames(w.failedNodes), failNode)),
		of("drain", c.nodes(nodeNames(w.drained), drain)),
	)
	if err != nil {
		return err
	}
	return core.Update(c.news)
}
