// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/session"
)

// hot are the requests that come often, from the first byte of the request to the
// last of the answer: all but TLS and the use case, which is a fake in memory.
func hot() map[string]struct {
	request
	status, most int // most: allocations
} {
	body := `{"accessPoint":{"id":"site-1","staticPrefixes":["10.1.0.0/24"]},"endPoint":{"id":"site-2","staticPrefixes":["10.2.0.0/24"]},` +
		`"guaranteedBandwidth":10,"duration":3600`
	order := request{
		method: http.MethodPost, path: "/sessions", token: "acme", body: body + `,"name":"order","sla":"AA","routingProtocol":"STATIC"}`,
		header: map[string]string{"Idempotency-Key": "order-1"},
	}
	return map[string]struct {
		request
		status, most int
	}{
		"check":  {request{method: http.MethodPost, path: "/check-availability", token: "acme", body: body + "}"}, 200, 330},
		"create": {order, 201, 520},
		"get":    {request{method: http.MethodGet, path: "/sessions/" + benchID(0), token: "acme"}, 200, 262},
		"list20": {request{method: http.MethodGet, path: "/sessions", rawQuery: "perPage=20&page=1", token: "acme"}, 200, 1700},
	}
}

func benchID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// loaded is a server whose customer has 20 sessions, with an access log that is
// rendered and thrown away.
func loaded(tb testing.TB) *Server {
	b := setup(tb)
	b.srv.cfg.Log = slog.New(slog.NewJSONHandler(struct{ io.Writer }{io.Discard}, nil)) // rendered, unlike by DiscardHandler
	b.srv.cfg.RequestTimeout = time.Minute
	for i := range 20 {
		id := session.ID(benchID(i))
		b.core.sessions[id] = session.Session{
			ID: id, Tenant: "acme", Name: "order", Level: session.LevelAA, Rate: session.Rate{Forward: 10_000, Reverse: 10_000},
			Phase: session.Active, Status: session.Activated, Duration: time.Hour, Start: testNow(), CreatedAt: testNow(), UpdatedAt: testNow(),
		}
	}
	return b.srv
}

// serveOne sends one request and wants its status.
func serveOne(tb testing.TB, srv *Server, q request, status int) {
	r := httptest.NewRequest(q.method, "https://api.example.com"+BasePath+q.path+"?"+q.rawQuery, strings.NewReader(q.body))
	r.Header.Set("Authorization", "Bearer "+q.token)
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, v := range q.header {
		r.Header.Set(name, v)
	}
	rec := &recorder{ResponseWriter: discard{header: http.Header{}}}
	srv.ServeHTTP(rec, r)
	if rec.status != status {
		tb.Fatalf("%s %s: status %d, want %d", q.method, q.path, rec.status, status)
	}
}

func BenchmarkHandlers(b *testing.B) {
	for name, h := range hot() {
		b.Run(name, func(b *testing.B) {
			srv := loaded(b)
			b.ReportAllocs()
			for b.Loop() {
				serveOne(b, srv, h.request, h.status)
			}
		})
	}
}

// TestAllocations keeps the hot handlers from slowing down unseen: the number of
// allocations is the same on every machine. Bounds leave a fifth of room.
// AllocsPerRun counts those of the whole process, so that it runs alone.
func TestAllocations(t *testing.T) {
	for name, h := range hot() {
		srv := loaded(t)
		if got := testing.AllocsPerRun(50, func() { serveOne(t, srv, h.request, h.status) }); got > float64(h.most) {
			t.Errorf("%s: %.0f allocations, at most %d", name, got, h.most)
		}
	}
}
