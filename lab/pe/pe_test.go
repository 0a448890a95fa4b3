// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/lab/client"
)

// fakeBox remembers the last plan and fails when told to, as a box does: what
// was there stays.
type fakeBox struct {
	mu      sync.Mutex
	plan    *Plan
	fail    error
	applied chan *Plan
}

func (b *fakeBox) Apply(_ context.Context, want *Plan, halfway func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil && halfway != nil {
		return b.fail
	}
	if halfway != nil {
		if err := halfway(); err != nil {
			return err
		}
	}
	b.plan = want
	select {
	case b.applied <- want:
	default:
	}
	return nil
}

func (b *fakeBox) setFail(err error) { b.mu.Lock(); b.fail = err; b.mu.Unlock() }

func (b *fakeBox) vrfs() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.plan.VRFs) }

func newTestPE(t *testing.T, startup string) (*PE, *fakeBox) {
	t.Helper()
	box := &fakeBox{applied: make(chan *Plan, 100)}
	p, err := newPE(t.Context(), Config{
		Name: "PE1", Limits: Limits{MaxVRFs: 2, AS: 65000}, Ports: []string{"eth1", "eth2"}, Startup: startup,
		Log: slog.New(slog.DiscardHandler),
	}, box)
	if err != nil {
		t.Fatal(err)
	}
	return p, box
}

func vpn(name string, vlan int) client.VPN {
	return client.VPN{
		Name: name, RD: "65000:1", RT: "65000:100", Port: "eth1", VLAN: vlan, Address: "192.168.1.1", PrefixLength: 30,
		StaticPrefix: "10.1.0.0/24", StaticNextHop: "192.168.1.2", PeerAS: 64512, RateBps: 5_000_000,
	}
}

func send(t *testing.T, p *PE, req *gpb.SetRequest, ext ...*gnmi_ext.Extension) error {
	t.Helper()
	req.Prefix = &gpb.Path{Target: "PE1", Origin: "openconfig"}
	req.Extension = ext
	_, err := p.Set(t.Context(), req)
	return err
}

func mustSend(t *testing.T, p *PE, req *gpb.SetRequest, ext ...*gnmi_ext.Extension) {
	t.Helper()
	if err := send(t, p, req, ext...); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	if status.Code(err) != code || err != nil && !strings.Contains(err.Error(), text) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
}

func get(t *testing.T, p *PE, path *gpb.Path) (string, error) {
	t.Helper()
	resp, err := p.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{path}, Encoding: gpb.Encoding_JSON_IETF})
	if err != nil {
		return "", err
	}
	return string(resp.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal()), nil
}

// One PE for all of these: making its schema takes seconds.
func TestTransactions(t *testing.T) {
	t.Parallel()
	p, box := newTestPE(t, "")
	one := vpn("one", 101)

	t.Run("set and get", func(t *testing.T) {
		mustSend(t, p, one.Add())
		if box.vrfs() != 1 {
			t.Fatal("the box has no VRF")
		}
		testGet(t, p, one)
	})
	t.Run("a box that fails", func(t *testing.T) {
		box.setFail(errors.New("no memory"))
		wantCode(t, send(t, p, vpn("two", 102).Add()), codes.Aborted, "no memory")
		box.setFail(nil)
		if _, err := get(t, p, vpn("two", 102).Instance()); status.Code(err) != codes.NotFound {
			t.Fatalf("the tree has what the box has not: %v", err)
		}
		mustSend(t, p, vpn("two", 102).Add())
		mustSend(t, p, vpn("two", 102).Remove())
	})
	t.Run("commit, cancel", func(t *testing.T) {
		mustSend(t, p, vpn("two", 102).Add(), client.Commit("c1", time.Hour))
		if box.vrfs() != 2 {
			t.Fatal("a commit is not realised")
		}
		wantCode(t, send(t, p, vpn("three", 103).Add()), codes.FailedPrecondition, "c1")
		wantCode(t, send(t, p, vpn("three", 103).Add(), client.Commit("c2", time.Hour)), codes.FailedPrecondition, "c1")
		wantCode(t, send(t, p, &gpb.SetRequest{}, client.Confirm("c2")), codes.InvalidArgument, "c1")
		mustSend(t, p, &gpb.SetRequest{}, client.Cancel("c1"))
		if box.vrfs() != 1 {
			t.Fatal("a cancelled commit stays on the box")
		}
		if _, err := get(t, p, vpn("two", 102).Instance()); status.Code(err) != codes.NotFound {
			t.Fatalf("a cancelled commit stays in the tree: %v", err)
		}
		testGet(t, p, one)
	})
	t.Run("commit, confirm", func(t *testing.T) {
		mustSend(t, p, vpn("two", 102).Add(), client.Commit("c3", time.Hour))
		mustSend(t, p, &gpb.SetRequest{}, client.Confirm("c3"))
		wantCode(t, send(t, p, &gpb.SetRequest{}, client.Confirm("c3")), codes.FailedPrecondition, "c3")
		mustSend(t, p, vpn("two", 102).Remove())
	})
	t.Run("commit, time out", func(t *testing.T) {
		for len(box.applied) > 0 {
			<-box.applied
		}
		mustSend(t, p, vpn("two", 102).Add(), client.Commit("c4", time.Millisecond))
		if plan := <-box.applied; len(plan.VRFs) != 2 {
			t.Fatal("a commit is not realised")
		}
		if plan := <-box.applied; len(plan.VRFs) != 1 {
			t.Fatal("a commit that nobody confirmed stays")
		}
	})
	t.Run("arbitration", func(t *testing.T) {
		mustSend(t, p, vpn("two", 102).Add(), client.Master("s2cd", 7))
		wantCode(t, send(t, p, vpn("two", 102).Remove(), client.Master("s2cd", 6)), codes.PermissionDenied, "7")
		mustSend(t, p, vpn("two", 102).Remove(), client.Master("s2cd", 7))
		mustSend(t, p, &gpb.SetRequest{}, client.Master("other", 1))
	})
	t.Run("refusals", func(t *testing.T) { testRefusals(t, p, one) })
	t.Run("faults", func(t *testing.T) { testFaults(t, p, box) })
	t.Run("remove", func(t *testing.T) {
		mustSend(t, p, one.Remove())
		if box.vrfs() != 0 || len(box.plan.Subifs) != 0 || len(box.plan.Rates) != 0 {
			t.Fatalf("left: %+v", box.plan)
		}
	})
}

func testGet(t *testing.T, p *PE, v client.VPN) {
	t.Helper()
	body, err := get(t, p, v.Instance())
	if err != nil {
		t.Fatal(err)
	}
	var ni struct {
		Name   string `json:"openconfig-network-instance:name"`
		Config struct {
			RD string `json:"route-distinguisher"`
		} `json:"openconfig-network-instance:config"`
	}
	if err := json.Unmarshal([]byte(body), &ni); err != nil || ni.Name != v.Name || ni.Config.RD != v.RD {
		t.Fatalf("network instance %s: %v", body, err)
	}
	rd := v.Instance()
	rd.Elem = append(rd.Elem, client.Elem("config"), client.Elem("route-distinguisher"))
	if body, err := get(t, p, rd); err != nil || body != `"65000:1"` {
		t.Fatalf("leaf: %s %v", body, err)
	}
	neighbor := v.Instance()
	neighbor.Elem = append(neighbor.Elem, client.Elem("protocols"), client.Elem("protocol", "identifier", "BGP", "name", "bgp"),
		client.Elem("bgp"), client.Elem("neighbors"), client.Elem("neighbor", "neighbor-address", v.StaticNextHop), client.Elem("config"), client.Elem("peer-as"))
	if body, err := get(t, p, neighbor); err != nil || body != "64512" {
		t.Fatalf("neighbour: %s %v", body, err)
	}
	if body, err := get(t, p, client.Path()); err != nil || !strings.Contains(body, `"openconfig-network-instance:network-instances"`) {
		t.Fatalf("root: %.200s %v", body, err)
	}
	sub := client.Path(client.Elem("interfaces"), client.Elem("interface", "name", "eth1"), client.Elem("subinterfaces"))
	if body, err := get(t, p, sub); err != nil || !strings.Contains(body, `"openconfig-interfaces:subinterface"`) {
		t.Fatalf("container: %.200s %v", body, err)
	}
}

func testRefusals(t *testing.T, p *PE, one client.VPN) {
	tests := map[string]struct {
		change func(*client.VPN)
		body   [2]string // replaced in all bodies
		text   string
	}{
		"long name":             {change: func(v *client.VPN) { v.Name = "sixteen-chars-xx" }, text: "at most 15"},
		"vlan twice":            {body: [2]string{`"vlan-id":102`, `"vlan-id":101`}, text: "VLAN 101 is used"},
		"subinterface twice":    {body: [2]string{`"openconfig-network-instance:interfaces":{"interface":[{"id":"eth1.102","config":{"id":"eth1.102","interface":"eth1","subinterface":102}}]}`, `"openconfig-network-instance:interfaces":{"interface":[{"id":"eth1.101","config":{"id":"eth1.101","interface":"eth1","subinterface":101}}]}`}, text: "already"},
		"no vlan":               {body: [2]string{`"openconfig-vlan:vlan":{"match":{"single-tagged":{"config":{"vlan-id":102}}}},`, ``}, text: "vlan-id is missing"},
		"bad rd":                {change: func(v *client.VPN) { v.RD = "nonsense" }, text: "regular expression"},
		"other as":              {body: [2]string{`"as":65000`, `"as":65001`}, text: "AS 65000"},
		"ipv6 neighbour":        {change: func(v *client.VPN) { v.StaticPrefix, v.StaticNextHop = "", "2001:db8::9" }, text: "VPNv6"},
		"shaper as policer":     {body: [2]string{`"queuing-behavior":"POLICE"`, `"queuing-behavior":"SHAPE"`}, text: "POLICE is needed"},
		"unknown field":         {body: [2]string{`"description"`, `"descriptionx"`}, text: "descriptionx"},
		"reference to nothing":  {body: [2]string{`"name":"two-POLICE"}`, `"name":"elsewhere"}`}, text: "elsewhere"},
		"missing redistributed": {body: [2]string{`"openconfig-network-instance:tables"`, `"openconfig-network-instance:tablez"`}, text: "tablez"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			v := vpn("two", 102)
			if tc.change != nil {
				tc.change(&v)
			}
			req := v.Add()
			for _, u := range req.GetReplace() {
				j := u.GetVal().GetJsonIetfVal()
				if tc.body[0] != "" {
					j = []byte(strings.ReplaceAll(string(j), tc.body[0], tc.body[1]))
				}
				u.Val = &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: j}}
			}
			wantCode(t, send(t, p, req), codes.InvalidArgument, tc.text)
		})
	}
	t.Run("too many VRFs", func(t *testing.T) {
		mustSend(t, p, vpn("two", 102).Add())
		wantCode(t, send(t, p, vpn("three", 103).Add()), codes.InvalidArgument, "at most 2")
		mustSend(t, p, vpn("two", 102).Remove())
	})
	testGet(t, p, one)
}

func testFaults(t *testing.T, p *PE, box *fakeBox) {
	two := vpn("two", 102)
	p.Faults().Inject(Fault{Refuse: 1, RefuseCode: codes.Unavailable, RefuseText: "busy"})
	wantCode(t, send(t, p, two.Add()), codes.Unavailable, "busy")
	mustSend(t, p, two.Add())
	p.Faults().Inject(Fault{RefuseMention: "two"})
	wantCode(t, send(t, p, two.Remove()), codes.InvalidArgument, "two")
	p.Faults().Inject(Fault{FailHalfway: 1})
	wantCode(t, send(t, p, two.Remove()), codes.Aborted, "halfway")
	if box.vrfs() != 2 {
		t.Fatal("a Set that failed halfway is not undone")
	}
	p.Faults().Inject(Fault{Blackhole: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := p.Set(ctx, two.Remove())
	wantCode(t, err, codes.DeadlineExceeded, "")
	p.Faults().Inject(Fault{})
	mustSend(t, p, two.Remove())
	if c := p.Faults().Counters(); c["sets"] == 0 || c["refused"] == 0 || c["rollbacks"] == 0 || c["confirms"] == 0 {
		t.Fatalf("counters %v", c)
	}
}

func TestStartup(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/PE1.json"
	p, _ := newTestPE(t, file)
	mustSend(t, p, vpn("one", 101).Add())
	mustSend(t, p, vpn("two", 102).Add(), client.Commit("c", time.Hour))

	again, box := newTestPE(t, file)
	if box.vrfs() != 1 {
		t.Fatalf("%d VRFs after a restart, want the confirmed one", box.vrfs())
	}
	testGet(t, again, vpn("one", 101))
}
