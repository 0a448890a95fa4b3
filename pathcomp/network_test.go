// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// clock says that it is now, in these tests, always.
func clock() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// link returns a link that is the same both ways.
func link(name string, a, z topology.NodeName, kbps uint64, micros, metric uint32) topology.Link {
	return topology.Link{
		Name: name, A: a, Z: z, Kbps: [2]uint64{kbps, kbps}, Micros: [2]uint32{micros, micros},
		IGPMetric: [2]uint32{metric, metric}, Reservable: topology.Shares{All: 1000},
	}
}

// square is pe1 - {p1, p2} - pe2 with two ways of equal cost, an access port at
// pe1 and a handoff at pe2.
func square() *topology.Network {
	full := topology.Shares{All: 1000}
	return &topology.Network{
		Revision: 7, AS: 65000,
		Nodes: []topology.Node{
			{Name: "pe1", Role: topology.PE}, {Name: "p1", Role: topology.P},
			{Name: "p2", Role: topology.P}, {Name: "pe2", Role: topology.PE},
		},
		Links: []topology.Link{
			link("pe1-p1", "pe1", "p1", 1_000_000, 1000, 10), link("pe1-p2", "pe1", "p2", 1_000_000, 1500, 10),
			link("p1-pe2", "p1", "pe2", 1_000_000, 2000, 10), link("p2-pe2", "p2", "pe2", 1_000_000, 2500, 10),
		},
		Access: []topology.Access{
			{Name: "port:pe1:eth1", Node: "pe1", Kbps: 1_000_000, Micros: 100, Reservable: full},
			{Name: "handoff:cloud", Node: "pe2", Kbps: 500_000, Micros: 200, Reservable: full},
		},
	}
}

// demand asks for kbps both ways across square for an hour.
func demand(kbps uint64) pathcomp.Demand {
	return pathcomp.Demand{
		From: pathcomp.Terminal{Node: "pe1", Access: []string{"port:pe1:eth1"}},
		To:   pathcomp.Terminal{Node: "pe2", Access: []string{"handoff:cloud"}},
		Kbps: [2]uint64{kbps, kbps}, Class: "gold", BookingPermille: 1000,
		Window: pathcomp.Window{From: clock(), Until: clock().Add(time.Hour)},
	}
}

func newCore(t testing.TB, n *topology.Network) (*pathcomp.Core, *pathcomp.Ledger) {
	t.Helper()
	ledger := pathcomp.NewLedger(clock)
	core, err := pathcomp.NewCore(n, ledger, clock)
	if err != nil {
		t.Fatal(err)
	}
	return core, ledger
}

// randomNetwork has 2..nodes routers, some of which are gateways or in
// maintenance, with parallel links, ties, links that are down or not used, and
// parts without a way to each other.
func randomNetwork(r *rand.Rand, nodes int) *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000}
	count := 2 + r.IntN(nodes-1)
	for i := range count {
		role := topology.P
		if r.IntN(6) == 0 {
			role = topology.Gateway
		}
		n.Nodes = append(n.Nodes, topology.Node{
			Name: topology.NodeName(fmt.Sprintf("n%d", i)), Role: role, Maintenance: r.IntN(15) == 0,
		})
	}
	for i := range r.IntN(3 * count) {
		a, z := r.IntN(count), r.IntN(count)
		if a == z {
			continue
		}
		l := link(fmt.Sprintf("l%d", i), n.Nodes[a].Name, n.Nodes[z].Name, 1000, 0, 1)
		for d := range 2 {
			l.Micros[d] = r.Uint32N(5) * 100
			l.IGPMetric[d] = 1 + r.Uint32N(4)
		}
		if r.IntN(20) == 0 {
			l.IGPMetric[0] = topology.MaxMetric
		}
		l.Down = r.IntN(10) == 0
		n.Links = append(n.Links, l)
	}
	return n
}
