// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// changes gathers what links and nodes of a network become, each once.
type changes struct {
	of      *topology.Network
	news    pathcomp.Update
	unknown func(kind, name string) error // what is said of a link or node that there is not
}

// links changes those of these names.
func (c *changes) links(names []string, how func(l *topology.Link)) error {
	for _, name := range names {
		if err := c.link(name, how); err != nil {
			return err
		}
	}
	return nil
}

// rates changes links by a rate of each.
func (c *changes) rates(list []northbound.LinkRate, how func(l *topology.Link, kbps [2]uint64)) error {
	for _, one := range list {
		if err := c.link(one.Link, func(l *topology.Link) { how(l, one.Kbps) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *changes) link(name string, how func(l *topology.Link)) error {
	i := slices.IndexFunc(c.news.Links, func(l topology.Link) bool { return l.Name == name })
	if i < 0 {
		was, ok := c.of.Link(name)
		if !ok {
			return c.unknown("link", name)
		}
		i, c.news.Links = len(c.news.Links), append(c.news.Links, *was)
	}
	how(&c.news.Links[i])
	return nil
}

// nodes changes those of these names.
func (c *changes) nodes(names []topology.NodeName, how func(n *topology.Node)) error {
	for _, name := range names {
		i := slices.IndexFunc(c.news.Nodes, func(n topology.Node) bool { return n.Name == name })
		if i < 0 {
			was, ok := c.of.Node(name)
			if !ok {
				return c.unknown("node", string(name))
			}
			i, c.news.Nodes = len(c.news.Nodes), append(c.news.Nodes, *was)
		}
		how(&c.news.Nodes[i])
	}
	return nil
}

// firstOf returns the first error that is one.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// What links and nodes become.

func fail(l *topology.Link) { l.Down = true }

func failNode(n *topology.Node) { n.Down = true }

func drain(n *topology.Node) { n.Maintenance = true }

func setRate(l *topology.Link, kbps [2]uint64) { l.Kbps = kbps }

func addRate(l *topology.Link, kbps [2]uint64) {
	l.Kbps = [2]uint64{l.Kbps[0] + kbps[0], l.Kbps[1] + kbps[1]}
}
