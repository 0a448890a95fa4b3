// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

func (f *fakeOperator) SetLink(_ context.Context, name string, down bool, correlator string) (LinkStatus, error) {
	if name != "core/1" {
		return LinkStatus{}, session.Errorf(session.NotFound, "", "no link is called %s", name)
	}
	f.told = append(f.told, correlator)
	return LinkStatus{Link: name, Down: down, Affected: 3}, nil
}

func (f *fakeOperator) SetNode(_ context.Context, name topology.NodeName, c NodeChange, correlator string) (NodeStatus, error) {
	if name != "p1" {
		return NodeStatus{}, session.Errorf(session.NotFound, "", "no node is called %s", name)
	}
	f.told = append(f.told, correlator)
	is := NodeStatus{Node: name}
	if c.Down != nil {
		is.Down = *c.Down
	}
	if c.Maintenance != nil {
		is.Maintenance = *c.Maintenance
	}
	return is, nil
}

// WhatIf keeps what it is asked. It admits the first order, on two ways, and
// refuses the others.
func (f *fakeOperator) WhatIf(ctx context.Context, x Supposition) (Supposed, error) {
	if slices.Contains(x.LinksDown, "x") {
		return Supposed{}, session.Errorf(session.NotFound, "linksDown", "no link is called x")
	}
	f.supposed = x
	plan, err := f.PlanReroute(ctx)
	out := Supposed{Sessions: plan}
	way, back := []topology.NodeName{"pe1", "pe2"}, []topology.NodeName{"pe2", "pe1"}
	for i, p := range x.Orders {
		one := order.Foreseen{Prospect: p}
		switch i {
		case 0:
			one.Admission = pathcomp.Admission{
				Forward: way, Reverse: back, RTTMicros: 8000, Second: &pathcomp.Way{Forward: way, Reverse: back, RTTMicros: 9000},
			}
		case 1:
			one.Refusal = &pathcomp.Refusal{
				Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, Blocking: []topology.ArcName{"link:l>"},
				MostKbps: 7, EarliestStart: testNow(), LeastRTTMicros: 8000,
			}
		default:
			one.Reason = "not sold"
		}
		out.Orders = append(out.Orders, one)
	}
	if len(x.SetCapacity) > 0 {
		out.Excesses = []pathcomp.Excess{{Arc: "link:l>", Class: "gold", Kbps: 9, Limit: 8}}
	}
	return out, err
}

func (f *fakeOperator) PlanReroute(context.Context) ([]order.Rerouted, error) {
	return []order.Rerouted{
		{
			Session: "s-1", Tenant: "acme", Level: "AA", Outcome: order.Moves, RTT: 8000,
			Was: []topology.NodeName{"pe1", "p1", "pe2"}, Is: []topology.NodeName{"pe1", "p2", "pe2"},
		},
		{Session: "s-2", Tenant: "acme", Level: "A", Outcome: order.Stays},
		{Session: "s-3", Tenant: "acme", Level: "A", Outcome: order.NoWay, Reason: "no-path"},
		{Session: "s-4", Outcome: order.Failed, Reason: "changed meanwhile"},
	}, nil
}

func (f *fakeOperator) Reroute(ctx context.Context, correlator string) ([]order.Rerouted, error) {
	if correlator == "broken" {
		return nil, errors.New("disk full")
	}
	f.told = append(f.told, correlator)
	return f.PlanReroute(ctx)
}

// ask sends one request to the operators' API.
func ask(a *Admin, method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:9092/operator/v1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for name, v := range header {
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestNetworkAPI(t *testing.T) {
	t.Parallel()
	operator := &fakeOperator{}
	a := newTestAdmin(t, func(c *AdminConfig) { c.Operator = operator })
	const plan = `{"sessions":[` +
		`{"sessionId":"s-1","tenant":"acme","sla":"AA","outcome":"moves","was":["pe1","p1","pe2"],"is":["pe1","p2","pe2"],"rttMicros":8000},` +
		`{"sessionId":"s-2","tenant":"acme","sla":"A","outcome":"stays"},` +
		`{"sessionId":"s-3","tenant":"acme","sla":"A","outcome":"no-way","reason":"no-path"},` +
		`{"sessionId":"s-4","outcome":"failed","reason":"changed meanwhile"}],"moves":1,"stays":1,"noWay":1,"failed":1}`
	const kept = `"note":"kept until the daemon restarts; then the inventory says what is"`
	for _, tt := range []struct{ name, method, path, body, want string }{
		{"link down", "PUT", "/links/core/1", `{"down":true}`, `{"link":"core/1","down":true,"affected":3,` + kept + `}`},
		{"link up", "PUT", "/links/core/1", `{"down":false}`, `{"link":"core/1","down":false,"affected":3,` + kept + `}`},
		{"node drained", "PUT", "/nodes/p1", `{"maintenance":true}`, `{"node":"p1","down":false,"maintenance":true,"affected":0,` + kept + `}`},
		{"node both", "PUT", "/nodes/p1", `{"maintenance":false,"down":true}`, `{"node":"p1","down":true,"maintenance":false,"affected":0,` + kept + `}`},
		{"what if", "POST", "/what-if", `{"linksDown":["core/1"],"nodesDown":["p1"],"drain":["p2"]}`, plan[:len(plan)-1] +
			`,"orders":[],"admitted":0,"refused":0,"overbooked":[],"note":"nothing was changed"}`},
		{"plan", "GET", "/reroute", "", plan},
		{"reroute", "POST", "/reroute", "", plan},
	} {
		w := ask(a, tt.method, tt.path, tt.body, map[string]string{"x-correlator": "c-" + tt.name[:4]})
		if diff := cmp.Diff(tt.want, w.Body.String()); w.Code != http.StatusOK || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", tt.name, w.Code, diff)
		}
	}
	if diff := cmp.Diff([]string{"c-link", "c-link", "c-node", "c-node", "c-rero"}, operator.told); diff != "" {
		t.Errorf("who told (-want +got):\n%s", diff)
	}
}

func TestWhatIfOrdersCame(t *testing.T) {
	t.Parallel()
	operator := &fakeOperator{}
	a := newTestAdmin(t, func(c *AdminConfig) { c.Operator = operator })
	w := ask(a, "POST", "/what-if", `{"setCapacity":[{"link":"l","kbps":[10,0]}],"addCapacity":[{"link":"m","kbps":[1,2]}],"orders":[
		{"name":"one","from":"pe1","to":"pe2","secondFrom":"pe3","secondTo":"pe4","kbps":[5,6],"maxRttMicros":7,"start":"2030-01-02T03:04:05Z",
			"durationSeconds":60,"sla":"AA","protected":true},
		{"name":"two","from":"pe1","to":"pe2","kbps":[5,6],"sla":"A"},{"name":"three","from":"pe1","to":"pe2","kbps":[0,6],"sla":"X"}]}`, nil)
	_, got, _ := strings.Cut(w.Body.String(), `"failed":1,`)
	const want = `"orders":[` +
		`{"name":"one","outcome":"admitted","forward":["pe1","pe2"],"reverse":["pe2","pe1"],"rttMicros":8000,` +
		`"second":{"forward":["pe1","pe2"],"reverse":["pe2","pe1"],"rttMicros":9000}},` +
		`{"name":"two","outcome":"refused","refusal":{"cause":"bandwidth","objects":["BANDWIDTH"],"blocking":["link:l>"],"mostKbps":7,` +
		`"earliestStart":"NOW","leastRoundTripMicros":8000}},` +
		`{"name":"three","outcome":"refused","reason":"not sold"}],"admitted":1,"refused":2,` +
		`"overbooked":[{"arc":"link:l>","class":"gold","kbps":9,"limitKbps":8}],"note":"nothing was changed"}`
	now := testNow().Format(time.RFC3339)
	if diff := cmp.Diff(strings.NewReplacer("NOW", now, ">", `\u003e`).Replace(want), got); w.Code != http.StatusOK || diff != "" {
		t.Errorf("%d (-want +got):\n%s", w.Code, diff)
	}
	if diff := cmp.Diff(Supposition{
		SetCapacity: []LinkRate{{"l", [2]uint64{10, 0}}}, AddCapacity: []LinkRate{{"m", [2]uint64{1, 2}}},
		Orders: []order.Prospect{
			{
				Name: "one", From: "pe1", To: "pe2", SecondFrom: "pe3", SecondTo: "pe4", Kbps: [2]uint64{5, 6}, MaxRTTMicros: 7,
				Start: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Duration: time.Minute, Level: "AA", Protected: true,
			},
			{Name: "two", From: "pe1", To: "pe2", Kbps: [2]uint64{5, 6}, Level: "A"},
			{Name: "three", From: "pe1", To: "pe2", Kbps: [2]uint64{0, 6}, Level: "X"},
		},
	}, operator.supposed); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// patient is a ResponseWriter that notes until when it may take.
type patient struct {
	*httptest.ResponseRecorder

	read, write time.Time
}

func (p *patient) SetReadDeadline(t time.Time) error  { p.read = t; return nil }
func (p *patient) SetWriteDeadline(t time.Time) error { p.write = t; return nil }

// Many sessions take longer than other requests may.
func TestPlansMayTakeLong(t *testing.T) {
	t.Parallel()
	a := newTestAdmin(t, nil)
	for _, path := range []string{"GET /reroute", "POST /reroute", "POST /what-if"} {
		method, at, _ := strings.Cut(path, " ")
		r := httptest.NewRequest(method, "http://localhost/operator/v1"+at, strings.NewReader(`{"drain":["p1"]}`))
		r.Header.Set("Content-Type", "application/json")
		w := &patient{ResponseRecorder: httptest.NewRecorder()}
		a.ServeHTTP(w, r)
		if want := testNow().Add(planTimeout); w.Code != http.StatusOK || !w.read.Equal(want) || !w.write.Equal(want) {
			t.Errorf("%s: %d, reading until %s, writing until %s", path, w.Code, w.read, w.write)
		}
	}
}

func TestNetworkAPIRefuses(t *testing.T) {
	t.Parallel()
	a := newTestAdmin(t, nil)
	big := `{"drain":["` + strings.Repeat("x", maxOperatorBody) + `"]}`
	bigger := `{"drain":["` + strings.Repeat("x", maxSupposition) + `"]}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"unknown link", "PUT", "/links/x", `{"down":true}`, 404, "no link is called x"},
		{"no link", "PUT", "/links/", `{"down":true}`, 404, "NOT_FOUND"},
		{"link without down", "PUT", "/links/core/1", `{}`, 400, "down: is required"},
		{"link null", "PUT", "/links/core/1", `null`, 400, "down: is required"},
		{"link with a field of nodes", "PUT", "/links/core/1", `{"down":true,"maintenance":true}`, 400, "maintenance"},
		{"link with text", "PUT", "/links/core/1", `{"down":"yes"}`, 400, "object of down"},
		{"link goes on", "PUT", "/links/core/1", `{"down":true}{}`, 400, "goes on"},
		{"link without body", "PUT", "/links/core/1", ``, 400, "object of down"},
		{"link read", "GET", "/links/core/1", ``, 405, "METHOD_NOT_ALLOWED"},
		{"unknown node", "PUT", "/nodes/x", `{"down":true}`, 404, "no node is called x"},
		{"node without anything", "PUT", "/nodes/p1", `{}`, 400, "down or maintenance is required"},
		{"node with unknown property", "PUT", "/nodes/p1", `{"drain":true}`, 400, "drain"},
		{"node goes on", "PUT", "/nodes/p1", `{"down":true} 1`, 400, "goes on"},
		{"what if nothing", "POST", "/what-if", `{"drain":[]}`, 400, "has to name something"},
		{"what if unknown link", "POST", "/what-if", `{"linksDown":["x"]}`, 404, "linksDown: no link is called x"},
		{"what if unknown property", "POST", "/what-if", `{"links":["x"]}`, 400, "links"},
		{"what if text", "POST", "/what-if", `{"drain":"p1"}`, 400, "object of linksDown, nodesDown, drain, setCapacity, addCapacity and orders"},
		{"what if no rate", "POST", "/what-if", `{"setCapacity":[{"link":"l","kbps":[1,1]},{"link":"l"}]}`, 400, "setCapacity[1].kbps: must be two rates"},
		{"what if too much", "POST", "/what-if", `{"addCapacity":[{"link":"l","kbps":[1,100000000001]}]}`, 400, "addCapacity[0].kbps: must be two rates"},
		{"what if free", "POST", "/what-if", `{"orders":[{"from":"a","to":"b","sla":"A"}]}`, 400, "orders[0].kbps: must be two rates"},
		{"what if half", "POST", "/what-if", `{"orders":[{"kbps":[1,1],"protected":true,"secondTo":"b"}]}`, 400, "orders[0].protected: goes with"},
		{"what if half not", "POST", "/what-if", `{"orders":[{"kbps":[1,1],"secondTo":"b"}]}`, 400, "orders[0].protected: goes with"},
		{"what if goes on", "POST", "/what-if", `{"drain":["p1"]},`, 400, "goes on"},
		{"what if too large", "POST", "/what-if", bigger, 413, "larger than 4194304 bytes"},
		{"link too large", "PUT", "/links/core/1", big, 413, "PAYLOAD_TOO_LARGE"},
		{"node too large", "PUT", "/nodes/p1", big, 413, "PAYLOAD_TOO_LARGE"},
		{"freeze too large", "POST", "/freezes", big, 413, "PAYLOAD_TOO_LARGE"},
		{"reroute removed", "DELETE", "/reroute", ``, 405, "METHOD_NOT_ALLOWED"},
	} {
		if w := ask(a, tt.method, tt.path, tt.body, nil); w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s, want %d with %q", tt.name, w.Code, w.Body, tt.status, tt.says)
		}
	}
	for _, path := range []string{"/links/core/1", "/nodes/p1", "/what-if"} {
		method := http.MethodPut
		if path == "/what-if" {
			method = http.MethodPost
		}
		if w := ask(a, method, path, `{"down":true}`, map[string]string{"Content-Type": "text/plain"}); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("%s of text: %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(a, http.MethodPost, "/reroute", "", map[string]string{"x-correlator": "broken"}); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("a store that fails: %d %s", w.Code, w.Body)
	}
}
