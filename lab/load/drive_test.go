// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve starts an API over TLS that answers as h does.
func serve(t *testing.T, h http.HandlerFunc) *target {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return &target{
		addr: srv.Listener.Addr().String(), base: "/api", tokens: []string{"zero", "one"},
		tls: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13},
	}
}

func TestDriveSendsWhatWasPlanned(t *testing.T) {
	t.Parallel()
	var bad atomic.Int32
	api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/sessions" || r.Header.Get("Authorization") != "Bearer one" ||
			r.Header.Get("Idempotency-Key") != "k" || r.Header.Get("Content-Type") != "application/json" || string(body) != "{}" {
			bad.Add(1)
		}
		w.Header().Set("Location", "/api/sessions/id-1")
		w.WriteHeader(http.StatusCreated)
	})
	calls := make([]call, 20)
	for i := range calls {
		calls[i] = call{tenant: 1, method: http.MethodPost, path: "/sessions", key: "k", body: "{}", want: http.StatusCreated}
	}
	r, err := api.drive(t.Context(), calls, 10_000, 3)
	if err != nil {
		t.Fatal(err)
	}
	if n := bad.Load(); n != 0 {
		t.Errorf("%d requests were not as planned", n)
	}
	got := r.made()
	if len(got) != len(calls) || got[0] != (made{1, "id-1"}) {
		t.Errorf("made %+v", got)
	}
}

// TestDriveIsOpen holds that a call which waits for a connection is timed from
// when it was due: one slow answer is seen in all that came meanwhile.
func TestDriveIsOpen(t *testing.T) {
	t.Parallel()
	const slow = 30 * time.Millisecond
	var asked atomic.Int32
	api := serve(t, func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 1 {
			time.Sleep(slow)
		}
	})
	calls := make([]call, 5)
	for i := range calls {
		calls[i] = call{method: http.MethodGet, path: "/", want: http.StatusOK}
	}
	r, err := api.drive(t.Context(), calls, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, took := range r.took {
		if least := slow - time.Duration(i)*time.Millisecond; took < least {
			t.Errorf("call %d took %s, it waited for %s at least", i, took, least)
		}
	}
}

func TestDriveConnectsAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	api := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 2 {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		w.WriteHeader(http.StatusOK)
	})
	calls := make([]call, 4)
	for i := range calls {
		calls[i] = call{method: http.MethodGet, path: "/", want: http.StatusOK}
	}
	r, err := api.drive(t.Context(), calls, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := r.result("read", 1000, time.Second)
	if d := cmp.Diff(map[string]int{"200": 3, "none": 1}, got.Statuses); d != "" || got.Wrong != 1 {
		t.Errorf("%d wrong, statuses (-want +got):\n%s", got.Wrong, d)
	}
}

func TestDriveEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	api := serve(t, func(http.ResponseWriter, *http.Request) { cancel() })
	calls := make([]call, 1_000_000)
	for i := range calls {
		calls[i] = call{method: http.MethodGet, path: "/", want: http.StatusOK}
	}
	r, err := api.drive(ctx, calls, 100, 2)
	if err == nil || len(r.took) == 0 || len(r.took) == len(calls) {
		t.Errorf("%d calls were sent, %v", len(r.took), err)
	}
}
