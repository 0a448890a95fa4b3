// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// forwarding lets traffic to a destination through all nodes that forward.
type forwarding struct {
	*snapshot
	to int32
}

// Usable implements csp.Filter.
func (f forwarding) Usable(i uint32) bool { return f.open(i, uint32(f.to)) } //nolint:gosec // number of a node

// fan is every way that flows between two nodes may take: the routers spread
// flows over all next hops of equal cost.
type fan struct {
	arcs []int32 // each once
	hops []hop   // nodes, from far to near
}

// hop is a node that a fan leads over.
type hop struct {
	node   int32
	dist   uint32 // to the destination
	next   int32  // first of the next hops, in the order of the network
	micros uint64 // of the slowest way that leads here
	loss   uint64 // of the way here that loses most, in lossUnit
}

const usualHops = 24 // room for that many is made at once

// fan returns the ways from one node to another; false: there is none. Metrics
// are positive: what leads to a node is farther, and so is done before it.
func (s *snapshot) fan(from, to int32) (fan, bool) {
	dist := s.distances(from, to)
	length := dist.of(from)
	if length == csp.Unreachable {
		return fan{}, false
	}
	f := fan{arcs: make([]int32, 0, usualHops), hops: append(make([]hop, 0, usualHops), hop{node: from, dist: length, next: noNode})}
	for i := 0; i < len(f.hops); i++ {
		at := f.hops[i]
		for _, n := range s.leave(at.node) {
			a := s.arcs.at(n)
			if !s.onFan(dist, at.dist, to, a) {
				continue
			}
			f.arcs = append(f.arcs, n)
			f.reach(hop{
				node: a.to, dist: dist.of(a.to), next: noNode, micros: at.micros + uint64(a.micros), loss: at.loss + uint64(a.loss),
			})
			if f.hops[i].next == noNode {
				f.hops[i].next = a.to
			}
		}
	}
	return f, true
}

// noNode is the number of none.
const noNode = -1

// reach adds a hop, or a worse way to one that is there, behind those that are
// farther.
func (f *fan) reach(h hop) {
	i := len(f.hops)
	for i > 0 && (f.hops[i-1].dist < h.dist || f.hops[i-1].dist == h.dist && f.hops[i-1].node > h.node) {
		i--
	}
	if known := &f.hops[i-1]; known.node == h.node {
		known.micros, known.loss = max(known.micros, h.micros), max(known.loss, h.loss)
		return
	}
	f.hops = slices.Insert(f.hops, i, h)
}

// micros is the latency of the slowest way.
func (f *fan) micros() uint64 { return f.hops[len(f.hops)-1].micros }

// loss is that of the way that loses most.
func (f *fan) loss() uint64 { return f.hops[len(f.hops)-1].loss }

// path follows the first of the next hops, as nodes.
func (f *fan) path() []int32 {
	path := make([]int32, 0, len(f.hops))
	next := f.hops[0].node
	for _, h := range f.hops {
		if h.node == next {
			path, next = append(path, h.node), h.next
		}
	}
	return path
}

// shutOn returns the nodes of a fan that are in maintenance.
func (s *snapshot) shutOn(f *fan) []int32 {
	var shut []int32
	for _, h := range f.hops {
		if s.flags[h.node]&isShut != 0 {
			shut = append(shut, h.node)
		}
	}
	return shut
}

// onFan says whether an arc starts a shortest way to the destination, from a node that is
// so far from there.
func (s *snapshot) onFan(dist distances, far uint32, to int32, a *arc) bool {
	return !a.down && (a.to == to || !s.ends(a.to)) && uint64(far) == over(dist, a)
}
