// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/northbound/api/apitest"
	"github.com/s2cd/s2cd/session"
)

const testKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

// bundle is a Server over a fake core. do sends a request to it and holds both
// directions against the contract.
type bundle struct {
	core *fakeCore
	srv  *Server
	log  *bytes.Buffer

	contract *apitest.Contract
}

// hasty gives a use case that hangs little time.
func hasty(c *Config) { c.RequestTimeout = 20 * time.Millisecond }

func setup(t testing.TB, changes ...func(*Config)) *bundle {
	t.Helper()
	core := &fakeCore{sessions: map[session.ID]session.Session{}}
	b := setupOn(t, core, changes...)
	b.core = core
	return b
}

// setupOn is a bundle over use cases of the caller's.
func setupOn(t testing.TB, cases UseCases, changes ...func(*Config)) *bundle {
	t.Helper()
	all := []string{
		"site-to-cloud-vpn:check-availability", "site-to-cloud-vpn:sessions:create", "site-to-cloud-vpn:sessions:read",
		"site-to-cloud-vpn:sessions:update", "site-to-cloud-vpn:sessions:delete",
	}
	b := &bundle{log: &bytes.Buffer{}}
	cfg := Config{
		UseCases: cases, Log: slog.New(slog.NewTextHandler(b.log, nil)), Now: testNow, RequestTimeout: time.Minute,
		Authenticator: fakeAuth{
			"acme":    {Client: "acme-app", Scopes: all},
			"other":   {Client: "other-app", Scopes: all},
			"reader":  {Client: "acme-app", Scopes: []string{"site-to-cloud-vpn:sessions:read"}},
			"nobody":  {Client: "nobody-app", Scopes: all},
			"unbound": {},
		},
		TenantOf: func(client string) (session.TenantID, bool) {
			t, ok := map[string]session.TenantID{"acme-app": "acme", "other-app": "other"}[client]
			return t, ok
		},
		SinkAllowed: refusePrivate, EndpointAllowed: refusePrivate,
	}
	for _, change := range changes {
		change(&cfg)
	}
	srv, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.srv, b.contract = srv, apitest.Of(srv.contract.doc)
	return b
}

// request is one request of a test; body may hold anything.
type request struct {
	method, path, token, body string
	header                    map[string]string
	rawQuery                  string
}

// reply is an answer that was read to its end.
type reply struct {
	StatusCode int
	Header     http.Header
	raw        []byte
}

func (b *bundle) do(t testing.TB, q request) *reply {
	t.Helper()
	res, err := b.exchange(q)
	if err != nil {
		t.Error(err)
	}
	return res
}

// exchange sends a request; the error is a breach of the contract, by either side.
func (b *bundle) exchange(q request) (*reply, error) {
	r := httptest.NewRequest(q.method, "https://api.example.com"+BasePath+q.path, strings.NewReader(q.body))
	if q.rawQuery != "" {
		r.URL.RawQuery = q.rawQuery
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, v := range q.header {
		if v == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	b.srv.ServeHTTP(w, r)
	res := &reply{StatusCode: w.Code, Header: w.Header(), raw: w.Body.Bytes()}
	_, err := b.contract.Check(r, []byte(q.body), apitest.Answer{Status: res.StatusCode, Header: res.Header, Body: res.raw})
	return res, err
}

// read decodes an answer.
func read[T any](t testing.TB, res *reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(res.raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

var _ Authenticator = fakeAuth{}
