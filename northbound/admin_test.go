// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// fakeOperator keeps one session, the brakes, and by whom it was told of faults.
type fakeOperator struct {
	brakes []provision.Freeze
	told   []string

	supposed Supposition // that it was asked about last
}

var _ Operator = (*fakeOperator)(nil)

func (f *fakeOperator) Sessions(ctx context.Context, q order.Filter) ([]session.Session, int, error) {
	if q.Tenant != "" && q.Tenant != "acme" {
		return nil, 0, nil
	}
	s, err := f.Session(ctx, session.ID(someID[len("/sessions/"):]))
	return []session.Session{s}, 1, err
}

func (f *fakeOperator) Session(_ context.Context, id session.ID) (session.Session, error) {
	s := fakeSession()
	if id != s.ID {
		return session.Session{}, session.Errorf(session.NotFound, "", "no session %s", id)
	}
	s.Sink = &session.Sink{URL: "https://x.example.com", Token: "s3cr3t"}
	s.Decision = session.DecidePresent
	s.Devices = []session.DeviceState{{Device: "pe1", Have: session.Present}}
	return s, nil
}

func (f *fakeOperator) Timeline(context.Context, session.ID) ([]session.Event, error) {
	return []session.Event{{Seq: 1, Cause: "ordered"}}, nil
}

func (f *fakeOperator) Devices(context.Context) ([]DeviceStatus, error) {
	return []DeviceStatus{{Device: "pe1", State: "down", Reason: "no answer"}}, nil
}

func (f *fakeOperator) Reservations(_ context.Context, arc topology.ArcName) ([]ArcStatus, error) {
	return []ArcStatus{{Arc: arc, ReservedKbps: 5}}, nil
}

func (f *fakeOperator) Findings(context.Context) ([]Finding, error) {
	return []Finding{{Severity: "fault", Subject: "device pe1", Detail: "no answer"}}, nil
}

func (f *fakeOperator) Freezes(context.Context) ([]provision.Freeze, error) { return f.brakes, nil }

func (f *fakeOperator) SetFreeze(_ context.Context, b provision.Freeze, on bool) error {
	f.brakes = nil
	if on {
		f.brakes = []provision.Freeze{b}
	}
	return nil
}

func (f *fakeOperator) DeadLetters(_ context.Context, q order.DeadLetterFilter) ([]order.DeadLetter, error) {
	if q.Tenant == "x" || q.Session == "x" {
		return nil, nil
	}
	return []order.DeadLetter{{Session: "s-1", Tenant: "acme", After: 1, Last: 3, Reason: "the sink answered 503", At: testNow()}}, nil
}

func (f *fakeOperator) Replay(_ context.Context, id session.ID) (int, error) {
	if id != "s-1" {
		return 0, session.Errorf(session.NotFound, "", "no dead letters of session %s", id)
	}
	return 2, nil
}

func (f *fakeOperator) NotificationKeys(context.Context) (KeyStatus, error) {
	return KeyStatus{JWKSURI: "https://api.example.com/{customer}", Keys: []KeyTime{{Signs: testNow()}}}, nil
}

func (f *fakeOperator) RotateNotificationKeys(ctx context.Context, atOnce bool) (KeyStatus, error) {
	s, err := f.NotificationKeys(ctx)
	if !atOnce {
		s.Keys[0].Until = testNow()
		s.Keys = append(s.Keys, KeyTime{Signs: testNow()})
	}
	return s, err
}

func newTestAdmin(t *testing.T, change func(*AdminConfig)) *Admin {
	t.Helper()
	reg := prometheus.NewRegistry()
	NewMetrics(reg).observe("getSession", 200, 1)
	cfg := AdminConfig{
		Addr: "127.0.0.1:0", Operator: &fakeOperator{}, Ready: func(context.Context) error { return nil },
		Metrics: reg, Log: slog.New(slog.DiscardHandler), Now: testNow,
	}
	if change != nil {
		change(&cfg)
	}
	a, err := NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	a := newTestAdmin(t, nil)
	tests := []struct {
		name, method, path, body string
		header                   map[string]string
		status                   int
		says                     string
	}{
		{"health", "GET", "/healthz", "", nil, 200, "ok"},
		{"ready", "GET", "/readyz", "", nil, 200, "ready"},
		{"metrics", "GET", "/metrics", "", nil, 200, `s2cd_api_request_seconds_count{operation="getSession",status="200"} 1`},
		{"sessions", "GET", "/operator/v1/sessions?tenant=acme&limit=5", "", nil, 200, `"phase":"active"`},
		{"sessions of another", "GET", "/operator/v1/sessions?tenant=x", "", nil, 200, `"sessions":[]`},
		{"bad limit", "GET", "/operator/v1/sessions?limit=x", "", nil, 400, "limit: "},
		{"limit nil", "GET", "/operator/v1/sessions?limit=0", "", nil, 400, "limit: "},
		{"session", "GET", "/operator/v1" + someID, "", nil, 200, `"cause":"ordered"`},
		{"unknown session", "GET", "/operator/v1/sessions/x", "", nil, 404, "NOT_FOUND"},
		{"dead letters", "GET", "/operator/v1/dead-letters", "", nil, 200, `[{"sessionId":"s-1","tenant":"acme","after":1,"last":3,"reason":"the sink answered 503"`},
		{"dead letters of another", "GET", "/operator/v1/dead-letters?tenant=x", "", nil, 200, `"deadLetters":[]`},
		{"dead letters of a session", "GET", "/operator/v1/dead-letters?session=x&limit=5", "", nil, 200, `"deadLetters":[]`},
		{"dead letters without limit", "GET", "/operator/v1/dead-letters?limit=0", "", nil, 400, "limit: "},
		{"replay", "POST", "/operator/v1/dead-letters/s-1/replay", "", nil, 200, `"events":2`},
		{"replay of nothing", "POST", "/operator/v1/dead-letters/s-2/replay", "", nil, 404, "no dead letters"},
		{"keys", "GET", "/operator/v1/notification-keys", "", nil, 200, `"jwksUri":"https://api.example.com/{customer}"`},
		{"rotate keys", "POST", "/operator/v1/notification-keys", `{}`, nil, 200, `"until":`},
		{"withdraw keys", "POST", "/operator/v1/notification-keys", `{"atOnce":true}`, nil, 200, `"keys":[{"signs":"`},
		{"rotate keys somehow", "POST", "/operator/v1/notification-keys", `{"soon":true}`, nil, 400, "soon"},
		{"devices", "GET", "/operator/v1/devices", "", nil, 200, `"reason":"no answer"`},
		{"doctor", "GET", "/operator/v1/doctor", "", nil, 200, `"subject":"device pe1"`},
		{"reservations", "GET", "/operator/v1/reservations?arc=pe1:p1", "", nil, 200, `"arc":"pe1:p1"`},
		{"no freeze", "GET", "/operator/v1/freezes", "", nil, 200, `"freezes":[]`},
		{"freeze", "POST", "/operator/v1/freezes", `{"scope":"device","name":"pe1","reason":"works"}`, nil, 201, `"name":"pe1"`},
		{"frozen", "GET", "/operator/v1/freezes", "", nil, 200, `"reason":"works"`},
		{"thaw", "DELETE", "/operator/v1/freezes/device/pe1", "", nil, 204, ""},
		{"thaw all", "DELETE", "/operator/v1/freezes/all", "", nil, 204, ""},
		{"thaw a device without name", "DELETE", "/operator/v1/freezes/device", "", nil, 400, "name: "},
		{"unknown scope", "POST", "/operator/v1/freezes", `{"scope":"planet","reason":"x"}`, nil, 400, "scope: "},
		{"freeze without reason", "POST", "/operator/v1/freezes", `{"scope":"all"}`, nil, 400, "reason: "},
		{"unknown property", "POST", "/operator/v1/freezes", `{"scope":"all","reason":"x","why":"y"}`, nil, 400, "why"},
		{"form", "POST", "/operator/v1/freezes", `{}`, map[string]string{"Content-Type": "text/plain"}, 415, "Content-Type"},
		{"unknown path", "GET", "/operator/v2", "", nil, 404, "NOT_FOUND"},
		{"method", "PUT", "/operator/v1/freezes", "", nil, 405, "METHOD_NOT_ALLOWED"},
		{"web page", "GET", "/operator/v1/devices", "", map[string]string{"Origin": "https://evil.example.com"}, 403, "PERMISSION_DENIED"},
		{"rebound name", "GET", "/healthz", "", map[string]string{"Host": "evil.example.com"}, 403, "PERMISSION_DENIED"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "http://127.0.0.1:9092"+tt.path, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "application/json")
		for name, v := range tt.header {
			if name == "Host" {
				r.Host = v
			}
			r.Header.Set(name, v)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || strings.Contains(w.Body.String(), "s3cr3t") {
			t.Errorf("%s: %d %s, want %d with %q", tt.name, w.Code, w.Body, tt.status, tt.says)
		}
	}
}

func TestAdminToken(t *testing.T) {
	t.Parallel()
	a := newTestAdmin(t, func(c *AdminConfig) {
		c.Token = "t0ken"
		c.Ready = func(context.Context) error { return errors.New("topology is not loaded") }
	})
	for _, tt := range []struct {
		path, authorization string
		status              int
	}{
		{"/operator/v1/devices", "", 401}, {"/operator/v1/devices", "Bearer wrong", 401}, {"/operator/v1/devices", "Bearer t0ken", 200},
		{"/healthz", "", 200}, {"/readyz", "", 503},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+tt.path, nil)
		r.Header.Set("Authorization", tt.authorization)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s with %q: %d, want %d", tt.path, tt.authorization, w.Code, tt.status)
		}
	}
}

func TestAdminBindsAtHomeOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:1", ":9092", "[::]:1", "192.0.2.1:1", "example.com:1", "unix:", ""} {
		_, err := NewAdmin(AdminConfig{Addr: addr, Operator: &fakeOperator{}, Ready: func(context.Context) error { return nil }, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			t.Errorf("%q was taken", addr)
		}
	}
}

func TestAdminOnASocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false) // as a killed daemon would
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	a := newTestAdmin(t, func(c *AdminConfig) { c.Addr = "unix:" + path })
	l, err := a.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Listen(t.Context()); err == nil {
		t.Error("a socket in use was taken over")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	res, err := client.Get("http://s2cd/operator/v1/devices")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(raw), "pe1") {
		t.Errorf("answer %s, %v", raw, err)
	}
	_ = res.Body.Close()
	client.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
