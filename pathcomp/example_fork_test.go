// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// triangle is Paris, Lyon and Metz, each linked to the others with 10 Gbit/s,
// and a core with one session of 6 Gbit/s from Paris to Lyon.
func triangle() (*pathcomp.Core, pathcomp.Claim) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	between := func(a, z topology.NodeName, metric uint32) topology.Link {
		return topology.Link{
			Name: string(a + "-" + z), A: a, Z: z, Kbps: [2]uint64{10_000_000, 10_000_000}, Micros: [2]uint32{2500, 2500},
			IGPMetric: [2]uint32{metric, metric}, Reservable: topology.Shares{All: 800},
		}
	}
	core, err := pathcomp.NewCore(&topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{{Name: "paris", Role: topology.PE}, {Name: "lyon", Role: topology.PE}, {Name: "metz", Role: topology.PE}},
		Links: []topology.Link{between("paris", "lyon", 10), between("paris", "metz", 20), between("metz", "lyon", 20)},
	}, pathcomp.NewLedger(clock), clock)
	if err != nil {
		panic(err)
	}
	session := pathcomp.Claim{Owner: "session-1", Demand: pathcomp.Demand{
		From: pathcomp.Terminal{Node: "paris"}, To: pathcomp.Terminal{Node: "lyon"},
		Kbps: [2]uint64{6_000_000, 6_000_000}, Class: "gold", BookingPermille: 1000,
		Window: pathcomp.Window{From: now, Until: now.Add(time.Hour)},
	}}
	admission, refusal := core.Steer(session.Demand)
	if refusal != nil {
		panic(refusal)
	}
	if err := core.Ledger().Reserve(session.Owner, admission); err != nil {
		panic(err)
	}
	return core, session
}

// What if a link failed? Who would be hit, and where would they go?
func ExampleCore_Repair() {
	core, session := triangle()
	fork := core.Fork()
	link := fork.Network().Links[0]
	link.Down = true
	if err := fork.Update(pathcomp.Update{Links: []topology.Link{link}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("affected:", fork.Affected())
	for _, move := range fork.Repair([]pathcomp.Claim{session}, true) {
		fmt.Println(move.Owner, move.Admission.Forward, "as variant", move.Admission.Variant)
	}
	fmt.Println("really affected:", core.Affected())
	// Output:
	// affected: [session-1]
	// session-1 [paris metz lyon] as variant 1
	// really affected: []
}

// What if a PE were drained for maintenance?
func ExampleCore_Affected() {
	core, session := triangle()
	fork := core.Fork()
	node := fork.Network().Nodes[1]
	node.Maintenance = true
	if err := fork.Update(pathcomp.Update{Nodes: []topology.Node{node}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("affected:", fork.Affected())
	for _, move := range fork.Repair([]pathcomp.Claim{session}, true) {
		fmt.Println(move.Owner, "has to wait:", move.Refusal.Cause, move.Refusal.Nodes)
	}
	// Output:
	// affected: [session-1]
	// session-1 has to wait: maintenance [lyon]
}

// How many of 200 orders of 100 Mbit/s would be admitted, and how many with 10
// Gbit/s more between Paris and Lyon?
func ExampleCore_Fork() {
	core, session := triangle()
	admit := func(fork *pathcomp.Core) (admitted int) {
		demand := session.Demand
		demand.Kbps = [2]uint64{100_000, 100_000}
		for i := range 200 {
			admission, refusal := fork.Steer(demand)
			if refusal == nil && fork.Try(fmt.Sprint("order-", i), admission) == nil {
				admitted++
			}
		}
		return admitted
	}
	fmt.Println(admit(core.Fork()), "of 200 as it is")
	wider := core.Fork()
	link := wider.Network().Links[0]
	link.Kbps = [2]uint64{20_000_000, 20_000_000}
	if err := wider.Update(pathcomp.Update{Links: []topology.Link{link}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(admit(wider), "of 200 with more")
	// Output:
	// 100 of 200 as it is
	// 180 of 200 with more
}
