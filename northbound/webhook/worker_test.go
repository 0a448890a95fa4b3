// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

func testStart() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

// got is one request a sink received.
type got struct {
	header http.Header
	event  api.EventSessionStatusChanged
	raw    []byte
}

// bundle is a running Worker with its outbox and clock, and sinks it trusts.
type bundle struct {
	outbox *memory
	worker *Worker
	pool   *x509.CertPool

	mu  sync.Mutex
	now time.Time
}

func (b *bundle) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// advance moves the clock and has the worker look.
func (b *bundle) advance(to time.Time) {
	b.mu.Lock()
	b.now = to
	b.mu.Unlock()
	b.worker.Wake()
}

func setup(t *testing.T, change func(*Config)) *bundle {
	t.Helper()
	b := &bundle{outbox: newMemory(), pool: x509.NewCertPool(), now: testStart()}
	cfg := Config{
		Outbox: b.outbox, Source: "https://api.example.com/site-to-cloud-vpn/v0.1", Holder: "test", RootCAs: b.pool,
		Guard: Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Log:   slog.New(slog.DiscardHandler), Now: b.clock, Random: func() float64 { return 0.5 }, Poll: time.Hour,
	}
	if change != nil {
		change(&cfg)
	}
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.worker = w
	return b
}

// run starts the worker; it is stopped when the test ends.
func (b *bundle) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.worker.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// sink starts a TLS server that answers with the handlers in turn, the last
// one for ever, and tells what it received.
func (b *bundle) sink(t *testing.T, answers ...http.HandlerFunc) (string, chan got) {
	t.Helper()
	received := make(chan got, 1000)
	var mu sync.Mutex
	n := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		g := got{header: r.Header, raw: raw}
		if err := json.Unmarshal(raw, &g.event); err != nil {
			t.Error(err)
		}
		received <- g
		mu.Lock()
		answer := answers[min(n, len(answers)-1)]
		n++
		mu.Unlock()
		answer(w, r)
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	t.Cleanup(srv.Close)
	b.pool.AddCert(srv.Certificate())
	return srv.URL + "/events?key=in-the-url", received
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func id(n int) session.ID { return session.ID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)) }

func events(n int) []session.Event {
	var all []session.Event
	for i := range n {
		all = append(all, session.Event{
			ID: "event-" + strconv.Itoa(i+1), Seq: uint64(i + 1), At: testStart(), Status: session.Activated, Phase: session.Active, Cause: "PE7 10.9.8.7 took it", Correlator: "c-1", Notify: true,
		})
	}
	return all
}

func TestEventsComeInOrderAsCloudEvents(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	url, received := b.sink(t, status(http.StatusNoContent))
	list := events(3)
	list[2].Status, list[2].StatusInfo = session.Terminated, session.DurationExpired
	b.outbox.add(id(1), session.Sink{URL: url, CredentialType: "ACCESSTOKEN", Token: "s3cr3t", TokenExpires: testStart().Add(time.Hour)}, list...)
	b.run(t)
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		g := <-received
		var v any
		if err := json.Unmarshal(g.raw, &v); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas["EventSessionStatusChanged"].Value.VisitJSON(v); err != nil {
			t.Errorf("event is not the contract's: %v", err)
		}
		if strings.Contains(string(g.raw), "PE7") || strings.Contains(string(g.raw), "10.9.8.7") {
			t.Errorf("the cause reached the customer: %s", g.raw)
		}
		if a := g.event.Data.Account; (a != nil) != (i == 2) || a != nil && (!a.Final || a.Fee.Amount != "12.34" || a.ServicedDuration != 3600) {
			t.Errorf("event %d has account %+v", i, a)
		}
		if g.event.Id != list[i].ID || *g.event.Data.Sequence != int64(i+1) || g.event.Type != eventTypes+"session-status-changed" {
			t.Errorf("event %d: %s", i, g.raw)
		}
		if h := g.header; h.Get("Content-Type") != contentType || h.Get("Authorization") != "Bearer s3cr3t" || h.Get("X-Correlator") != "c-1" {
			t.Errorf("headers %v", h)
		}
		if r := <-b.outbox.records; r.what != "delivered" || r.seq != uint64(i+1) {
			t.Errorf("record %+v", r)
		}
	}
}

func TestFailuresAreRepeatedWithTheSameID(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	url, received := b.sink(t,
		status(http.StatusInternalServerError),
		status(http.StatusTooManyRequests, "Retry-After", "120"),
		status(http.StatusServiceUnavailable, "Retry-After", testStart().Add(10*time.Minute).Format(http.TimeFormat)),
		status(http.StatusNoContent))
	b.outbox.add(id(1), session.Sink{URL: url}, events(2)...)
	b.run(t)
	for _, want := range []time.Duration{time.Second, 121 * time.Second, 10 * time.Minute} {
		if g := <-received; g.event.Id != "event-1" {
			t.Errorf("event %s overtook", g.event.Id)
		}
		r := <-b.outbox.records
		if r.what != "retry" || r.at.Sub(testStart()) < want {
			t.Errorf("record %+v, want a retry %s after the start", r, want)
		}
		b.advance(r.at)
	}
	for _, want := range []string{"event-1", "event-2"} {
		if g := <-received; g.event.Id != want {
			t.Errorf("event %s, want %s", g.event.Id, want)
		}
		<-b.outbox.records
	}
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		sink   session.Sink
		answer http.HandlerFunc
		after  time.Duration // since the first try
		reason string
		final  bool
	}{
		{"410", session.Sink{}, status(http.StatusGone), 0, "410", true},
		{"a day of failures", session.Sink{}, status(http.StatusBadGateway), 24 * time.Hour, "502", false},
		{"token expired", session.Sink{Token: "x", TokenExpires: testStart()}, status(http.StatusNoContent), 0, "token has expired", true},
		{"plain http", session.Sink{URL: "http://sink.example.com/"}, nil, 0, "https", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			if tt.sink.URL == "" {
				tt.sink.URL, _ = b.sink(t, tt.answer)
			}
			b.outbox.add(id(1), tt.sink, events(2)...)
			if tt.after > 0 {
				b.outbox.streams[0].since, b.now = testStart(), testStart().Add(tt.after)
			}
			b.run(t)
			if r := <-b.outbox.records; r.what != "give up" || r.final != tt.final || !strings.Contains(r.reason, tt.reason) {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.Guard = Guard{} })
	url, received := b.sink(t, status(http.StatusNoContent))
	port := url[strings.LastIndex(url, ":")+1 : strings.LastIndex(url, "/")]
	b.outbox.add(id(1), session.Sink{URL: url}, events(1)...)
	b.outbox.add(id(2), session.Sink{URL: "https://localhost:" + port + "/"}, events(1)...)
	b.run(t)
	for range 2 {
		if r := <-b.outbox.records; r.what != "retry" || !strings.Contains(r.reason, "not public") {
			t.Errorf("record %+v", r)
		} else if strings.Contains(r.reason, "in-the-url") {
			t.Errorf("the reason repeats the URL: %s", r.reason)
		}
	}
	if len(received) != 0 {
		t.Error("a private sink was reached")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	target, reached := b.sink(t, status(http.StatusNoContent))
	url, _ := b.sink(t, status(http.StatusTemporaryRedirect, "Location", target))
	b.outbox.add(id(1), session.Sink{URL: url}, events(1)...)
	b.run(t)
	if r := <-b.outbox.records; r.what != "retry" || !strings.Contains(r.reason, "307") {
		t.Errorf("record %+v", r)
	}
	if len(reached) != 0 {
		t.Error("the redirect was followed")
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.RootCAs = x509.NewCertPool() })
	url, _ := b.sink(t, status(http.StatusNoContent))
	b.outbox.add(id(1), session.Sink{URL: url}, events(1)...)
	b.run(t)
	if r := <-b.outbox.records; r.what != "retry" || !strings.Contains(r.reason, "certificate") {
		t.Errorf("record %+v", r)
	}
}

func TestHugeAnswerIsCut(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	url, _ := b.sink(t, func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 64<<10)
		for { // until the connection is closed on us
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	b.outbox.add(id(1), session.Sink{URL: url}, events(1)...)
	b.run(t)
	if r := <-b.outbox.records; r.what != "delivered" {
		t.Errorf("record %+v", r)
	}
}

func TestSlowSinkHarmsNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.Workers, c.PerHost, c.PerTenant, c.Timeout = 4, 2, 4, time.Minute })
	release := make(chan struct{})
	slow, arrived := b.sink(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusNoContent)
	})
	quick, _ := b.sink(t, status(http.StatusNoContent))
	for n := range 10 {
		b.outbox.add(id(n+1), session.Sink{URL: slow}, events(1)...)
	}
	for n := range 5 {
		b.outbox.add(id(n+100), session.Sink{URL: quick}, events(2)...)
	}
	b.run(t)
	delivered, held := 0, 0
	for delivered < 10 { // two events of each quick stream
		switch r := <-b.outbox.records; r.what {
		case "delivered":
			delivered++
		case "postpone":
			held++
		default:
			t.Errorf("record %+v", r)
		}
	}
	if len(arrived) > 2 {
		t.Errorf("%d deliveries at once to one host, the cap is 2", len(arrived))
	}
	close(release)
	for delivered < 12 {
		if r := <-b.outbox.records; r.what == "delivered" {
			delivered++
		}
	}
	if held != 8 {
		t.Errorf("%d streams of the slow sink were put back, want 8", held)
	}
}

// TestDeliveredAtTheEndIsRecorded: the worker is stopped while a sink answers.
func TestDeliveredAtTheEndIsRecorded(t *testing.T) {
	t.Parallel()
	var outcomes []string
	b := setup(t, func(c *Config) { c.Outcome = func(o string) { outcomes = append(outcomes, o) } })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.worker.client.Transport = taken{cancel}
	b.outbox.add(id(1), session.Sink{URL: "https://x.example.com/"}, events(1)...)
	b.worker.Run(ctx)
	if len(b.outbox.records) != 1 || len(outcomes) != 1 || outcomes[0] != "delivered" {
		t.Fatalf("recorded are %d outcomes, told of %q", len(b.outbox.records), outcomes)
	}
	if r := <-b.outbox.records; r.what != "delivered" {
		t.Errorf("record %+v", r)
	}
}

// taken is a sink that takes an event just before the worker is stopped.
type taken struct{ stop func() }

func (s taken) RoundTrip(*http.Request) (*http.Response, error) {
	s.stop()
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

func TestGuard(t *testing.T) {
	t.Parallel()
	g := Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}}
	for addr, ok := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1": true, "10.9.1.1": true, "10.8.1.1": false, "127.0.0.1": false, "0.0.0.0": false, "169.254.169.254": false,
		"100.64.1.1": false, "192.168.1.1": false, "172.16.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.9.0.1": true,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "2001::1": false,
	} {
		if err := g.Check(netip.MustParseAddr(addr)); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.Random = func() float64 { return 0.999 } })
	at := testStart()
	tries := 0
	b.outbox.add(id(1), session.Sink{URL: "https://x.example.com"}, events(1)...)
	s, _, err := b.outbox.ClaimStream(t.Context(), "test", testStart(), testStart().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for {
		s.Since = testStart()
		v := b.worker.failed(s, "down", 0)
		if v.kind == giveUp {
			break
		}
		if gap := v.at.Sub(at); gap < time.Second || gap > 15*time.Minute*3/2 {
			t.Fatalf("try %d after %s", tries, gap)
		}
		at = v.at
		b.advance(at)
		tries++
	}
	if at.Sub(testStart()) != 24*time.Hour || tries < 50 || tries > 200 {
		t.Errorf("gave up after %s and %d tries", at.Sub(testStart()), tries)
	}
}
