// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// distances are those to one destination.
type distances interface {
	// of returns that of a node; csp.Unreachable: it has none, or it was not looked at.
	of(node int32) uint32
}

// spf holds the distance of every node to one destination, as IS-IS computes it
// (ISO 10589 section C.2, RFC 5305 metrics).
type spf []uint32

func (d spf) of(node int32) uint32 { return d[node] }

// corridor holds the distances of the nodes on the shortest ways from one node, in the
// order of their numbers.
type corridor []csp.Place

func (c corridor) of(node int32) uint32 {
	i, ok := slices.BinarySearchFunc(c, uint32(node), func(p csp.Place, n uint32) int { return cmp.Compare(p.Node, n) }) //nolint:gosec // number of a node
	if !ok {
		return csp.Unreachable
	}
	return c[i].Distance
}

// over returns the distance from where an arc begins, if the arc is taken.
func over(d distances, a *arc) uint64 {
	dist := d.of(a.to)
	if dist == csp.Unreachable {
		return math.MaxUint64
	}
	return uint64(dist) + uint64(a.igp)
}

// spfCache keeps distances by destination. When a link is lost most are no more what they
// were, and bound what they are now. So what moves can be looked for at once, and only for
// destinations asked for all the time are all distances computed anew.
type spfCache struct {
	mu sync.RWMutex // guards what follows
	to map[int32]spf
	// least are of before. No node is nearer now.
	least map[int32]*formerSPF

	corridors *sync.Pool // of *csp.Corridor
}

type formerSPF struct {
	spf

	asked atomic.Int32
}

// mostCorridors is for how many ways a destination is asked for before all distances to it
// are computed.
const mostCorridors = 128

func newSPFCache() *spfCache {
	return &spfCache{to: map[int32]spf{}, least: map[int32]*formerSPF{}, corridors: &sync.Pool{}}
}

// distances returns those to a node, at least of the nodes on the shortest ways from
// another.
func (s *snapshot) distances(from, to int32) distances {
	s.spf.mu.RLock()
	known, least := s.spf.to[to], s.spf.least[to]
	s.spf.mu.RUnlock()
	switch {
	case known != nil:
		return known
	case least != nil && least.asked.Add(1) <= mostCorridors:
		return s.corridor(from, to, least.spf)
	}
	dist := spf(s.igpGraph().DistancesTo(uint32(to), forwarding{s, to})) //nolint:gosec // number of a node
	s.spf.mu.Lock()
	defer s.spf.mu.Unlock()
	s.spf.to[to] = dist
	delete(s.spf.least, to)
	return dist
}

func (s *snapshot) corridor(from, to int32, least spf) corridor {
	c, ok := s.spf.corridors.Get().(*csp.Corridor)
	if !ok {
		c = &csp.Corridor{}
	}
	defer s.spf.corridors.Put(c)
	return slices.Clone(corridor(c.Find(s.igpGraph(), uint32(from), uint32(to), least, forwarding{s, to}))) //nolint:gosec // numbers of nodes
}

// with returns what is known when arcs are no more what they were: was and is say what one
// is, nil where it is out of service.
func (c *spfCache) with(changed [][2]*arc) *spfCache {
	next := newSPFCache()
	next.corridors = c.corridors
	c.mu.RLock()
	defer c.mu.RUnlock()
	for node, dist := range c.to {
		switch {
		case dist.nearer(changed):
		case dist.needed(changed):
			next.least[node] = &formerSPF{spf: dist}
		default:
			next.to[node] = dist
		}
	}
	for node, former := range c.least {
		if !former.nearer(changed) {
			next.least[node] = &formerSPF{spf: former.spf}
		}
	}
	return next
}

// nearer says whether a node may be nearer by what has changed.
func (d spf) nearer(changed [][2]*arc) bool {
	return slices.ContainsFunc(changed, func(x [2]*arc) bool {
		is := x[1]
		return is != nil && over(d, is) < uint64(d[is.from])
	})
}

// needed says whether an arc that has changed may have been needed.
func (d spf) needed(changed [][2]*arc) bool {
	return slices.ContainsFunc(changed, func(x [2]*arc) bool {
		was := x[0]
		return was != nil && d[was.from] != csp.Unreachable && over(d, was) == uint64(d[was.from])
	})
}
