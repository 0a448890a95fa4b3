// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// chain is so many nodes in a row.
func chain(nodes int) *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000, Nodes: []topology.Node{{Name: "0", Role: topology.PE}}}
	for i := 1; i < nodes; i++ {
		a, z := topology.NodeName(fmt.Sprint(i-1)), topology.NodeName(fmt.Sprint(i))
		n.Nodes = append(n.Nodes, topology.Node{Name: z, Role: topology.PE})
		n.Links = append(n.Links, link(fmt.Sprint(i), a, z, 1000, 10, 1))
	}
	return n
}

// TestRunOutlivesARevision has bounds waiting for nodes that the next revision
// has no more.
func TestRunOutlivesARevision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, _ := newCore(t, chain(300))
		d := pathcomp.Demand{From: pathcomp.Terminal{Node: "0"}, To: pathcomp.Terminal{Node: "299"}, Window: window(0, 10)}
		if _, refusal := core.Steer(d); refusal != nil {
			t.Fatal(refusal)
		}
		if err := core.Swap(chain(2)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go core.Run(ctx)
		synctest.Wait() // until it has done what it was asked for
		cancel()
		d.To.Node = "1"
		if _, refusal := core.Steer(d); refusal != nil {
			t.Error(refusal)
		}
	})
}

// TestSearchesDoNotWaitForBounds asks for cold destinations while Run makes
// bounds, and for the same when all are there.
func TestSearchesDoNotWaitForBounds(t *testing.T) {
	t.Parallel()
	core, _ := newCore(t, chain(150))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		core.Run(ctx)
	}()
	ask := func() (out []pathcomp.Admission) {
		for i := 1; i < 150; i += 7 {
			a, refusal := core.Steer(pathcomp.Demand{
				From: pathcomp.Terminal{Node: "0"}, To: pathcomp.Terminal{Node: topology.NodeName(fmt.Sprint(i))}, Window: window(0, 10),
			})
			if refusal != nil {
				t.Error(refusal)
			}
			out = append(out, a)
		}
		return out
	}
	cold := ask()
	cancel()
	<-ended
	for _, node := range core.Network().Nodes {
		core.Prepare(t.Context(), node.Name)
	}
	core.Prepare(t.Context(), "nowhere")
	if diff := cmp.Diff(cold, ask()); diff != "" {
		t.Errorf("-cold +warm:\n%s", diff)
	}
}

// TestForkIsCheap counts what a fork and a failed link take of a network of
// 5,000 nodes.
func TestForkIsCheap(t *testing.T) {
	core, _ := newCore(t, chain(5000))
	l := core.Network().Links[2500]
	l.Down = true
	allocations := testing.AllocsPerRun(20, func() {
		if err := core.Fork().Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
			t.Error(err)
		}
	})
	if allocations > 200 {
		t.Errorf("%v allocations", allocations)
	}
}

// TestPreparedOrNot asks for paths across a grid of equal links, where most have
// many that are as good: it is the same with bounds and without.
func TestPreparedOrNot(t *testing.T) {
	t.Parallel()
	const side = 5
	n := &topology.Network{Revision: 1, AS: 65000}
	for i := range side * side {
		n.Nodes = append(n.Nodes, topology.Node{Name: topology.NodeName(fmt.Sprint(i)), Role: topology.P})
	}
	for i := range n.Nodes {
		for _, to := range []int{i + 1, i + side} {
			if to < len(n.Nodes) && (to != i+1 || to%side > 0) {
				n.Links = append(n.Links, link(fmt.Sprint(i, "-", to), n.Nodes[i].Name, n.Nodes[to].Name, 1000, 100, 10))
			}
		}
	}
	end := n.Nodes[len(n.Nodes)-1].Name
	for _, objective := range []pathcomp.Objective{pathcomp.LeastCost, pathcomp.LeastLatency, pathcomp.LeastLoad} {
		cold, _ := newCore(t, n)
		warm, _ := newCore(t, n)
		warm.Prepare(t.Context(), end)
		for i := range n.Nodes {
			d := pathcomp.Demand{
				From: pathcomp.Terminal{Node: n.Nodes[i].Name}, To: pathcomp.Terminal{Node: end}, Kbps: [2]uint64{1, 1},
				BookingPermille: 1000, Window: window(0, 60), Steered: pathcomp.Steered{Objective: objective},
			}
			want, _ := cold.Steer(d)
			got, refusal := warm.Steer(d)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if diff := cmp.Diff(want.Links, got.Links); diff != "" {
				t.Errorf("from %d, objective %d (-without bounds +with):\n%s", i, objective, diff)
			}
		}
	}
}
