// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// View is a network as the IGP sees it, converged, with the SIDs it knows. It
// must not be changed once given away. All nodes that forward transit traffic
// are taken to run SR: a label survives wherever the IGP leads it.
type View struct {
	Graph *csp.Graph  // Cost is the IGP metric
	Arcs  []ArcState  // by number
	Nodes []NodeState // by number
}

// ArcState is what is known of an arc.
type ArcState struct {
	IGP bool // the IGP forwards over it: up, and not at the maximum metric
	SID bool // it has an adjacency SID that stays the same, and is up
}

// NodeState is what is known of a node.
type NodeState struct {
	Transit bool // forwards for others; false: ways only begin or end there
	SID     bool // it has a node SID
}

// check says what does not fit together. A metric of 0 is none an IGP has (RFC
// 2328 appendix C.3), and would let shortest ways go in circles.
func (v View) check() error {
	if len(v.Arcs) != v.Graph.Arcs() {
		return fmt.Errorf("states of %d arcs in a graph of %d", len(v.Arcs), v.Graph.Arcs())
	}
	if len(v.Nodes) != v.Graph.Nodes() {
		return fmt.Errorf("states of %d nodes in a graph of %d", len(v.Nodes), v.Graph.Nodes())
	}
	for i, state := range v.Arcs {
		if state.IGP && v.Graph.Arc(uint32(i)).Cost == 0 {
			return fmt.Errorf("arc %d: IGP metric 0", i)
		}
	}
	return nil
}
