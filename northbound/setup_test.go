// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

const testKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

// bundle is a Server over a fake core. do sends a request to it and holds both
// directions against the contract.
type bundle struct {
	core *fakeCore
	srv  *Server
	log  *bytes.Buffer
}

// hasty gives a use case that hangs little time.
func hasty(c *Config) { c.RequestTimeout = 20 * time.Millisecond }

func setup(t testing.TB, changes ...func(*Config)) *bundle {
	t.Helper()
	all := []string{
		"site-to-cloud-vpn:check-availability", "site-to-cloud-vpn:sessions:create", "site-to-cloud-vpn:sessions:read",
		"site-to-cloud-vpn:sessions:update", "site-to-cloud-vpn:sessions:delete",
	}
	b := &bundle{core: &fakeCore{sessions: map[session.ID]session.Session{}}, log: &bytes.Buffer{}}
	cfg := Config{
		UseCases: b.core, Log: slog.New(slog.NewTextHandler(b.log, nil)), Now: testNow, RequestTimeout: time.Minute,
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
	b.srv = srv
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
	b.checkAnswer(t, r, q.body, res)
	return res
}

// checkAnswer holds an answer against the contract: a documented one against
// its own schema, any other against ErrorInfo. An accepted request has to be
// valid by an independent reading of the contract too.
func (b *bundle) checkAnswer(t testing.TB, r *http.Request, body string, res *reply) {
	t.Helper()
	if res.Header.Get(correlatorHeader) == "" {
		t.Errorf("%s %s: no x-correlator in the answer", r.Method, r.URL)
	}
	_, pattern := b.srv.mux.Handler(r)
	o := b.srv.contract.ops[pattern]
	if o == nil || o.op.Responses.Status(res.StatusCode) == nil {
		if res.StatusCode >= 400 {
			checkErrorInfo(t, b.srv.contract.doc, res.StatusCode, res.raw)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: pathParams(o.path, r.URL.Path), QueryParams: r.URL.Query(),
		Route:   &routers.Route{Spec: b.srv.contract.doc, PathItem: o.item, Method: r.Method, Operation: o.op, Path: o.path},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if res.StatusCode < 300 {
		r.Body = io.NopCloser(strings.NewReader(body))
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			t.Errorf("%s %s: accepted against the contract: %v", r.Method, r.URL, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header}
	out.SetBodyBytes(res.raw)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		t.Errorf("%s %s: answer %d is not the contract's: %v\n%s", r.Method, r.URL, res.StatusCode, err, res.raw)
	}
}

func checkErrorInfo(t testing.TB, doc *openapi3.T, status int, raw []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("the error's body is not JSON: %v\n%s", err, raw)
	}
	if err := doc.Components.Schemas["ErrorInfo"].Value.VisitJSON(v, openapi3.VisitAsResponse()); err != nil {
		t.Errorf("the error's body is no ErrorInfo: %v", err)
	}
	if got := read[api.ErrorInfo](t, &reply{raw: raw}); int(got.Status) != status {
		t.Errorf("status in the body is %v, of the answer %d", got.Status, status)
	}
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
