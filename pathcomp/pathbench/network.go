// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"strconv"

	"github.com/s2cd/s2cd/topology"
)

// Network makes links of a graph's pairs of arcs, there and back: nodes are
// called by their numbers, links by that of the first arc. Costs are one more
// than the graph's, since no IGP metric is 0.
func Network(g *Graph) *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000}
	for i := range g.Nodes {
		n.Nodes = append(n.Nodes, topology.Node{Name: topology.NodeName(strconv.Itoa(i)), Role: topology.PE})
	}
	open := map[[2]uint32][]int{}
	for i, a := range g.Arcs {
		back := [2]uint32{a.To, a.From}
		if waiting := open[back]; len(waiting) > 0 {
			l := &n.Links[waiting[0]]
			l.Kbps[1], l.Micros[1], l.IGPMetric[1] = uint64(g.Mbps[i])*1000, a.Delay, a.Cost+1
			open[back] = waiting[1:]
			continue
		}
		ends := [2]uint32{a.From, a.To}
		open[ends] = append(open[ends], len(n.Links))
		n.Links = append(n.Links, topology.Link{
			Name: strconv.Itoa(i), A: n.Nodes[a.From].Name, Z: n.Nodes[a.To].Name,
			Kbps: [2]uint64{uint64(g.Mbps[i]) * 1000}, Micros: [2]uint32{a.Delay, a.Delay},
			IGPMetric: [2]uint32{a.Cost + 1, a.Cost + 1}, Reservable: topology.Shares{All: 1000},
		})
	}
	return n
}
