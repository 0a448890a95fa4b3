// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// destination is a node for which bounds would make searches faster.
type destination struct {
	node     topology.NodeName
	separate bool
}

// mostWanted is how many destinations may wait. What is over is asked for again
// by the next search.
const mostWanted = 1024

// ask notes that bounds are missing; Run makes them, on the network of then.
func (t *steering) ask(legs []csp.Leg) {
	for _, l := range legs {
		select {
		case t.core.wanted <- destination{t.nodeNames[l.To], t.demand.Separate}:
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
			c.now.Load().prepare(d)
		}
	}
}

// Prepare computes the bounds to nodes now, on all cores, as Run does on one when
// a search asks, for paths that are the same both ways. Nodes that are not known
// are passed over.
func (c *Core) Prepare(ctx context.Context, nodes ...topology.NodeName) {
	s := c.now.Load()
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(nodes)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(nodes)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				s.prepare(destination{node: nodes[i]})
			}
		})
	}
	all.Wait()
}

func (s *snapshot) prepare(d destination) {
	if n, ok := s.nodeOf[d.node]; ok {
		s.solver(d.separate).Prepare(uint32(n)) //nolint:gosec // number of a node
	}
}

func (s *snapshot) solver(separate bool) *csp.Solver {
	if separate {
		return s.oneWaySolver()
	}
	return s.bothWaysSolver()
}
