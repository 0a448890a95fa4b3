// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/topology"
)

// noc is a daemon that runs, in a bubble, and its admin listener.
type noc struct {
	*testing.T
	*daemon
	admin *northbound.Admin
	out   lines // the log
}

// lines is a log that many write.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newNOC(t *testing.T) *noc {
	t.Helper()
	n := &noc{T: t, daemon: newTestDaemon(t)}
	for _, d := range n.devices {
		if d.Gateway {
			n.fake(d).SetObserve(drivertest.Answering)
		}
	}
	admin, err := northbound.NewAdmin(northbound.AdminConfig{
		Addr: "127.0.0.1:0", Operator: operations{n.daemon}, Ready: n.ready, Metrics: prometheus.NewRegistry(), Log: n.log,
	})
	n.must(err)
	n.admin = admin
	n.log = slog.New(slog.NewTextHandler(&n.out, nil)) // what is told from now on
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- n.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *noc) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func (n *noc) fake(d provision.Device) *drivertest.Fake {
	n.Helper()
	f, ok := d.Driver.(*drivertest.Fake)
	if !ok {
		n.Fatalf("%s is no device in memory", d.Name)
	}
	return f
}

// sells one session and waits until it is active.
func (n *noc) sells(tenant session.TenantID, site, cloud string, level session.LevelName) session.Session {
	n.Helper()
	one, _, err := n.orders.Create(n.Context(), order.Caller{Tenant: tenant, Client: "test", Correlator: "c"}, order.Order{
		Inquiry: order.Inquiry{
			A: order.EndRequest{AccessPoint: site, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
			Z: order.EndRequest{
				AccessPoint: cloud, Prefixes: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, cloud[len(cloud)-1], 0}), 24)},
				WireGuard: &order.WireGuardEnd{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
			},
			Rate: session.Rate{Forward: 50_000, Reverse: 20_000}, Duration: 5 * time.Minute, Level: level,
		},
		Routing: session.Static,
	})
	n.must(err)
	return n.await(one.ID, session.Active)
}

func (n *noc) await(id session.ID, phase session.Phase) session.Session {
	n.Helper()
	var one session.Session
	for range 720 {
		var err error
		one, err = n.store.Session(n.Context(), id)
		n.must(err)
		if one.Phase == phase {
			return one
		}
		time.Sleep(5 * time.Second) // the bubble's time
	}
	n.Fatalf("session is %s (%s) with %+v, want %s", one.Phase, one.Reason, one.Devices, phase)
	return one
}

// ask has the operators' API answer, which has to be 200.
func (n *noc) ask(method, path, body string) string {
	n.Helper()
	r := httptest.NewRequest(method, "http://localhost/operator/v1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-correlator", "night-shift")
	w := httptest.NewRecorder()
	n.admin.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		n.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

func (n *noc) plan(method, path, body string) rerouteAnswer {
	n.Helper()
	var a rerouteAnswer
	n.must(json.Unmarshal([]byte(n.ask(method, path, body)), &a))
	return a
}

// findings are what doctor says of the network.
func (n *noc) findings() []string {
	n.Helper()
	all, err := operations{n.daemon}.Findings(n.Context())
	n.must(err)
	var out []string
	for _, f := range all {
		if kind, _, _ := strings.Cut(f.Subject, " "); slices.Contains([]string{"network", "link", "node", "arc", "session"}, kind) {
			out = append(out, f.Severity+": "+f.Subject+": "+f.Detail)
		}
	}
	return out
}

// sound fails unless the store audits clean and the ledger is what one would be
// that is loaded from it.
func (n *noc) sound() {
	n.Helper()
	synctest.Wait() // or provision changes both between the two looks
	faults, err := n.store.Audit(n.Context())
	if n.must(err); len(faults) > 0 {
		n.Errorf("audit: %v", faults)
	}
	fresh := pathcomp.NewLedger(n.now)
	n.must(n.store.LoadBookings(n.Context(), fresh.Load))
	from, until := n.now(), n.now().Add(24*time.Hour)
	for arc := range arcsOf(n.paths.Network()) {
		if diff := cmp.Diff(fresh.Profile(arc, from, until), n.ledger.Profile(arc, from, until)); diff != "" {
			n.Errorf("%s is not as it is stored (-stored +ledger):\n%s", arc, diff)
		}
	}
}

func (n *noc) reservedOn(link string) uint64 {
	n.Helper()
	arcs, err := operations{n.daemon}.Reservations(n.Context(), topology.LinkArc(link, 0))
	if n.must(err); len(arcs) == 0 {
		return 0
	}
	return arcs[0].ReservedKbps
}

// A link fails, sessions leave it, and come back to it; nothing is left of all
// that in the end.
func TestSessionsLeaveAFaultAndComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNOC(t)
		low := n.sells("tenant-2", "site-b", "vpc-b", session.LevelA)
		high := n.sells("tenant-1", "site-a", "vpc-a1", session.LevelAA)
		if got := n.findings(); got != nil {
			t.Errorf("before: %v", got)
		}
		whatIf := n.plan("POST", "/what-if", `{"linksDown":["P1-PE2"]}`)
		want := rerouteAnswer{Moves: 2}
		for _, s := range []session.Session{high, low} {
			want.Sessions = append(want.Sessions, rerouted{
				Session: string(s.ID), Tenant: string(s.Tenant), SLA: string(s.Level), Outcome: "moves",
				Was: []string{"PE1", "P1", "PE2"}, Is: []string{"PE1", "P2", "PE2"}, RTTMicros: 20_000,
			})
		}
		if diff := cmp.Diff(want, whatIf); diff != "" {
			t.Errorf("what if (-want +got):\n%s", diff)
		}
		if got := n.plan("GET", "/reroute", ""); len(got.Sessions) != 0 {
			t.Errorf("a question changed the plan: %+v", got)
		}

		told := n.ask("PUT", "/links/P1-PE2", `{"down":true}`)
		if !strings.Contains(told, `"affected":2`) {
			t.Errorf("told: %s", told)
		}
		if diff := cmp.Diff(whatIf, n.plan("GET", "/reroute", "")); diff != "" {
			t.Errorf("the plan is not what was foreseen (-what if +plan):\n%s", diff)
		}
		const isDown = "warning: link P1-PE2: is down, the inventory says otherwise; kept until the daemon restarts"
		if diff := cmp.Diff([]string{
			"fault: network: 2 sessions are reserved over what is down or gone, or where the routers do not take them: " +
				"s2cd reroute moves 2, and 0 have no way", isDown,
		}, n.findings()); diff != "" {
			t.Errorf("doctor (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(whatIf, n.plan("POST", "/reroute", "")); diff != "" {
			t.Errorf("done is not what was planned (-plan +done):\n%s", diff)
		}
		n.sound() // with both ways reserved, if provision is not faster
		time.Sleep(time.Minute)
		for _, s := range []session.Session{high, low} {
			if got := n.await(s.ID, session.Active); got.Route.Variant != 1 || got.Status != session.Activated {
				t.Errorf("moved: %+v", got)
			}
		}
		if old, is := n.reservedOn("P1-PE2"), n.reservedOn("P2-PE2"); old != 0 || is == 0 {
			t.Errorf("%d kbit/s on the link that failed, %d beside", old, is)
		}
		if diff := cmp.Diff([]string{isDown}, n.findings()); diff != "" {
			t.Errorf("doctor after it (-want +got):\n%s", diff)
		}
		n.sound()

		n.ask("PUT", "/links/P1-PE2", `{"down":false}`)
		if got := n.plan("POST", "/reroute", ""); got.Moves != 2 {
			t.Errorf("when it is up again: %+v", got)
		}
		time.Sleep(time.Minute)
		if old, is := n.reservedOn("P1-PE2"), n.reservedOn("P2-PE2"); old == 0 || is != 0 || n.findings() != nil {
			t.Errorf("%d kbit/s on the link, %d beside; doctor: %v", old, is, n.findings())
		}
		n.sound()
		for _, s := range []session.Session{high, low} {
			n.await(s.ID, session.Released)
		}
		if left := n.reservedOn("P1-PE2") + n.reservedOn("P2-PE2"); left != 0 {
			t.Errorf("%d kbit/s left", left)
		}
		for _, d := range n.devices {
			if got := n.fake(d).Config(); len(got.VRFs) != 0 {
				t.Errorf("%s holds %+v", d.Name, got)
			}
		}
		n.sound()
		for _, line := range []string{
			`msg="link told" link=P1-PE2 down=true affected=2 correlator=night-shift`,
			`msg="session rerouted" session=` + string(high.ID) + ` was="[PE1 P1 PE2]" is="[PE1 P2 PE2]" correlator=night-shift`,
		} {
			if !strings.Contains(n.out.String(), line) {
				t.Errorf("the log lacks %s", line)
			}
		}
	})
}

func TestNodesAreToldAndDoctorNamesThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNOC(t)
		one := n.sells("tenant-1", "site-a", "vpc-a1", session.LevelAA)
		// Routers do not know that P1 is in maintenance: they are still to be told.
		if got := n.plan("POST", "/what-if", `{"drain":["P1"]}`); got.NoWay != 1 || got.Sessions[0].Reason != "maintenance: P1" {
			t.Errorf("what if it is drained: %+v", got)
		}
		if got := n.plan("POST", "/what-if", `{"drain":["P1"],"nodesDown":["P1"]}`); got.Moves != 1 {
			t.Errorf("what if it is out: %+v", got)
		}
		if got := n.plan("POST", "/what-if", `{"nodesDown":["P1"],"linksDown":["PE1-P2"]}`); got.NoWay != 1 || got.Sessions[0].Reason != "no-path" {
			t.Errorf("what if nothing is left: %+v", got)
		}
		n.ask("PUT", "/nodes/P1", `{"maintenance":true}`)
		n.ask("PUT", "/nodes/P1", `{"down":true}`)
		n.ask("PUT", "/nodes/P2", `{"maintenance":true}`)
		n.ask("PUT", "/links/PE1-P1", `{"down":false}`) // as it is
		if diff := cmp.Diff([]string{
			"warning: node P1: is down and in maintenance, the inventory says otherwise; kept until the daemon restarts",
			"warning: node P2: is in maintenance, the inventory says otherwise; kept until the daemon restarts",
			"warning: network: the routers take 1 sessions over what is in maintenance: s2cd reroute moves them when they no longer do",
		}, n.findings()); diff != "" {
			t.Errorf("doctor (-want +got):\n%s", diff)
		}
		if got := n.plan("POST", "/reroute", ""); got.NoWay != 1 || got.Moves != 0 {
			t.Errorf("rerouted: %+v", got)
		}
		if got, err := n.store.Session(t.Context(), one.ID); err != nil || got.Phase != session.Active || got.Version < one.Version || got.Route.Variant != 0 {
			t.Errorf("it has become %+v, %v", got, err)
		}
		n.ask("PUT", "/nodes/P2", `{"down":true}`)
		if got := n.findings(); !strings.HasSuffix(got[0], "s2cd reroute moves 0, and 1 have no way") {
			t.Errorf("without any way doctor says %v", got)
		}
		n.ask("PUT", "/nodes/P2", `{"maintenance":false,"down":false}`)
		n.ask("PUT", "/nodes/P1", `{"maintenance":false,"down":false}`)
		if got := n.plan("GET", "/reroute", ""); len(got.Sessions) != 0 {
			t.Errorf("when all is over: %+v", got)
		}
		if want := `msg="node told" node=P1 down=true maintenance=true affected=1 correlator=night-shift`; !strings.Contains(n.out.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	})
}

func TestUnknownNamesAreToldApart(t *testing.T) {
	t.Parallel()
	o := operations{newTestDaemon(t)}
	yes := true
	for name, tell := range map[string]func() error{
		"link X": func() error { _, err := o.SetLink(t.Context(), "X", true, "c"); return err },
		"node Y": func() error {
			_, err := o.SetNode(t.Context(), "Y", northbound.NodeChange{Down: &yes}, "c")
			return err
		},
		"link Z": func() error {
			_, err := o.WhatIf(t.Context(), northbound.Supposition{Faults: northbound.Faults{LinksDown: []string{"PE1-P1", "Z"}}})
			return err
		},
		"link U": func() error {
			_, err := o.WhatIf(t.Context(), northbound.Supposition{SetCapacity: []northbound.LinkRate{{Link: "U"}}})
			return err
		},
		"link T": func() error {
			_, err := o.WhatIf(t.Context(), northbound.Supposition{AddCapacity: []northbound.LinkRate{{Link: "T"}}})
			return err
		},
		"node V": func() error {
			_, err := o.WhatIf(t.Context(), northbound.Supposition{Faults: northbound.Faults{Drain: []topology.NodeName{"P1", "V"}}})
			return err
		},
		"node W": func() error {
			_, err := o.WhatIf(t.Context(), northbound.Supposition{Faults: northbound.Faults{NodesDown: []topology.NodeName{"W"}}})
			return err
		},
	} {
		kind, which, _ := strings.Cut(name, " ")
		want := fmt.Sprintf("no %s is called %s", kind, which)
		if err := tell(); session.CodeOf(err) != session.NotFound || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := topology.Diff(o.d.inventory.Network, o.d.paths.Network()); len(diff) != 0 {
		t.Errorf("the network has become another: %+v", diff)
	}
}

// What the next inventory lacks is named with what is booked on it.
func TestDoctorNamesArcsThatAreGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNOC(t)
		n.sells("tenant-1", "site-a", "vpc-a1", session.LevelAA)
		next := *n.inventory.Network
		next.Links = slices.DeleteFunc(slices.Clone(next.Links), func(l topology.Link) bool { return l.Name == "P1-PE2" })
		n.must(n.paths.Swap(&next))
		n.inventory.Network = &next
		want := []string{
			"fault: arc link:P1-PE2<: is gone from the inventory, and 1 sessions are booked on it: s2cd reroute moves those that have another way",
			"fault: arc link:P1-PE2>: is gone from the inventory, and 1 sessions are booked on it: s2cd reroute moves those that have another way",
			"fault: network: 1 sessions are reserved over what is down or gone, or where the routers do not take them: s2cd reroute moves 1, and 0 have no way",
		}
		if diff := cmp.Diff(want, n.findings()); diff != "" {
			t.Errorf("doctor (-want +got):\n%s", diff)
		}
		n.plan("POST", "/reroute", "")
		time.Sleep(time.Minute)
		if got := n.findings(); got != nil {
			t.Errorf("doctor after it: %v", got)
		}
	})
}
