// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// draft is a network as a file describes it: names not made to fit, gaps open.
type draft struct {
	nodes []node
	index map[string]int // of nodes, by id
	links []link
}

// node is one of a draft. A zero value is not given.
type node struct {
	id, name  string // links refer to the id; without a name it is the name too
	line      int
	role      topology.Role
	platform  string
	loopback  netip.Addr
	location  [2]float64 // latitude, longitude in degrees
	located   bool
	down      bool
	maintains bool // no new paths through it
}

// way is one direction of a link. A zero value is not given.
type way struct {
	kbps       uint64
	reservable uint64 // kbit/s of them that may be sold
	limited    bool   // reservable is given
	micros     uint32
	igpMetric  uint32
	teMetric   uint32
	lossPPM    uint32
}

// link is one of a draft.
type link struct {
	name   string // empty: after its ends
	line   int
	a, z   string // ids of nodes
	ways   [2]way // A to Z, Z to A
	srlgs  []uint32
	groups uint32 // administrative groups
	down   bool
}

// addNode enters a node unless its id is there already.
func (d *draft) addNode(n node, rep *report) {
	if n.id == "" {
		rep.fault(n.line, 0, "a node without an id")
		return
	}
	if first, twice := d.index[n.id]; twice {
		rep.fault(n.line, 0, "node %q is described twice, first in line %d", n.id, d.nodes[first].line)
		return
	}
	if d.index == nil {
		d.index = map[string]int{}
	}
	d.index[n.id] = len(d.nodes)
	d.nodes = append(d.nodes, n)
}

// network makes the topology, with the gaps filled by o.
func (d *draft) network(o Options, rep *report) *topology.Network {
	if len(d.nodes) == 0 {
		rep.fault(0, 0, "no nodes")
		return nil
	}
	n := &topology.Network{Nodes: d.topologyNodes(o, rep)}
	d.joined(n, rep)
	filler := filler{options: o, report: rep, factor: cmp.Or(o.RouteFactor, defaultRouteFactor)}
	for i := range n.Links {
		filler.link(d, &d.links[i], &n.Links[i])
	}
	filler.missing()
	return n
}

func (d *draft) topologyNodes(o Options, rep *report) []topology.Node {
	wanted := make([]string, len(d.nodes))
	for i, n := range d.nodes {
		wanted[i] = cmp.Or(n.name, n.id)
	}
	names := uniqueNames(wanted, "", "node")
	loopbacks := map[netip.Addr]bool{}
	out := make([]topology.Node, len(d.nodes))
	for i, n := range d.nodes {
		name := topology.NodeName(names[i])
		if names[i] != wanted[i] {
			rep.note(n.line, "nodes renamed", wanted[i]+" to "+names[i])
		}
		loopback := n.loopback
		unusable := loopback.IsUnspecified() || loopback.IsMulticast() || loopback.IsLoopback()
		if loopback.IsValid() && (unusable || loopbacks[loopback]) {
			rep.note(n.line, "router ids passed over that are no address or another node's", names[i])
			loopback = netip.Addr{}
		}
		loopbacks[loopback] = true
		out[i] = topology.Node{
			Name: name, Role: cmp.Or(n.role, o.roleOf(name)), Platform: n.platform, Loopback: loopback,
			Maintenance: n.maintains, Down: n.down, Location: n.location,
		}
	}
	return out
}

// joined makes the links of n, whose nodes are those of d in the same order. d
// keeps those links only that have an end at two nodes.
func (d *draft) joined(n *topology.Network, rep *report) {
	kept := d.links[:0]
	for _, l := range d.links {
		a, okA := d.index[l.a]
		z, okZ := d.index[l.z]
		switch {
		case !okA || !okZ:
			rep.fault(l.line, 0, "link %s: no node has the id %q", l.title(), unknown(l.a, l.z, okA))
		case a == z:
			rep.note(l.line, "links passed over that lead back to their node", l.title())
		default:
			kept = append(kept, l)
			n.Links = append(n.Links, topology.Link{A: n.Nodes[a].Name, Z: n.Nodes[z].Name})
		}
	}
	d.links = kept
	wanted := make([]string, len(kept))
	for i, l := range kept {
		wanted[i] = cmp.Or(l.name, string(n.Links[i].A)+"-"+string(n.Links[i].Z))
	}
	names := uniqueNames(wanted, ":/", "link")
	for i, l := range kept {
		n.Links[i].Name = names[i]
		if l.name != "" && names[i] != l.name {
			rep.note(l.line, "links renamed", l.name+" to "+names[i])
		}
	}
}

// title names a link in a fault.
func (l link) title() string { return cmp.Or(l.name, l.a+"-"+l.z) }

func unknown(a, z string, knownA bool) string {
	if knownA {
		return z
	}
	return a
}

// distinct sorts numbers and leaves each once.
func distinct(list []uint32) []uint32 {
	slices.Sort(list)
	return slices.Compact(list)
}
