// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"cmp"
	"slices"
)

// Corridor finds the nodes on the shortest ways between two nodes. Not safe for
// concurrent use.
type Corridor struct {
	frontier frontier
	found    []Place
}

// Place is a node and its distance to the end of a corridor.
type Place struct {
	Node     uint32
	Distance uint32
}

// Find returns the nodes on the shortest ways from one node to another over the arcs that
// usable (nil: all) lets through, in the order of their numbers; none: there is no way.
// least are distances to the end that no node falls below, by node, and that no arc makes
// fall by more than its own length, such as those of before some arcs were lost: by A*
// (Hart, Nilsson, Raphael, 1968) only nodes are looked at through which the way is no
// longer. The answer is good until the next.
func (c *Corridor) Find(g *Graph, from, to uint32, least []uint32, usable Filter) []Place {
	f := &c.frontier
	if len(f.known) != g.nodes {
		*f = newFrontier(g.nodes)
	}
	f.begin()
	c.found = c.found[:0]
	if least[from] > MaxPath {
		return c.found
	}
	f.reach(from, least[from])
	length := uint32(MaxPath)
	for {
		at, key, ok := f.settle()
		if !ok || key > length {
			break
		}
		if at == to {
			length = key
			c.found = append(c.found, Place{Node: to})
			continue
		}
		distance := uint64(key - least[at])
		for _, e := range g.leaving(at) {
			next := distance + uint64(e.cost) + uint64(least[e.node])
			if next <= uint64(length) && f.nearer(e.node, next) && (usable == nil || usable.Usable(e.arc)) {
				f.reach(e.node, uint32(next)) //nolint:gosec // at most MaxPath
			}
		}
	}
	return c.goBack(g, length, least, usable)
}

// goBack finds the nodes from which shortest arcs lead to those that are found.
func (c *Corridor) goBack(g *Graph, length uint32, least []uint32, usable Filter) []Place {
	f := &c.frontier
	for _, end := range c.found {
		f.known[end.Node] = f.mark | none // found
	}
	for i := 0; i < len(c.found); i++ {
		at := c.found[i]
		for _, e := range g.reaching(at.Node) {
			distance := uint64(at.Distance) + uint64(e.cost)
			reached := uint64(length) + uint64(least[e.node]) - distance // its key, if it is on the way
			if distance > uint64(length) || f.known[e.node] != f.mark|reached || reached > uint64(length) {
				continue
			}
			if usable != nil && !usable.Usable(e.arc) {
				continue
			}
			f.known[e.node] = f.mark | none
			c.found = append(c.found, Place{Node: e.node, Distance: uint32(distance)}) //nolint:gosec // at most length
		}
	}
	slices.SortFunc(c.found, func(a, b Place) int { return cmp.Compare(a.Node, b.Node) })
	return c.found
}
