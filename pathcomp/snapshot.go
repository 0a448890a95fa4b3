// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// snapshot is a network as the search reads it: nodes and arcs by number,
// adjacency in compressed rows. It is never changed; only its caches grow.
type snapshot struct {
	network *topology.Network
	nodes   map[topology.NodeName]int32
	access  map[string]int32 // the arc into the network; the way out is the next
	arcs    []arc            // 2 for each link, then 2 for each access
	books   []*book          // by arc

	// Arcs of links in service that leave node i are
	// leaving[leavingAt[i]:leavingAt[i+1]], in the order of the network.
	leaving, leavingAt []int32

	// What follows is made when first asked for.

	metrics func() *csp.Graph     // arcs as in leaving
	solver  func() *csp.Solver    // pairs of arcs, there and back, as in leaving
	spf     []atomic.Pointer[spf] // by destination
	limits  sync.Map              // class to []limit, by arc
}

// limitsOf returns every arc's limits for a class.
func (s *snapshot) limitsOf(class string) []limit {
	if known, ok := s.limits.Load(class); ok {
		return known.([]limit) //nolint:errcheck,forcetypeassert // it holds nothing else
	}
	limits := make([]limit, len(s.arcs))
	for i := range s.arcs {
		limits[i] = s.arcs[i].capacity.limit(class)
	}
	s.limits.Store(class, limits)
	return limits
}

// arc is one reservable direction of a link or access.
type arc struct {
	name     topology.ArcName
	from, to int32 // the same for an access
	metric   uint32
	micros   uint32
	down     bool // or not used by the IGP
	capacity capacity
}

// newSnapshot numbers n. Its error joins every reference that is bad.
func newSnapshot(n *topology.Network) (*snapshot, error) {
	s := &snapshot{
		network: n,
		nodes:   make(map[topology.NodeName]int32, len(n.Nodes)),
		access:  make(map[string]int32, len(n.Access)),
		arcs:    make([]arc, 0, 2*len(n.Links)+2*len(n.Access)),
		spf:     make([]atomic.Pointer[spf], len(n.Nodes)),
	}
	var faults []error
	for i, node := range n.Nodes {
		if _, twice := s.nodes[node.Name]; twice {
			faults = append(faults, fmt.Errorf("node %s: named twice", node.Name))
		}
		s.nodes[node.Name] = int32(i)
	}
	named := map[topology.ArcName]bool{}
	for i := range n.Links {
		faults = append(faults, s.addLink(&n.Links[i], named)...)
	}
	for i := range n.Access {
		faults = append(faults, s.addAccess(&n.Access[i], named)...)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	s.sortLeaving()
	s.metrics = sync.OnceValue(s.newMetrics)
	s.solver = sync.OnceValue(s.newSolver)
	return s, nil
}

func (s *snapshot) addLink(l *topology.Link, named map[topology.ArcName]bool) []error {
	var faults []error
	a, okA := s.nodes[l.A]
	if !okA {
		faults = append(faults, fmt.Errorf("link %s: unknown node %q", l.Name, l.A))
	}
	z, okZ := s.nodes[l.Z]
	if !okZ {
		faults = append(faults, fmt.Errorf("link %s: unknown node %q", l.Name, l.Z))
	}
	ends := [2]int32{a, z}
	for d := range 2 {
		name := topology.LinkArc(l.Name, d)
		if d == 0 && named[name] {
			faults = append(faults, fmt.Errorf("link %s: named twice", l.Name))
		}
		named[name] = true
		// Equal-cost ways over links of metric 0 could go round in circles.
		if l.IGPMetric[d] == 0 || l.IGPMetric[d] > topology.MaxMetric {
			faults = append(faults, fmt.Errorf("link %s: IGP metric %d is not in 1..%d", l.Name, l.IGPMetric[d], topology.MaxMetric))
		}
		s.arcs = append(s.arcs, arc{
			name: name, from: ends[d], to: ends[1-d], metric: l.IGPMetric[d], micros: l.Micros[d],
			// RFC 5305 section 3.7: the largest metric keeps a link out of SPF.
			down:     l.Down || l.IGPMetric[d] == topology.MaxMetric,
			capacity: capacity{kbps: l.Kbps[d], shares: l.Reservable},
		})
	}
	return faults
}

func (s *snapshot) addAccess(a *topology.Access, named map[topology.ArcName]bool) []error {
	var faults []error
	node, ok := s.nodes[a.Node]
	if !ok {
		faults = append(faults, fmt.Errorf("access %s: unknown node %q", a.Name, a.Node))
	}
	if named[topology.AccessArc(a.Name, 0)] {
		faults = append(faults, fmt.Errorf("access %s: named twice", a.Name))
	}
	s.access[a.Name] = int32(len(s.arcs)) //nolint:gosec // arcs are few
	for d := range 2 {
		name := topology.AccessArc(a.Name, d)
		named[name] = true
		s.arcs = append(s.arcs, arc{
			name: name, from: node, to: node, micros: a.Micros, down: true,
			capacity: capacity{kbps: a.Kbps, shares: a.Reservable},
		})
	}
	return faults
}

// sortLeaving sorts the arcs in service by the node they leave.
func (s *snapshot) sortLeaving() {
	at := make([]int32, len(s.network.Nodes)+1)
	for i := range s.arcs {
		if a := &s.arcs[i]; !a.down {
			at[a.from+1]++
		}
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	next := slices.Clone(at)
	s.leaving, s.leavingAt = make([]int32, at[len(at)-1]), at
	for i := range s.arcs {
		if a := &s.arcs[i]; !a.down {
			s.leaving[next[a.from]] = int32(i)
			next[a.from]++
		}
	}
}

func (s *snapshot) leave(node int32) []int32 {
	return s.leaving[s.leavingAt[node]:s.leavingAt[node+1]]
}

// ends says that node forwards nothing between routers: a gateway is where
// traffic enters and leaves, never on the way.
func (s *snapshot) ends(node int32) bool {
	return s.network.Nodes[node].Role == topology.Gateway
}
