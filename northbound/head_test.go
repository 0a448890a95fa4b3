// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// TestHead sends heads over a connection: those that net/http lets through are
// answered as all others, the rest is its own.
func TestHead(t *testing.T) {
	t.Parallel()
	srv, err := New(Config{
		UseCases: &fakeCore{}, Authenticator: fakeAuth{}, Log: slog.New(slog.DiscardHandler),
		TenantOf: func(string) (session.TenantID, bool) { return "acme", true },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(t.Context(), l) }()
	t.Cleanup(func() { // after the context of the test has ended
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	const (
		line = "GET " + BasePath + "/sessions HTTP/1.1\r\nHost: s2cd\r\n"
		last = "Connection: close\r\n\r\n"
		room = maxFields - len("x-fill") - 32 - len("Connection"+"close") - 32
	)
	for name, test := range map[string]struct {
		head   string
		status int
		code   string // empty: net/http's own answer
	}{
		"as large as may be": {line + "x-fill: " + strings.Repeat("f", room) + "\r\n", 401, "UNAUTHENTICATED"},
		"one byte more":      {line + "x-fill: " + strings.Repeat("f", room+1) + "\r\n", 431, "REQUEST_HEADER_FIELDS_TOO_LARGE"},
		"many fields":        {line + strings.Repeat("x-fill:\r\n", maxFields/38+1), 431, "REQUEST_HEADER_FIELDS_TOO_LARGE"},
		"beyond all":         {line + "x-fill: " + strings.Repeat("f", 2*maxHead) + "\r\n", 431, ""},
		"of no resource":     {"OPTIONS * HTTP/1.1\r\nHost: s2cd\r\n", 404, "NOT_FOUND"},
		"no HTTP":            {"HELLO\r\n", 400, ""},
		"no host":            {"GET / HTTP/1.1\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go func() { _, _ = io.WriteString(conn, test.head+last) }() // it may be cut off
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var info api.ErrorInfo
			if err := json.NewDecoder(res.Body).Decode(&info); (err == nil) != (test.code != "") {
				t.Errorf("a body that is no ErrorInfo, or is one: %v", err)
			}
			if res.StatusCode != test.status || info.Code != test.code || (res.Header.Get(correlatorHeader) != "") != (test.code != "") {
				t.Errorf("%d %s, correlator %q, want %d %s", res.StatusCode, info.Code, res.Header.Get(correlatorHeader), test.status, test.code)
			}
		})
	}
}

// TestHeadIsToldWhatThereIs holds the Allow of a HEAD against that of any other
// method that a resource does not have: the mux alone would take it for a GET.
func TestHeadIsToldWhatThereIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, want := range map[string]string{
		"/sessions": "GET, POST", someID: "DELETE, GET, PATCH", "/check-availability": "POST", "/openapi.yaml": "GET",
	} {
		for _, method := range []string{http.MethodHead, http.MethodTrace} {
			res := b.do(t, request{method: method, path: path, token: "acme"})
			if have := res.Header.Get("Allow"); res.StatusCode != http.StatusMethodNotAllowed || have != want {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, path, res.StatusCode, have, want)
			}
		}
	}
}
