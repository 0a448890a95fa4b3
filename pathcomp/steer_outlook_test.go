// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// Where more changes lie before a start than are looked at, it is not told as none.
func TestStartsTried(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return clock().Add(time.Duration(second) * time.Second) }
	for _, c := range []struct {
		pair        bool
		ends, tried int // before the start; 0: it is found
	}{{false, 1998, 0}, {false, 2100, 2000}, {true, 198, 0}, {true, 210, 200}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			n := &topology.Network{
				Revision: 1, AS: 65000, Nodes: []topology.Node{{Name: "a", Role: topology.PE}, {Name: "z", Role: topology.PE}},
				Links: []topology.Link{link("one", "a", "z", 1000, 100, 10), link("two", "a", "z", 1000, 100, 10)},
			}
			core, ledger := newCore(t, n)
			seq := uint64(0)
			book := func(kbps uint64, from, until int, arcs ...topology.ArcName) {
				b := pathcomp.Booking{Owner: fmt.Sprint("s", seq), Class: "gold", Window: pathcomp.Window{From: at(from), Until: at(until)}}
				for _, arc := range arcs {
					b.Uses = append(b.Uses, pathcomp.Use{Arc: arc, Kbps: kbps})
				}
				seq++
				b.Seq = seq
				if err := ledger.Load(b); err != nil {
					t.Fatal(err)
				}
			}
			book(600, 0, 5000, "link:one>", "link:two>")
			for i := range c.ends {
				book(1, 2*i+1, 2*i+2, "link:one>")
			}
			d := pathcomp.Demand{
				From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "z"}, Kbps: [2]uint64{500, 0}, Class: "gold", BookingPermille: 1000,
				Window: pathcomp.Window{From: at(0), Until: at(1)},
			}
			var refusal *pathcomp.Refusal
			if c.pair {
				_, refusal = core.SteerPair(d, pathcomp.Protection{Disjoint: pathcomp.LinkDisjoint})
			} else {
				_, refusal = core.Steer(d)
			}
			if refusal == nil || refusal.Cause != pathcomp.Bandwidth || refusal.StartsTried != c.tried || refusal.EarliestStart.IsZero() != (c.tried > 0) {
				t.Fatalf("refused with %+v", refusal)
			}
			if c.tried == 0 && !refusal.EarliestStart.Equal(at(5000)) {
				t.Errorf("starts at %s", refusal.EarliestStart)
			}
		})
	}
}
