// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// A demand that fits is reserved; what does not fit any more is told when it
// would, and how much would now.
func Example() {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	network := &topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{{Name: "paris", Role: topology.PE}, {Name: "lyon", Role: topology.PE}},
		Links: []topology.Link{{
			Name: "paris-lyon", A: "paris", Z: "lyon", Kbps: [2]uint64{1_000_000, 1_000_000},
			Micros: [2]uint32{2500, 2500}, IGPMetric: [2]uint32{10, 10}, Reservable: topology.Shares{All: 800},
		}},
	}
	ledger := pathcomp.NewLedger(clock)
	core, err := pathcomp.NewCore(network, ledger, clock)
	if err != nil {
		fmt.Println(err)
		return
	}
	demand := pathcomp.Demand{
		From: pathcomp.Terminal{Node: "paris"}, To: pathcomp.Terminal{Node: "lyon"},
		Kbps: [2]uint64{500_000, 500_000}, Class: "gold", BookingPermille: 1000,
		Window: pathcomp.Window{From: now, Until: now.Add(time.Hour)}, MaxRTTMicros: 10_000,
	}
	admission, refusal := core.Search(demand)
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	fmt.Println(admission.Forward, admission.RTTMicros, "µs")
	if err := ledger.Reserve("session-1", admission); err != nil {
		fmt.Println(err)
		return
	}
	_, refusal = core.Search(demand)
	fmt.Println(refusal.Cause, refusal.Blocking, refusal.MostKbps, refusal.EarliestStart.Format(time.TimeOnly))
	// Output:
	// [paris lyon] 5000 µs
	// bandwidth [link:paris-lyon< link:paris-lyon>] 300000 13:00:00
}
