// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// everyWay finds, by trying every simple path, what SPF with equal-cost
// multipath uses between two nodes: the arcs of all shortest paths, their
// nodes, and the latency of the slowest. It shares no idea with the search.
type everyWay struct {
	network *topology.Network
	metric  uint64
	arcs    map[topology.ArcName]bool
	nodes   map[topology.NodeName]bool
	micros  uint32
}

func findEveryWay(n *topology.Network, from, to topology.NodeName) everyWay {
	w := everyWay{network: n, metric: math.MaxUint64}
	w.walk(from, to, nil, []topology.NodeName{from}, 0, 0)
	return w
}

func (w *everyWay) walk(at, to topology.NodeName, arcs []topology.ArcName, nodes []topology.NodeName, metric uint64, micros uint32) {
	if at == to {
		if metric < w.metric {
			w.metric, w.micros = metric, 0
			w.arcs, w.nodes = map[topology.ArcName]bool{}, map[topology.NodeName]bool{}
		}
		if metric == w.metric {
			w.micros = max(w.micros, micros)
			for _, a := range arcs {
				w.arcs[a] = true
			}
			for _, x := range nodes {
				w.nodes[x] = true
			}
		}
		return
	}
	if node, _ := w.network.Node(at); node.Role == topology.Gateway && len(nodes) > 1 {
		return // a gateway forwards nothing for others
	}
	for _, l := range w.network.Links {
		for d, ends := range [2][2]topology.NodeName{{l.A, l.Z}, {l.Z, l.A}} {
			if l.Down || ends[0] != at || slices.Contains(nodes, ends[1]) || l.IGPMetric[d] == topology.MaxMetric {
				continue
			}
			w.walk(ends[1], to, append(slices.Clone(arcs), topology.LinkArc(l.Name, d)),
				append(slices.Clone(nodes), ends[1]), metric+uint64(l.IGPMetric[d]), micros+l.Micros[d])
		}
	}
}

func TestSearchFollowsTheRouters(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	outcomes := map[pathcomp.Cause]int{}
	for range 6_000 {
		n := randomNetwork(r, 6)
		loseSome(r, n)
		core, _ := newCore(t, n)
		maxLossy := r.IntN(5)
		d := pathcomp.Demand{
			From: pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name},
			To:   pathcomp.Terminal{Node: n.Nodes[r.IntN(len(n.Nodes))].Name},
			Kbps: [2]uint64{700, 600}, BookingPermille: 1000, Class: "gold",
			Window:       pathcomp.Window{From: clock(), Until: clock().Add(time.Hour)},
			MaxRTTMicros: r.Uint32N(4000), Steered: pathcomp.Steered{MaxLossPPM: lossOf(maxLossy)},
		}
		there, back := findEveryWay(n, d.From.Node, d.To.Node), findEveryWay(n, d.To.Node, d.From.Node)
		want, cause := oracle(n, d, there, back, maxLossy)
		got, refusal := core.Search(d)
		gotCause := pathcomp.Cause("")
		if refusal != nil {
			gotCause = refusal.Cause
		}
		outcomes[cause]++
		if gotCause != cause {
			t.Fatalf("%+v, %+v: cause %q, want %q", n, d, gotCause, cause)
		}
		if refusal != nil {
			continue
		}
		checkOneWay(t, there, d.From.Node, d.To.Node, got.Forward)
		checkOneWay(t, back, d.To.Node, d.From.Node, got.Reverse)
		if again := d; got.LossPPM > 0 { // what is told is a bound that is kept
			again.MaxLossPPM = got.LossPPM
			if _, refusal := core.Search(again); refusal != nil {
				t.Fatalf("%+v, %+v: %v with a bound of the loss found", n, again, refusal)
			}
		}
		got.Forward, got.Reverse = nil, nil
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(pathcomp.Admission{}, "Arcs")); diff != "" {
			t.Fatalf("%+v, %+v: (-want +got)\n%s", n, d, diff)
		}
	}
	for _, cause := range []pathcomp.Cause{"", pathcomp.NoPath, pathcomp.Latency, pathcomp.Loss, pathcomp.Maintenance} {
		if outcomes[cause] < 150 {
			t.Errorf("%d cases of %q: too few to tell", outcomes[cause], cause)
		}
	}
}

// oracle says what Search must answer but for the ways shown.
func oracle(n *topology.Network, d pathcomp.Demand, there, back everyWay, maxLossy int) (pathcomp.Admission, pathcomp.Cause) {
	if there.arcs == nil || back.arcs == nil {
		return pathcomp.Admission{}, pathcomp.NoPath
	}
	for _, node := range n.Nodes {
		if node.Maintenance && (there.nodes[node.Name] || back.nodes[node.Name]) {
			return pathcomp.Admission{}, pathcomp.Maintenance
		}
	}
	rtt := there.micros + back.micros
	if d.MaxRTTMicros > 0 && rtt > d.MaxRTTMicros {
		return pathcomp.Admission{}, pathcomp.Latency
	}
	lossy := there.mostLossy(d.From.Node, d.To.Node) + back.mostLossy(d.To.Node, d.From.Node)
	if lossy > maxLossy {
		return pathcomp.Admission{}, pathcomp.Loss
	}
	a := pathcomp.Admission{
		Revision: n.Revision, Snapshot: 1, Class: d.Class, Window: d.Window, RTTMicros: rtt, LossPPM: lossTold(lossy), Uses: []pathcomp.Use{},
	}
	for direction, w := range []everyWay{there, back} {
		for arc := range w.arcs {
			i := slices.IndexFunc(a.Uses, func(u pathcomp.Use) bool { return u.Arc == arc })
			if i < 0 {
				i = len(a.Uses)
				a.Uses = append(a.Uses, pathcomp.Use{Arc: arc})
			}
			a.Uses[i].Kbps += d.Kbps[direction]
		}
	}
	slices.SortFunc(a.Uses, func(x, y pathcomp.Use) int {
		if x.Arc < y.Arc {
			return -1
		}
		return 1
	})
	for _, u := range a.Uses {
		if u.Kbps > 1000 {
			return pathcomp.Admission{}, pathcomp.Bandwidth
		}
	}
	return a, ""
}

// checkOneWay checks that nodes are a way from one node to another over arcs
// that the routers use.
func checkOneWay(t *testing.T, w everyWay, from, to topology.NodeName, nodes []topology.NodeName) {
	t.Helper()
	if nodes[0] != from || nodes[len(nodes)-1] != to {
		t.Fatalf("way %v does not lead from %s to %s", nodes, from, to)
	}
	for i := 1; i < len(nodes); i++ {
		ok := false
		for _, l := range w.network.Links {
			ok = ok || l.A == nodes[i-1] && l.Z == nodes[i] && w.arcs[topology.LinkArc(l.Name, 0)] ||
				l.Z == nodes[i-1] && l.A == nodes[i] && w.arcs[topology.LinkArc(l.Name, 1)]
		}
		if !ok {
			t.Fatalf("way %v: no arc of the fan from %s to %s", nodes, nodes[i-1], nodes[i])
		}
	}
}
