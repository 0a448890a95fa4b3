// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// spf holds the distance of every node to one destination, as IS-IS computes it
// (ISO 10589 section C.2, RFC 5305 metrics).
type spf []uint32

// spfCache keeps distances by destination.
type spfCache struct {
	mu sync.RWMutex // guards to
	to map[int32]spf
}

func newSPFCache() *spfCache { return &spfCache{to: map[int32]spf{}} }

// spfTo returns the distances to node, from the cache if they are there.
func (s *snapshot) spfTo(node int32) spf {
	s.spf.mu.RLock()
	known := s.spf.to[node]
	s.spf.mu.RUnlock()
	if known != nil {
		return known
	}
	dist := spf(s.igpGraph().DistancesTo(uint32(node), forwarding{s, node})) //nolint:gosec // number of a node
	s.spf.mu.Lock()
	s.spf.to[node] = dist
	s.spf.mu.Unlock()
	return dist
}

// with returns the distances that are the same when an arc is no more what it
// was: was and is say what it is, nil where it is out of service.
func (c *spfCache) with(changed [][2]*arc) *spfCache {
	next := newSPFCache()
	c.mu.RLock()
	defer c.mu.RUnlock()
next:
	for node, dist := range c.to {
		for _, x := range changed {
			if was := x[0]; was != nil && dist.over(was) == uint64(dist[was.from]) && dist[was.from] != csp.Unreachable {
				continue next // it may have been needed
			}
			if is := x[1]; is != nil && dist.over(is) < uint64(dist[is.from]) {
				continue next // it is a shorter way
			}
		}
		next.to[node] = dist
	}
	return next
}

// over returns the distance from where an arc begins, if the arc is taken.
func (d spf) over(a *arc) uint64 {
	if d[a.to] == csp.Unreachable {
		return math.MaxUint64
	}
	return uint64(d[a.to]) + uint64(a.igp)
}

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
	arcs   []int32 // sorted
	nodes  []int32 // from far to near
	path   []int32 // one way, as nodes
	micros uint64  // of the slowest way
}

// fan returns the ways from one node to another; false: there is none.
func (s *snapshot) fan(from, to int32) (fan, bool) {
	dist := s.spfTo(to)
	if dist[from] == csp.Unreachable {
		return fan{}, false
	}
	f := fan{nodes: []int32{from}}
	seen := map[int32]bool{from: true}
	for i := 0; i < len(f.nodes); i++ {
		for _, a := range s.leave(f.nodes[i]) {
			if !s.onFan(dist, to, a) {
				continue
			}
			f.arcs = append(f.arcs, a)
			if next := s.arcs.at(a).to; !seen[next] {
				seen[next] = true
				f.nodes = append(f.nodes, next)
			}
		}
	}
	// Metrics are positive: nearer nodes are done before those that need them.
	slices.SortFunc(f.nodes, func(x, y int32) int {
		return cmp.Or(cmp.Compare(dist[y], dist[x]), cmp.Compare(x, y))
	})
	f.micros = s.slowest(dist, to, f.nodes)
	f.path = s.onePath(dist, from, to)
	slices.Sort(f.arcs)
	return f, true
}

// onFan says whether arc a starts a shortest way to the destination.
func (s *snapshot) onFan(dist spf, to, a int32) bool {
	x := s.arcs.at(a)
	if x.down || x.to != to && s.ends(x.to) {
		return false
	}
	return uint64(dist[x.from]) == dist.over(x)
}

// slowest returns the latency of the slowest way of a fan.
func (s *snapshot) slowest(dist spf, to int32, nodes []int32) uint64 {
	worst := make(map[int32]uint64, len(nodes))
	var last uint64
	for i := len(nodes) - 1; i >= 0; i-- {
		last = 0
		if nodes[i] != to {
			for _, a := range s.leave(nodes[i]) {
				if s.onFan(dist, to, a) {
					last = max(last, uint64(s.arcs.at(a).micros)+worst[s.arcs.at(a).to])
				}
			}
		}
		worst[nodes[i]] = last
	}
	return last
}

// onePath follows the first of the next hops, in the order of the network.
func (s *snapshot) onePath(dist spf, from, to int32) []int32 {
	path := []int32{from}
	for at := from; at != to; {
		for _, a := range s.leave(at) {
			if s.onFan(dist, to, a) {
				at = s.arcs.at(a).to
				break
			}
		}
		path = append(path, at)
	}
	return path
}
