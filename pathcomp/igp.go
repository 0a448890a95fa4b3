// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"container/heap"
	"math"
	"slices"
)

// unreachable is the distance of nodes without a way to the destination.
const unreachable = math.MaxUint64

// spf holds the distance of every node to one destination, as IS-IS computes it
// (ISO 10589 section C.2, RFC 5305 metrics).
type spf []uint64

// spfTo returns the distances to node, from the cache if they are there.
func (s *snapshot) spfTo(node int32) spf {
	if known := s.spf[node].Load(); known != nil {
		return *known
	}
	dist := s.dijkstraTo(node)
	s.spf[node].Store(&dist)
	return dist
}

func (s *snapshot) dijkstraTo(node int32) spf {
	dist := make(spf, len(s.network.Nodes))
	for i := range dist {
		dist[i] = unreachable
	}
	dist[node] = 0
	queue := distances{{node: node}}
	for len(queue) > 0 {
		at := heap.Pop(&queue).(distance) //nolint:errcheck,forcetypeassert // it holds nothing else
		if at.dist > dist[at.node] || (at.node != node && s.ends(at.node)) {
			continue
		}
		for _, i := range s.reach(at.node) {
			a := &s.arcs[i]
			if d := at.dist + uint64(a.metric); d < dist[a.from] {
				dist[a.from] = d
				heap.Push(&queue, distance{node: a.from, dist: d})
			}
		}
	}
	return dist
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
	if dist[from] == unreachable {
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
		switch {
		case dist[x] > dist[y]:
			return -1
		case dist[x] < dist[y]:
			return 1
		}
		return int(x) - int(y)
	})
	f.micros = s.slowest(dist, to, f.nodes)
	f.path = s.onePath(dist, from, to)
	slices.Sort(f.arcs)
	return f, true
}

// onFan says whether arc a starts a shortest way to the destination.
func (s *snapshot) onFan(dist spf, to, a int32) bool {
	x := &s.arcs[a]
	if x.to != to && s.ends(x.to) || dist[x.to] == unreachable {
		return false
	}
	return dist[x.from] == dist[x.to]+uint64(x.metric)
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

// distance is a node in Dijkstra's queue.
type distance struct {
	node int32
	dist uint64
}

// distances is a heap, nearest first.
type distances []distance

func (d distances) Len() int           { return len(d) }
func (d distances) Less(i, j int) bool { return d[i].dist < d[j].dist }
func (d distances) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *distances) Push(x any)        { *d = append(*d, x.(distance)) } //nolint:errcheck,forcetypeassert // nothing else is pushed
func (d *distances) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
