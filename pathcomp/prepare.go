// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"context"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// destination is a node for which bounds would make searches faster.
type destination struct {
	node     uint32
	separate bool
}

// mostWanted is how many destinations may wait. What is over is asked for again
// by the next search.
const mostWanted = 1024

// ask notes that bounds are missing; Run makes them.
func (c *Core) ask(separate bool, legs []csp.Leg) {
	for _, l := range legs {
		select {
		case c.wanted <- destination{l.To, separate}:
		default:
			return
		}
	}
}

// Run computes, until ctx ends, the bounds that searches found missing. No
// search waits for it: without them each computes its own, which takes longer.
func (c *Core) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-c.wanted:
			c.now.Load().solver(d.separate).Prepare(d.node)
		}
	}
}

// Prepare computes the bounds to nodes now, as Run does when a search asks, for
// paths that are the same both ways. Nodes that are not known are passed over.
func (c *Core) Prepare(ctx context.Context, nodes ...topology.NodeName) {
	s := c.now.Load()
	for _, name := range nodes {
		if n, ok := s.nodeOf[name]; ok && ctx.Err() == nil {
			s.solver(false).Prepare(uint32(n)) //nolint:gosec // number of a node
		}
	}
}

func (s *snapshot) solver(separate bool) *csp.Solver {
	if separate {
		return s.oneWaySolver()
	}
	return s.bothWaysSolver()
}
