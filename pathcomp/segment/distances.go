// SPDX-License-Identifier: Apache-2.0

package segment

import "sync"

// Distances answers least IGP metrics. Safe for concurrent use.
type Distances interface {
	// To returns the distance of every node to one, by number, over arcs of the
	// IGP and through nodes that forward transit traffic; csp.Unreachable where
	// there is no way. Nobody changes what it returns.
	To(node uint32) []uint32
}

// mostCached bounds the memory of a cache, in bytes.
const mostCached = 64 << 20

// cache computes distances and keeps them in two generations. What is asked for
// moves to the young one; when that is full, the old one is forgotten.
type cache struct {
	view View
	most int // destinations in a generation

	mu         sync.Mutex // guards what follows
	young, old map[uint32][]uint32
}

func newCache(v View, bytes int) *cache {
	return &cache{view: v, most: max(1, bytes/2/(4*max(1, len(v.Nodes)))), young: map[uint32][]uint32{}}
}

// To implements Distances. Several callers may compute the same at once, and
// find the same.
func (c *cache) To(node uint32) []uint32 {
	dist := c.known(node)
	if dist == nil {
		dist = c.view.Graph.DistancesTo(node, forwarding{c.view, node})
		c.keep(node, dist)
	}
	return dist
}

// known returns nil for what is not there.
func (c *cache) known(node uint32) []uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	dist, ok := c.young[node]
	if !ok {
		if dist, ok = c.old[node]; ok {
			c.add(node, dist)
		}
	}
	return dist
}

func (c *cache) keep(node uint32, dist []uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(node, dist)
}

// add needs mu.
func (c *cache) add(node uint32, dist []uint32) {
	if len(c.young) >= c.most {
		c.young, c.old = map[uint32][]uint32{}, c.young
	}
	c.young[node] = dist
}

// forwarding lets traffic to a destination through nodes that forward it.
type forwarding struct {
	view View
	to   uint32
}

// Usable implements csp.Filter.
func (f forwarding) Usable(arc uint32) bool {
	next := f.view.Graph.Arc(arc).To
	return f.view.Arcs[arc].IGP && (next == f.to || f.view.Nodes[next].Transit)
}
