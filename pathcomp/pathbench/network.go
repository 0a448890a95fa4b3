// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"strconv"

	"github.com/s2cd/s2cd/topology"
)

// Free returns how many arcs cost nothing: those whose cost Network counts as 1.
func (g *Graph) Free() int {
	free := 0
	for _, a := range g.Arcs {
		if a.Cost == 0 {
			free++
		}
	}
	return free
}

// Network makes a topology of a graph: an arc and the next that leads back are a
// link, called by the number of the first. All nodes are PEs, called by their
// numbers. Costs are IGP metrics, 0 counts as 1; all that is available may be
// sold. The way back that an arc lacks is one that no path may take.
func Network(g *Graph) *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000}
	for i := range g.Nodes {
		n.Nodes = append(n.Nodes, topology.Node{Name: topology.NodeName(strconv.Itoa(i)), Role: topology.PE})
	}
	open := map[[2]uint32][]int{} // links without a way back, by their ends
	for i, a := range g.Arcs {
		metric, kbps := max(a.Cost, 1), uint64(g.Mbps[i])*1000
		back := [2]uint32{a.To, a.From}
		if waiting := open[back]; len(waiting) > 0 {
			l := &n.Links[waiting[0]]
			l.Kbps[1], l.Micros[1], l.IGPMetric[1] = kbps, a.Delay, metric
			open[back] = waiting[1:]
			continue
		}
		ends := [2]uint32{a.From, a.To}
		open[ends] = append(open[ends], len(n.Links))
		n.Links = append(n.Links, topology.Link{
			Name: strconv.Itoa(i), A: n.Nodes[a.From].Name, Z: n.Nodes[a.To].Name,
			Kbps: [2]uint64{kbps}, Micros: [2]uint32{a.Delay, a.Delay},
			IGPMetric:  [2]uint32{metric, topology.MaxMetric},
			Reservable: topology.Shares{All: 1000},
		})
	}
	return n
}
