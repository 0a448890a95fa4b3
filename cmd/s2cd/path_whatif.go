// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// pathWhatIf is what fails or is drained before the search.
type pathWhatIf struct {
	failedLinks, failedNodes, drained []string
}

func (w *pathWhatIf) flags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&w.failedLinks, "fail-link", nil, "`links` that fail before the search")
	fs.StringSliceVar(&w.failedNodes, "fail-node", nil, "`nodes` that fail before the search")
	fs.StringSliceVar(&w.drained, "drain", nil, "`nodes` that take no new paths")
}

// apply makes it known to the core. The error names the flag and what is not in
// the network.
func (w *pathWhatIf) apply(core *pathcomp.Core) error {
	n, u := core.Network(), pathcomp.Update{}
	for _, name := range w.failedLinks {
		l, ok := n.Link(name)
		if !ok {
			return fmt.Errorf("--fail-link: the topology has no link %q", name)
		}
		failed := *l
		failed.Down = true
		u.Links = append(u.Links, failed)
	}
	nodes := map[string]*topology.Node{}
	change := func(flag string, names []string, how func(*topology.Node)) error {
		for _, name := range names {
			was, ok := n.Node(topology.NodeName(name))
			if !ok {
				return fmt.Errorf("--%s: the topology has no node %q", flag, name)
			}
			if nodes[name] == nil {
				is := *was
				nodes[name] = &is
			}
			how(nodes[name])
		}
		return nil
	}
	if err := change("fail-node", w.failedNodes, func(n *topology.Node) { n.Down = true }); err != nil {
		return err
	}
	if err := change("drain", w.drained, func(n *topology.Node) { n.Maintenance = true }); err != nil {
		return err
	}
	for _, is := range nodes {
		u.Nodes = append(u.Nodes, *is)
	}
	return core.Update(u)
}
