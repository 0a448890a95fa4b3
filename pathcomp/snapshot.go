// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"math"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// snapshot is a network as searches read it: nodes and arcs by number. It is
// never changed; only its caches grow. Snapshots of one topology revision share
// what they have in common.
type snapshot struct {
	*numbering
	serial   uint64 // counts the snapshots of a core
	revision uint64 // of the topology
	as       uint32

	nodes   vector[topology.Node]
	flags   []uint8 // of each node
	links   vector[topology.Link]
	access  []topology.Access
	arcs    vector[arc] // 2 for each link, then 2 for each access
	closed  numberSet   // arcs that no path takes but, maybe, as its last
	through numberSet   // arcs of links that any path may take, there and back
	classes *classes
	books   []*book // by arc
	spare   spare

	igp      *lazy[csp.Graph]         // IGP metrics, by arc
	coRouted *lazy[csp.Solver]        // a link there and back is one arc, of the number of the way there
	directed *lazy[csp.Solver]        // TE metrics, by arc
	pairs    *[8]lazy[csp.PairSolver] // by what they share not
	spf      *spfCache
	whole    *lazy[topology.Network]
}

// numbering says which number a name has. It is shared by all snapshots of one
// topology revision.
type numbering struct {
	nodeOf    map[topology.NodeName]int32
	linkOf    map[string]int32
	accessOf  map[string]int32 // the arc into the network; the way out is the next
	nodeNames []topology.NodeName
	names     []topology.ArcName // of arcs
	rank      []int32            // of each arc in the order of names
	linkArcs  int32              // arcs below it are of links

	// Arcs of links that leave node i are leaving[leavingAt[i]:leavingAt[i+1]],
	// in the order of the network.
	leaving, leavingAt []int32
}

// arc is one reservable direction of a link or access. The other direction of
// a link's arc i is i^1.
type arc struct {
	from, to int32 // the same for an access
	igp, te  uint32
	micros   uint32
	loss     uint32 // in lossUnit
	groups   uint32 // administrative
	down     bool   // or out of use by its metric, or at a node that is down
	kbps     uint64
	total    int64 // may be sold
	shares   *shares
}

// lossUnit is one nanoneper: -log(1-p) adds up where loss does not (RFC 8233
// section 3.1.5 sums loss itself, which is the same for small loss).
const lossUnit = 1e-9

// loss returns what a loss in a million adds to a path, rounded up.
func loss(ppm uint32) uint32 {
	return uint32(min(math.Ceil(-math.Log1p(-float64(ppm)/1e6)/lossUnit), math.MaxUint32))
}

// ppm is the inverse of loss, rounded up.
func ppm(loss uint64) uint32 {
	return uint32(math.Ceil(-math.Expm1(-float64(loss)*lossUnit) * 1e6))
}

// newSnapshot numbers n. Its error joins every reference that is bad.
func newSnapshot(n *topology.Network) (*snapshot, error) {
	s := &snapshot{
		numbering: &numbering{}, revision: n.Revision, as: n.AS,
		nodes: vectorOf(n.Nodes), links: vectorOf(n.Links), access: n.Access, classes: newClasses(),
	}
	if err := errors.Join(s.number(n)...); err != nil {
		return nil, err
	}
	for i := range n.Nodes {
		s.flags = append(s.flags, flagsOf(&n.Nodes[i]))
	}
	arcs := make([]arc, 0, len(s.names))
	for i := range n.Links {
		for d := range 2 {
			arcs = append(arcs, s.linkArc(&n.Links[i], d))
		}
	}
	for i := range n.Access {
		a := &n.Access[i]
		node := s.nodeOf[a.Node]
		one := arc{
			from: node, to: node, micros: a.Micros, down: true, kbps: a.Kbps,
			total: kbit(a.Reservable.Limit(a.Kbps)), shares: s.classes.shares(a.Reservable),
		}
		arcs = append(arcs, one, one)
	}
	s.arcs = vectorOf(arcs)
	none := newNumberSet(s.linkArcs)
	s.closed, s.through = none.fork(), none.fork()
	for i := range s.linkArcs {
		s.closed.set(&none, i, s.isClosed(i))
		s.through.set(&none, i, s.isThrough(i))
	}
	s.sortLeaving()
	s.spf = newSPFCache()
	s.igp, s.coRouted, s.directed = &lazy[csp.Graph]{}, &lazy[csp.Solver]{}, &lazy[csp.Solver]{}
	s.pairs = &[8]lazy[csp.PairSolver]{}
	s.whole = &lazy[topology.Network]{}
	s.whole.made.Store(n)
	return s, nil
}

// linkArc is a direction of a link in s.
func (s *snapshot) linkArc(l *topology.Link, d int) arc {
	ends := [2]int32{s.nodeOf[l.A], s.nodeOf[l.Z]}
	te := l.TEMetric[d]
	if te == 0 {
		te = l.IGPMetric[d]
	}
	return arc{
		from: ends[d], to: ends[1-d], igp: l.IGPMetric[d], te: te, micros: l.Micros[d],
		loss: loss(l.LossPPM[d]), groups: l.AdminGroups,
		// RFC 5305 section 3.7: the largest metric keeps a link out of SPF.
		down: l.Down || l.IGPMetric[d] == topology.MaxMetric || s.nodes.at(ends[0]).Down || s.nodes.at(ends[1]).Down,
		kbps: l.Kbps[d], total: kbit(l.Reservable.Limit(l.Kbps[d])), shares: s.classes.shares(l.Reservable),
	}
}

// limit is what an arc may sell to a class.
func (s *snapshot) limit(i int32, class int) limit {
	a := s.arcs.at(i)
	return a.shares.limit(a.kbps, a.total, class)
}

func (s *snapshot) leave(node int32) []int32 {
	return s.leaving[s.leavingAt[node]:s.leavingAt[node+1]]
}

// ends says that node forwards nothing between routers: a gateway is where
// traffic enters and leaves, never on the way.
func (s *snapshot) ends(node int32) bool { return s.flags[node]&isGateway != 0 }

// What searches ask of nodes, all the time.
const (
	isGateway = 1 << iota
	isShut    // in maintenance
	isDown
)

func flagsOf(n *topology.Node) uint8 {
	var flags uint8
	if n.Role == topology.Gateway {
		flags |= isGateway
	}
	if n.Maintenance {
		flags |= isShut
	}
	if n.Down {
		flags |= isDown
	}
	return flags
}

// network returns the topology as it is in s.
func (s *snapshot) network() *topology.Network {
	return s.whole.get(func() *topology.Network {
		return &topology.Network{Revision: s.revision, AS: s.as, Nodes: s.nodes.all(), Links: s.links.all(), Access: s.access}
	})
}
