// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

func TestSearchTakesTheWholeFan(t *testing.T) {
	t.Parallel()
	core, _ := newCore(t, square())
	d := demand(100_000)
	d.OverheadPermill, d.BookingPermille = 20, 500
	got, refusal := core.Search(d)
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := pathcomp.Admission{
		Revision: 7, Snapshot: 1, Class: "gold", Window: d.Window,
		Forward: []topology.NodeName{"pe1", "p1", "pe2"}, Reverse: []topology.NodeName{"pe2", "p1", "pe1"},
		RTTMicros: 2*(1500+2500) + 2*(100+200),
		Uses: []pathcomp.Use{
			{Arc: "handoff:cloud<", Kbps: 50_000}, {Arc: "handoff:cloud>", Kbps: 50_000},
			{Arc: "link:p1-pe2<", Kbps: 51_000}, {Arc: "link:p1-pe2>", Kbps: 51_000},
			{Arc: "link:p2-pe2<", Kbps: 51_000}, {Arc: "link:p2-pe2>", Kbps: 51_000},
			{Arc: "link:pe1-p1<", Kbps: 51_000}, {Arc: "link:pe1-p1>", Kbps: 51_000},
			{Arc: "link:pe1-p2<", Kbps: 51_000}, {Arc: "link:pe1-p2>", Kbps: 51_000},
			{Arc: "port:pe1:eth1<", Kbps: 50_000}, {Arc: "port:pe1:eth1>", Kbps: 50_000},
		},
		Arcs: []int32{11, 10, 5, 4, 7, 6, 1, 0, 3, 2, 9, 8},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("admission (-want +got):\n%s", diff)
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		network func(*topology.Network)
		demand  func(*pathcomp.Demand)
		want    pathcomp.Refusal
	}{
		{
			name:   "unknown node",
			demand: func(d *pathcomp.Demand) { d.To.Node = "pe9" },
			want:   pathcomp.Refusal{Cause: pathcomp.UnknownNode, Objects: []pathcomp.Object{pathcomp.EndPoints}, Nodes: []topology.NodeName{"pe9"}},
		},
		{
			name:   "unknown access",
			demand: func(d *pathcomp.Demand) { d.From.Access = []string{"port:pe1:eth9"} },
			want:   pathcomp.Refusal{Cause: pathcomp.UnknownNode, Objects: []pathcomp.Object{pathcomp.EndPoints}, Blocking: []topology.ArcName{"port:pe1:eth9>"}},
		},
		{
			name:   "empty window",
			demand: func(d *pathcomp.Demand) { d.Window.Until = d.Window.From },
			want:   pathcomp.Refusal{Cause: pathcomp.Invalid},
		},
		{
			name:    "no path",
			network: func(n *topology.Network) { n.Links[0].Down, n.Links[1].Down = true, true },
			want:    pathcomp.Refusal{Cause: pathcomp.NoPath, Objects: []pathcomp.Object{pathcomp.EndPoints}},
		},
		{
			name:    "maintenance on one of the ways",
			network: func(n *topology.Network) { n.Nodes[2].Maintenance = true },
			want:    pathcomp.Refusal{Cause: pathcomp.Maintenance, Objects: []pathcomp.Object{pathcomp.EndPoints}, Nodes: []topology.NodeName{"p2"}},
		},
		{
			name:   "latency of the slowest ways",
			demand: func(d *pathcomp.Demand) { d.MaxRTTMicros = 8599 },
			want:   pathcomp.Refusal{Cause: pathcomp.Latency, Objects: []pathcomp.Object{pathcomp.MetricObject}, LeastRTTMicros: 8600},
		},
		{
			name: "loss on the worse of the ways",
			network: func(n *topology.Network) {
				n.Links[1].LossPPM = [2]uint32{100, 300}
				n.Links[2].LossPPM[0] = 99
			},
			demand: func(d *pathcomp.Demand) { d.MaxLossPPM = 399 },
			want:   pathcomp.Refusal{Cause: pathcomp.Loss, Objects: []pathcomp.Object{pathcomp.MetricObject}, LeastRTTMicros: 8600},
		},
		{
			name:    "bandwidth on one of the ways, for ever",
			network: func(n *topology.Network) { n.Links[3].Kbps[1] = 300_000 },
			demand:  func(d *pathcomp.Demand) { d.OverheadPermill = 500 },
			want: pathcomp.Refusal{
				Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, Blocking: []topology.ArcName{"link:p2-pe2<"},
				MostKbps: 200_000, LeastRTTMicros: 8600,
			},
		},
		{
			name: "bandwidth of the class",
			network: func(n *topology.Network) {
				n.Access[1].Reservable = topology.Shares{All: 900, ByClass: map[string]uint32{"gold": 500}}
			},
			want: pathcomp.Refusal{
				Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, Blocking: []topology.ArcName{"handoff:cloud<", "handoff:cloud>"},
				MostKbps: 250_000, LeastRTTMicros: 8600,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, d := square(), demand(300_000)
			if tt.network != nil {
				tt.network(n)
			}
			if tt.demand != nil {
				tt.demand(&d)
			}
			core, _ := newCore(t, n)
			_, got := core.Search(d)
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSearchTellsWhenAndHowMuch(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, square())
	first, refusal := core.Search(demand(300_000))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("first", first); err != nil {
		t.Fatal(err)
	}
	d := demand(300_000)
	_, refusal = core.Search(d)
	want := &pathcomp.Refusal{
		Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, Blocking: []topology.ArcName{"handoff:cloud<", "handoff:cloud>"},
		MostKbps: 200_000, EarliestStart: clock().Add(time.Hour), LeastRTTMicros: 8600,
	}
	if diff := cmp.Diff(want, refusal); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
	d.Window = pathcomp.Window{From: refusal.EarliestStart, Until: refusal.EarliestStart.Add(time.Hour)}
	if _, refusal = core.Search(d); refusal != nil {
		t.Errorf("at the earliest start: %v", refusal)
	}
	if _, refusal = core.Search(demand(200_000)); refusal != nil {
		t.Errorf("at the most that fits: %v", refusal)
	}
	if err := ledger.Reserve("second", first); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("second of the same: %v, want ErrNoRoom", err)
	}
}

func TestSwap(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, square())
	a, refusal := core.Search(demand(300_000))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("one", a); err != nil {
		t.Fatal(err)
	}
	next := square()
	next.Revision = 8
	next.Access[1].Kbps = 200_000
	if err := core.Swap(next); err != nil {
		t.Fatal(err)
	}
	if core.Network() != next {
		t.Error("Network is not what was swapped in")
	}
	if err := ledger.Reserve("two", a); !errors.Is(err, pathcomp.ErrStale) {
		t.Errorf("admission of the revision before: %v, want ErrStale", err)
	}
	want := []pathcomp.Excess{
		{Arc: "handoff:cloud<", Kbps: 300_000, Limit: 200_000}, {Arc: "handoff:cloud<", Class: "gold", Kbps: 300_000, Limit: 200_000},
		{Arc: "handoff:cloud>", Kbps: 300_000, Limit: 200_000}, {Arc: "handoff:cloud>", Class: "gold", Kbps: 300_000, Limit: 200_000},
	}
	if diff := cmp.Diff(want, ledger.Excesses()); diff != "" {
		t.Errorf("excesses (-want +got):\n%s", diff)
	}
	bad := square()
	bad.Links[2].Z, bad.Access[0].Node = "nowhere", "neither"
	err := core.Swap(bad)
	if err == nil || !strings.Contains(err.Error(), `link p1-pe2: unknown node "nowhere"`) ||
		!strings.Contains(err.Error(), `access port:pe1:eth1: unknown node "neither"`) {
		t.Errorf("bad references: %v", err)
	}
	if core.Network() != next {
		t.Error("a refused network was taken")
	}
}
