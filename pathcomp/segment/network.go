// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// NetworkView is the view of a topology in which all nodes and links have SIDs.
// Nodes have their places in n as numbers; link i is arc 2i from A to Z and 2i+1
// from Z to A. The error names a link that ends nowhere.
func NetworkView(n *topology.Network) (View, error) {
	numbers := make(map[topology.NodeName]uint32, len(n.Nodes))
	v := View{Nodes: make([]NodeState, len(n.Nodes)), Arcs: make([]ArcState, 0, 2*len(n.Links))}
	for i, node := range n.Nodes {
		numbers[node.Name] = uint32(i)
		v.Nodes[i] = NodeState{Transit: node.Role != topology.Gateway && !node.Down, SID: !node.Down}
	}
	arcs := make([]csp.Arc, 0, 2*len(n.Links))
	for _, l := range n.Links {
		a, okA := numbers[l.A]
		z, okZ := numbers[l.Z]
		if !okA || !okZ {
			return View{}, fmt.Errorf("link %s: from %q to %q, which are not both nodes", l.Name, l.A, l.Z)
		}
		up := !l.Down && !n.Nodes[a].Down && !n.Nodes[z].Down
		for d, ends := range [2][2]uint32{{a, z}, {z, a}} {
			arcs = append(arcs, csp.Arc{From: ends[0], To: ends[1], Cost: l.IGPMetric[d], Delay: l.Micros[d]})
			// RFC 5305 section 3.7: the largest metric keeps a link out of SPF.
			v.Arcs = append(v.Arcs, ArcState{IGP: up && l.IGPMetric[d] < topology.MaxMetric, SID: up})
		}
	}
	var err error
	v.Graph, err = csp.NewGraph(len(n.Nodes), arcs)
	return v, err
}
