// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
)

// TestAdmit fills a small network from several workers until there is hardly
// room, and holds that nothing is over-booked and all is given back.
func TestAdmit(t *testing.T) {
	t.Parallel()
	p := provider(t, 20, 1)
	a := admitting(t, p.Graph, providerQueries(t, p, 50), (*pathcomp.Core).Steer)
	a.Workers, a.Most, a.About, a.Keep = 4, 400, time.Hour, 200
	a.Traffic.Kbps = 40_000
	got, err := a.Run()
	if err != nil {
		t.Fatal(err)
	}
	if got.Admitted+got.Refused != 400 || got.Refused == 0 || got.Admitted < 100 || got.Held > 200 || got.Held < 50 {
		t.Errorf("%+v, want 400 demands, some of them refused, and at most 200 held", got)
	}
	if got.OverbookedLinkSeconds != 0 {
		t.Errorf("%d link-seconds are over-booked", got.OverbookedLinkSeconds)
	}
	for _, l := range a.Traffic.Network.Links {
		for d := range 2 {
			if steps := a.Ledger.Profile(topology.LinkArc(l.Name, d), a.Traffic.Start, a.Traffic.Start.Add(72*time.Hour)); len(steps) != 1 || steps[0].Kbps != 0 {
				t.Fatalf("link %s still has %v", l.Name, steps)
			}
		}
	}
}

func TestTraffic(t *testing.T) {
	t.Parallel()
	p := provider(t, 20, 1)
	a := admitting(t, p.Graph, providerQueries(t, p, 50), (*pathcomp.Core).Steer)
	for i := range 100 {
		if d, again := a.Traffic.Demand(i), a.Traffic.Demand(i); d.Window != again.Window || d.From.Node != again.From.Node {
			t.Fatalf("demand %d is %+v, then %+v", i, d, again)
		}
	}
}

func TestTrafficNeedsAnAnswer(t *testing.T) {
	t.Parallel()
	p := provider(t, 20, 1)
	core, err := pathcomp.NewCore(pathbench.Network(p.Graph), pathcomp.NewLedger(time.Now), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	traffic := &pathbench.Traffic{Network: core.Network(), Queries: []pathbench.Query{{From: 0, To: 1, Mbps: 1, Micros: 1 << 20}}, Kbps: 1, Start: time.Now()}
	if err := traffic.Prepare(t.Context(), core, core.Steer); err != nil || len(traffic.Queries) != 1 {
		t.Errorf("%v, %d queries", err, len(traffic.Queries))
	}
	traffic.Kbps = 1 << 40
	if err := traffic.Prepare(t.Context(), core, core.Steer); err == nil {
		t.Error("traffic for which there is no path was taken")
	}
}

// TestSweep holds that a sweep sees what is too much: half seconds count whole.
func TestSweep(t *testing.T) {
	t.Parallel()
	n := &topology.Network{
		Links:  []topology.Link{{Name: "l", Kbps: [2]uint64{100, 200}, Reservable: topology.Shares{All: 500, ByClass: map[string]uint32{"gold": 200}}}},
		Access: []topology.Access{{Name: "port:a:1", Kbps: 10, Reservable: topology.Shares{All: 1000}}},
	}
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	window := pathcomp.Window{From: at.Add(500 * time.Millisecond), Until: at.Add(9500 * time.Millisecond)}
	tests := []struct {
		name  string
		class string
		use   pathcomp.Use
		want  int64
	}{
		{"all that may be sold", "best", pathcomp.Use{Arc: "link:l>", Kbps: 50}, 0},
		{"more", "best", pathcomp.Use{Arc: "link:l>", Kbps: 51}, 10},
		{"of the other direction", "best", pathcomp.Use{Arc: "link:l<", Kbps: 100}, 0},
		{"of a class", "gold", pathcomp.Use{Arc: "link:l>", Kbps: 21}, 10},
		{"access", "gold", pathcomp.Use{Arc: "port:a:1<", Kbps: 11}, 10},
		{"unknown", "gold", pathcomp.Use{Arc: "link:m<", Kbps: 1}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s pathbench.Sweep
			s.Add(tt.class, window, []pathcomp.Use{tt.use})
			if got := s.Overbooked(n); got != tt.want {
				t.Errorf("%d seconds, want %d", got, tt.want)
			}
		})
	}
}
