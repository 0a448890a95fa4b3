// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// steerOracle tries every simple path for the least (cost, round trip).
type steerOracle struct {
	network *topology.Network
	ledger  *pathcomp.Ledger
	demand  pathcomp.Demand
	rated   bool // ask for bandwidth
	cost    uint64
	micros  uint64
}

func (o *steerOracle) search() bool {
	o.cost, o.micros = math.MaxUint64, math.MaxUint64
	o.walk(o.demand.From.Node, []topology.NodeName{o.demand.From.Node}, 0, 0)
	return o.cost != math.MaxUint64
}

func (o *steerOracle) walk(at topology.NodeName, nodes []topology.NodeName, cost, micros uint64) {
	node, _ := o.network.Node(at)
	if o.demand.MaxRTTMicros > 0 && micros > uint64(o.demand.MaxRTTMicros) || node.Maintenance {
		return
	}
	if at == o.demand.To.Node {
		if cost < o.cost || cost == o.cost && micros < o.micros {
			o.cost, o.micros = cost, micros
		}
		return
	}
	if node.Role == topology.Gateway && len(nodes) > 1 {
		return
	}
	for _, l := range o.network.Links {
		if l.Down || l.IGPMetric[0] == topology.MaxMetric || l.IGPMetric[1] == topology.MaxMetric {
			continue
		}
		for d, ends := range [2][2]topology.NodeName{{l.A, l.Z}, {l.Z, l.A}} {
			if ends[0] == at && !slices.Contains(nodes, ends[1]) && (!o.rated || o.room(l, d)) {
				o.walk(ends[1], append(slices.Clone(nodes), ends[1]), cost+uint64(l.IGPMetric[0])+uint64(l.IGPMetric[1]),
					micros+uint64(l.Micros[0])+uint64(l.Micros[1]))
			}
		}
	}
}

// room says whether the link has room for the demand, direction d being there.
func (o *steerOracle) room(l topology.Link, d int) bool {
	for way, kbps := range o.demand.Kbps {
		for _, step := range o.ledger.Profile(topology.LinkArc(l.Name, d^way), o.demand.Window.From, o.demand.Window.Until) {
			if step.Kbps+int64(kbps) > 1000 {
				return false
			}
		}
	}
	return true
}

func TestSteerAgainstEveryPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	outcomes := map[pathcomp.Cause]int{}
	for range 1_500 {
		n := randomNetwork(r, 7)
		core, ledger := newCore(t, n)
		for i, l := range n.Links {
			for d := range 2 {
				from := r.IntN(100)
				if err := ledger.Load(pathcomp.Booking{
					Seq: uint64(2*i + d + 1), Owner: "before", Class: "gold", Window: window(from, from+1+r.IntN(100)),
					Uses: []pathcomp.Use{{Arc: topology.LinkArc(l.Name, d), Kbps: uint64(r.IntN(1001))}},
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		from := r.IntN(100)
		d := pathcomp.Demand{
			From: pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name},
			To:   pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name},
			Kbps: [2]uint64{uint64(1 + r.IntN(900)), uint64(1 + r.IntN(900))}, BookingPermille: 1000, Class: "gold",
			Window: window(from, from+1+r.IntN(100)), MaxRTTMicros: r.Uint32N(4000),
		}
		outcomes[checkSteer(t, core, &steerOracle{network: n, ledger: ledger, demand: d, rated: true})]++
	}
	for _, cause := range []pathcomp.Cause{"", pathcomp.NoPath, pathcomp.Latency, pathcomp.Maintenance, pathcomp.Bandwidth} {
		if outcomes[cause] < 25 {
			t.Errorf("%d cases of %q: too few to tell", outcomes[cause], cause)
		}
	}
}

func checkSteer(t *testing.T, core *pathcomp.Core, o *steerOracle) pathcomp.Cause {
	t.Helper()
	d := o.demand
	got, refusal := core.Steer(d)
	if refusal == nil {
		if !o.search() || cost(o.network, got) != o.cost || uint64(got.RTTMicros) != o.micros {
			t.Fatalf("%+v, %+v: got %+v, want cost %d and %d µs", o.network, d, got, o.cost, o.micros)
		}
		if err := o.ledger.Reserve("now", got); err != nil {
			t.Fatalf("%+v: what was found does not fit: %v", d, err)
		}
		return ""
	}
	if o.search() {
		t.Fatalf("%+v, %+v: refused with %+v, want cost %d and %d µs", o.network, d, refusal, o.cost, o.micros)
	}
	o.rated = false
	within := o.search()
	o.demand.MaxRTTMicros = 0
	unbounded := o.search()
	ok := map[pathcomp.Cause]bool{
		pathcomp.Bandwidth: within, pathcomp.Latency: unbounded && !within, pathcomp.NoPath: !unbounded, pathcomp.Maintenance: !unbounded,
	}
	if !ok[refusal.Cause] {
		t.Fatalf("%+v, %+v: refused with %+v", o.network, d, refusal)
	}
	if refusal.Cause == pathcomp.Latency {
		checkLeast(t, core, d, refusal.LeastRTTMicros)
	}
	if refusal.Cause == pathcomp.Bandwidth {
		checkBandwidth(t, core, d, refusal)
	}
	return refusal.Cause
}

// checkLeast checks that least is what the network can keep, and 1 less not.
func checkLeast(t *testing.T, core *pathcomp.Core, d pathcomp.Demand, least uint32) {
	t.Helper()
	d.Kbps = [2]uint64{}
	d.MaxRTTMicros = least
	if _, refusal := core.Steer(d); refusal != nil {
		t.Fatalf("%+v: refused at the least round trip %d: %+v", d, least, refusal)
	}
	d.MaxRTTMicros = least - 1
	if _, refusal := core.Steer(d); least > 1 && refusal == nil {
		t.Fatalf("%+v: found below the least round trip %d", d, least)
	}
}

// checkBandwidth checks what a refusal says would fit, and that more, or
// earlier, would not.
func checkBandwidth(t *testing.T, core *pathcomp.Core, d pathcomp.Demand, r *pathcomp.Refusal) {
	t.Helper()
	if len(r.Blocking) == 0 {
		t.Fatalf("%+v: no arc is named: %+v", d, r)
	}
	most := d
	for add, want := range []bool{true, false} {
		most.Kbps = [2]uint64{r.MostKbps + uint64(add), r.MostKbps + uint64(add)}
		if _, refusal := core.Steer(most); (refusal == nil) != want {
			t.Fatalf("%+v: %d kbit/s fits: %v, want %v", d, most.Kbps[0], refusal == nil, want)
		}
	}
	if r.EarliestStart.IsZero() {
		t.Fatalf("%+v: no earliest clock(), and all reservations end", d)
	}
	length := d.Window.Until.Sub(d.Window.From)
	for at := d.Window.From; !at.After(r.EarliestStart); at = at.Add(time.Second) {
		later := d
		later.Window = pathcomp.Window{From: at, Until: at.Add(length)}
		if _, refusal := core.Steer(later); (refusal == nil) != at.Equal(r.EarliestStart) {
			t.Fatalf("%+v: starting at %v fits: %v, earliest %v", d, at, refusal == nil, r.EarliestStart)
		}
	}
}

// cost sums both metrics of the links an admission takes.
func cost(n *topology.Network, a pathcomp.Admission) uint64 {
	var sum uint64
	for _, l := range n.Links {
		arc := topology.LinkArc(l.Name, 0)
		if slices.ContainsFunc(a.Uses, func(u pathcomp.Use) bool { return u.Arc == arc }) {
			sum += uint64(l.IGPMetric[0]) + uint64(l.IGPMetric[1])
		}
	}
	return sum
}
