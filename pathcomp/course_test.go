// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// TestSteerAgain asks one core for ways between the same ends, for other rates,
// accesses and bounds each time, and after a link has changed. The answers are those
// of a core that was asked nothing before.
func TestSteerAgain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	admitted := 0
	for i := range 300 {
		c := randomSteerCase(r)
		core, _ := c.core(t)
		ends := [2]topology.NodeName{c.demand.From.Node, c.demand.To.Node}
		for round := range 8 {
			c.demand = policyDemand(r, c.network)
			c.demand.From.Node, c.demand.To.Node = ends[0], ends[1]
			c.demand.MaxRTTMicros = 1000 * r.Uint32N(3)
			if r.IntN(4) > 0 {
				c.demand.Steered = pathcomp.Steered{}
			}
			if round == 4 {
				l := &c.network.Links[r.IntN(len(c.network.Links))]
				l.TEMetric, l.Micros = [2]uint32{1 + r.Uint32N(5), 1 + r.Uint32N(5)}, [2]uint32{r.Uint32N(500), r.Uint32N(500)}
				if err := core.Update(pathcomp.Update{Links: []topology.Link{*l}}); err != nil {
					t.Fatal(err)
				}
			}
			fresh, _ := c.core(t)
			got, refused := core.Steer(c.demand)
			want, wantRefused := fresh.Steer(c.demand)
			got.Snapshot, want.Snapshot = 0, 0
			if diff := cmp.Diff(want, got) + cmp.Diff(wantRefused, refused); diff != "" {
				t.Fatalf("case %d, round %d: %+v (-never asked before +asked before):\n%s", i, round, c.demand, diff)
			}
			if refused == nil {
				admitted++
			}
		}
	}
	if admitted < 500 {
		t.Errorf("%d admitted: too few to tell", admitted)
	}
}
