// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// randomUpdate changes a few links and nodes of n, and n too.
func randomUpdate(r *rand.Rand, n *topology.Network) pathcomp.Update {
	var u pathcomp.Update
	for range r.IntN(4) {
		l := &n.Links[r.IntN(len(n.Links))]
		for range 1 + r.IntN(2) {
			changeLink(r, l)
		}
		u.Links = append(u.Links, *l)
	}
	for range max(0, r.IntN(4)-2) {
		x := &n.Nodes[r.IntN(len(n.Nodes))]
		if r.IntN(2) == 0 {
			x.Maintenance = !x.Maintenance
		} else {
			x.Down = !x.Down
		}
		u.Nodes = append(u.Nodes, *x)
	}
	return u
}

func changeLink(r *rand.Rand, l *topology.Link) {
	d := r.IntN(2)
	switch r.IntN(9) {
	case 0, 1:
		l.Down = !l.Down
	case 2:
		l.IGPMetric[d] = 1 + r.Uint32N(5)
	case 3:
		l.IGPMetric[d] = topology.MaxMetric
	case 4:
		l.TEMetric[d] = r.Uint32N(6)
	case 5:
		l.Micros[d] = 100 * r.Uint32N(5)
	case 6:
		l.LossPPM[d] = 500 * r.Uint32N(4)
	case 7:
		l.Kbps[d] = uint64(500 * (1 + r.IntN(3)))
	case 8:
		l.AdminGroups, l.SRLGs = r.Uint32N(8), []uint32{r.Uint32N(4)}
		l.Reservable = topology.Shares{All: 1000, ByClass: map[string]uint32{"bronze": 300 + r.Uint32N(3)*100}}
	}
}

// clone copies all of n that randomUpdate changes.
func clone(n *topology.Network) *topology.Network {
	out := *n
	out.Nodes, out.Links = slices.Clone(n.Nodes), slices.Clone(n.Links)
	return &out
}

// TestUpdateIsAsNew updates a core again and again, whose caches are warm: it
// answers as one that is made of its network.
func TestUpdateIsAsNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		outcomes := map[string]int{}
		for range 16 {
			n := policyNetwork(r, 14)
			c := steerCase{network: n, bookings: policyBookings(r, n)}
			core, ledger := c.core(t)
			ctx, stop := context.WithCancel(t.Context())
			go core.Run(ctx)
			for _, node := range n.Nodes {
				core.Prepare(ctx, node.Name)
			}
			want := clone(n)
			for range 12 {
				if err := core.Update(randomUpdate(r, want)); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, core.Network(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Fatalf("network (-want +got):\n%s", diff)
				}
				c.network = core.Network()
				fresh, freshLedger := c.core(t)
				for range 6 {
					c.demand = policyDemand(r, n)
					outcomes["searched "+c.compare(t, ledger, freshLedger, core.Search, fresh.Search, equal)]++
					outcomes["steered "+c.compare(t, ledger, freshLedger, core.Steer, fresh.Steer, c.asGood)]++
				}
				synctest.Wait() // bounds that were found missing are there, and kept
			}
			stop()
		}
		for _, outcome := range []string{"searched admitted", "searched refused", "steered admitted", "steered refused"} {
			if outcomes[outcome] < 150 {
				t.Errorf("%d %s: too few to tell", outcomes[outcome], outcome)
			}
		}
	})
}

type search func(pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)

// compare asks two cores the same, which keep the same bookings, and says what
// both say.
func (c steerCase) compare(t *testing.T, ledger, freshLedger *pathcomp.Ledger, core, fresh search, same func(x, y pathcomp.Admission) bool) string {
	t.Helper()
	got, refusal := core(c.demand)
	want, wanted := fresh(c.demand)
	if refusal != nil && wanted != nil {
		// Of several best paths without room any will do.
		if diff := cmp.Diff(wanted, refusal, cmpopts.IgnoreFields(*wanted, "Blocking")); diff != "" || (len(wanted.Blocking) == 0) != (len(refusal.Blocking) == 0) {
			t.Fatalf("%+v: refused with %+v, by a new core with %+v:\n%s", c, refusal, wanted, diff)
		}
		return "refused"
	}
	got.Replaces, want.Replaces = c.demand.Instead, c.demand.Instead
	for l, a := range map[*pathcomp.Ledger]pathcomp.Admission{ledger: got, freshLedger: want} {
		if err := l.Reserve("now", a); err != nil {
			t.Fatalf("%+v: %+v: what was found does not fit: %v", c, a, err)
		}
		l.Withdraw("now")
	}
	got.Snapshot, want.Snapshot = 0, 0
	if refusal != nil || wanted != nil || !same(want, got) {
		t.Fatalf("%+v: got %+v, %+v, of a new core %+v, %+v", c, got, refusal, want, wanted)
	}
	return "admitted"
}

func equal(a, b pathcomp.Admission) bool { return cmp.Equal(a, b) }

// asGood says whether two steered paths are as good.
func (c steerCase) asGood(a, b pathcomp.Admission) bool {
	o := &steerOracle{calendar: newCalendar(c.network, c.bookings, c.demand)}
	load := func(a pathcomp.Admission) *journey {
		var j journey
		for way, t := range []*trip{&j.there, &j.back} {
			for _, link := range a.Links[way] {
				t.arcs = append(t.arcs, slices.Index(o.names, link))
			}
		}
		return &j
	}
	return a.Cost == b.Cost && a.RTTMicros == b.RTTMicros &&
		(c.demand.Objective != pathcomp.LeastLoad || o.fullest(load(a)).Cmp(o.fullest(load(b))) == 0)
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		news func(*topology.Network) pathcomp.Update
		want string
	}{
		{
			name: "unknown link",
			news: func(n *topology.Network) pathcomp.Update {
				n.Links[0].Name = "l9"
				return pathcomp.Update{Links: n.Links[:2]}
			},
			want: "link l9: not known",
		},
		{
			name: "unknown node",
			news: func(n *topology.Network) pathcomp.Update {
				return pathcomp.Update{Links: n.Links[:1], Nodes: []topology.Node{{Name: "pe9"}}}
			},
			want: "node pe9: not known",
		},
		{
			name: "other ends",
			news: func(n *topology.Network) pathcomp.Update {
				n.Links[1].Z = "p1"
				return pathcomp.Update{Links: n.Links}
			},
			want: "link pe1-p2: is from pe1 to p2",
		},
		{
			name: "ends turned round",
			news: func(n *topology.Network) pathcomp.Update {
				n.Links[1].A, n.Links[1].Z = n.Links[1].Z, n.Links[1].A
				return pathcomp.Update{Links: n.Links}
			},
			want: "link pe1-p2: is from pe1 to p2",
		},
		{
			name: "another role",
			news: func(n *topology.Network) pathcomp.Update {
				n.Nodes[1].Role = topology.Gateway
				return pathcomp.Update{Links: n.Links, Nodes: n.Nodes}
			},
			want: "node p1: is a p",
		},
		{
			name: "metric of 0",
			news: func(n *topology.Network) pathcomp.Update {
				n.Links[3].IGPMetric[1] = 0
				return pathcomp.Update{Links: n.Links}
			},
			want: "link p2-pe2: IGP metric 0 is not in",
		},
		{
			name: "all is lost",
			news: func(n *topology.Network) pathcomp.Update {
				n.Links[3].LossPPM[1] = 1_000_000
				return pathcomp.Update{Links: n.Links}
			},
			want: "link p2-pe2: a loss of 1000000 in a million",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, ledger := newCore(t, square())
			a, refusal := core.Steer(demand(300_000))
			if refusal != nil {
				t.Fatal(refusal)
			}
			news := clone(square())
			for i := range news.Links { // what is good in it is not taken either
				news.Links[i].Kbps[0] = 1
			}
			if err := core.Update(tt.news(news)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("update: %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(square(), core.Network(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("network (-want +got):\n%s", diff)
			}
			if err := ledger.Reserve("one", a); err != nil {
				t.Errorf("what was searched before: %v", err)
			}
		})
	}
}

func TestUpdateMakesStale(t *testing.T) {
	t.Parallel()
	for name, news := range map[string]pathcomp.Update{
		"link": {Links: square().Links[:1]}, "node": {Nodes: square().Nodes[:1]}, "nothing": {},
	} {
		core, ledger := newCore(t, square())
		before, refusal := core.Steer(demand(300_000))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if err := core.Update(news); err != nil {
			t.Fatal(err)
		}
		if err := ledger.Reserve("one", before); !errors.Is(err, pathcomp.ErrStale) {
			t.Errorf("news of a %s: %v, want ErrStale", name, err)
		}
		after, refusal := core.Steer(demand(300_000))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if err := ledger.Reserve("one", after); err != nil {
			t.Errorf("searched after news of a %s: %v", name, err)
		}
	}
}
