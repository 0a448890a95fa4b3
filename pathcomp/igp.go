// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// spf holds the distance of every node to one destination, as IS-IS computes it
// (ISO 10589 section C.2, RFC 5305 metrics).
type spf []uint32

// spfTo returns the distances to node, from the cache if they are there.
func (s *snapshot) spfTo(node int32) spf {
	if known := s.spf[node].Load(); known != nil {
		return *known
	}
	dist := spf(s.metrics().DistancesTo(uint32(node), forwarding{s, node})) //nolint:gosec // number of a node
	s.spf[node].Store(&dist)
	return dist
}

// newMetrics numbers the arcs in service as in leaving, at their IGP metrics.
func (s *snapshot) newMetrics() *csp.Graph {
	arcs := make([]csp.Arc, len(s.leaving))
	for i, n := range s.leaving {
		a := &s.arcs[n]
		arcs[i] = csp.Arc{From: uint32(a.from), To: uint32(a.to), Cost: a.metric} //nolint:gosec // numbers of nodes
	}
	return mustGraph(len(s.network.Nodes), arcs)
}

// mustGraph makes a graph of nodes that were numbered here.
func mustGraph(nodes int, arcs []csp.Arc) *csp.Graph {
	g, err := csp.NewGraph(nodes, arcs)
	if err != nil {
		panic(err)
	}
	return g
}

// forwarding lets traffic to a destination through all nodes that forward.
type forwarding struct {
	*snapshot
	to int32
}

// Usable implements csp.Filter.
func (f forwarding) Usable(i uint32) bool {
	next := f.arcs[f.leaving[i]].to
	return next == f.to || !f.ends(next)
}

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
			if next := s.arcs[a].to; !seen[next] {
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
	x := &s.arcs[a]
	if x.to != to && s.ends(x.to) || dist[x.to] == csp.Unreachable {
		return false
	}
	return uint64(dist[x.from]) == uint64(dist[x.to])+uint64(x.metric)
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
					last = max(last, uint64(s.arcs[a].micros)+worst[s.arcs[a].to])
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
				at = s.arcs[a].to
				break
			}
		}
		path = append(path, at)
	}
	return path
}
