// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// pathRoutes looks up what paths are made of.
type pathRoutes struct {
	network *topology.Network
	class   string
	igp     bool
	arcs    map[topology.ArcName]uint32     // arc 2i is link i from A to Z, 2i+1 from Z to A
	least   map[[2]topology.NodeName]uint32 // the arc of least IGP metric from node to node
}

func newPathRoutes(n *topology.Network, class string, igp bool) *pathRoutes {
	r := &pathRoutes{
		network: n, class: class, igp: igp, arcs: make(map[topology.ArcName]uint32, 2*len(n.Links)),
		least: map[[2]topology.NodeName]uint32{},
	}
	for i := range n.Links {
		l := &n.Links[i]
		for d, ends := range [2][2]topology.NodeName{{l.A, l.Z}, {l.Z, l.A}} {
			arc := uint32(2*i + d)
			r.arcs[topology.LinkArc(l.Name, d)] = arc
			if best, ok := r.least[ends]; !l.Down && (!ok || l.IGPMetric[d] < r.metric(best)) {
				r.least[ends] = arc
			}
		}
	}
	return r
}

// link returns an arc's link and direction.
func (r *pathRoutes) link(arc uint32) (*topology.Link, int) {
	return &r.network.Links[arc/2], int(arc % 2)
}

func (r *pathRoutes) metric(arc uint32) uint32 {
	l, d := r.link(arc)
	return l.IGPMetric[d]
}

// found describes an admission.
func (r *pathRoutes) found(a *pathcomp.Admission) pathFound {
	forward, there := r.direction(a.Forward, a.Links[0])
	reverse, back := r.direction(a.Reverse, a.Links[1])
	out := pathFound{
		RoundTripMicros: a.RTTMicros, Cost: forward.Cost + reverse.Cost, LossPPM: lost(there * back),
		Forward: forward, Reverse: reverse, Uses: pathUses(a.Uses),
	}
	taken := map[string]bool{}
	for _, h := range slices.Concat(forward.Hops, reverse.Hops) {
		taken[h.Link] = true
	}
	for _, u := range a.Uses {
		if arc, ok := r.arcs[u.Arc]; ok && !taken[r.network.Links[arc/2].Name] {
			name := r.network.Links[arc/2].Name
			out.EqualCostLinks, taken[name] = append(out.EqualCostLinks, name), true
		}
	}
	return out
}

// direction describes one direction and says which part of the packets arrive.
func (r *pathRoutes) direction(nodes []topology.NodeName, links []topology.ArcName) (d pathDirection, arrive float64) {
	d, arrive = pathDirection{Nodes: texts(nodes), Hops: []pathHop{}}, 1
	for i := range len(nodes) - 1 {
		var arc uint32
		if r.igp {
			arc = r.least[[2]topology.NodeName{nodes[i], nodes[i+1]}]
		} else {
			arc = r.arcs[links[i]]
		}
		h := r.hop(arc)
		d.Hops = append(d.Hops, h)
		d.Micros += uint64(h.Micros)
		d.Cost += uint64(h.Cost)
		arrive *= 1 - float64(h.LossPPM)/1e6
	}
	d.LossPPM = lost(arrive)
	return d, arrive
}

func (r *pathRoutes) hop(arc uint32) pathHop {
	l, d := r.link(arc)
	ends := [2]topology.NodeName{l.A, l.Z}
	h := pathHop{
		From: string(ends[d]), To: string(ends[1-d]), Link: l.Name, Micros: l.Micros[d], Cost: l.IGPMetric[d],
		LossPPM: l.LossPPM[d], FreeKbps: l.Reservable.ClassLimit(l.Kbps[d], r.class), arc: arc,
	}
	if !r.igp {
		h.Cost = cmp.Or(l.TEMetric[d], h.Cost)
	}
	return h
}

// lost returns what does not arrive of a million packets, rounded up but for
// what binary fractions add.
func lost(arrive float64) uint32 { return uint32(math.Ceil((1-arrive)*1e6 - 1e-6)) }
