// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

const mergePatch = "application/merge-patch+json"

// known is a bundle with a session, and the session's path.
func known(t testing.TB) (*bundle, session.Session, string) {
	t.Helper()
	b := setup(t)
	s := fakeSession()
	s.Name = "branch"
	b.core.sessions[s.ID] = s
	return b, s, "/sessions/" + string(s.ID)
}

func TestMergePatchIsRead(t *testing.T) {
	t.Parallel()
	b, s, at := known(t)
	for body, want := range map[string]order.Modification{
		`{"guaranteedBandwidth": 200}`:                          {Forward: new(uint64(200_000))},
		`{"guaranteedReverseBandwidth": 1000000, "sla": "AAA"}`: {Reverse: new(uint64(1_000_000_000)), Level: new(session.LevelAAA)},
		`{"name": null}`:    {Name: new("")},
		`{"name": "other"}`: {Name: new("other")},
		`{"name": "other", "guaranteedBandwidth": 2}`: {Name: new("other"), Forward: new(uint64(2000))},
	} {
		for _, media := range []string{mergePatch, "application/json", "application/merge-patch+json; charset=utf-8"} {
			b.core.modified, b.core.sessions[s.ID] = nil, s
			res := b.do(t, request{method: "PATCH", path: at, token: "acme", body: body, header: map[string]string{"Content-Type": media}})
			wantStatus := http.StatusOK
			if want.Forward != nil {
				wantStatus = http.StatusAccepted
			}
			if res.StatusCode != wantStatus {
				t.Fatalf("%s as %s: %d %s", body, media, res.StatusCode, res.raw)
			}
			if d := cmp.Diff([]order.Modification{want}, b.core.modified); d != "" {
				t.Errorf("%s (-want +got):\n%s", body, d)
			}
		}
	}
}

func TestFaultyPatchesAreRefused(t *testing.T) {
	t.Parallel()
	b, _, at := known(t)
	for _, c := range []struct {
		body, media string
		status      int
		code, field string
	}{
		{`{"sla": null}`, mergePatch, 400, "INVALID_ARGUMENT", "sla"},
		{`{"guaranteedBandwidth": null}`, mergePatch, 400, "INVALID_ARGUMENT", "guaranteedBandwidth"},
		{`{"guaranteedReverseBandwidth": null}`, mergePatch, 400, "INVALID_ARGUMENT", "guaranteedReverseBandwidth"},
		{`{"duration": 60}`, mergePatch, 400, "INVALID_ARGUMENT", "duration"},
		{`{"accessPoint": {"id": "x"}}`, mergePatch, 400, "INVALID_ARGUMENT", "accessPoint"},
		{`{"isProtected": true}`, mergePatch, 400, "INVALID_ARGUMENT", "isProtected"},
		{`{"sink": "https://x.example.com"}`, mergePatch, 400, "INVALID_ARGUMENT", "sink"},
		{`{"label": "x"}`, mergePatch, 400, "INVALID_ARGUMENT", "label"},
		{`{"name": ""}`, mergePatch, 400, "INVALID_ARGUMENT", "name"},
		{`{"name": "a", "name": "b"}`, mergePatch, 400, "INVALID_ARGUMENT", "name"},
		{`{"guaranteedBandwidth": 0}`, mergePatch, 400, "OUT_OF_RANGE", "guaranteedBandwidth"},
		{`{"guaranteedBandwidth": 1000001}`, mergePatch, 400, "OUT_OF_RANGE", "guaranteedBandwidth"},
		{`{"guaranteedBandwidth": 1.5}`, mergePatch, 400, "INVALID_ARGUMENT", "guaranteedBandwidth"},
		{`{"guaranteedBandwidth": "200"}`, mergePatch, 400, "INVALID_ARGUMENT", "guaranteedBandwidth"},
		{`{"sla": "B"}`, mergePatch, 400, "INVALID_ARGUMENT", "sla"},
		{`{}`, mergePatch, 400, "INVALID_ARGUMENT", ""},
		{`[]`, mergePatch, 400, "INVALID_ARGUMENT", ""},
		{`null`, mergePatch, 400, "INVALID_ARGUMENT", ""},
		{`{"name": "x"}`, "application/json-patch+json", 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{`{"name": "x"}`, "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
	} {
		res := b.do(t, request{method: "PATCH", path: at, token: "acme", body: c.body, header: map[string]string{"Content-Type": c.media}})
		e := read[api.ErrorInfo](t, res)
		if res.StatusCode != c.status || e.Code != c.code || !strings.HasPrefix(e.Message, c.field) {
			t.Errorf("%s: %d %s %q", c.body, res.StatusCode, e.Code, e.Message)
		}
		if len(b.core.modified) != 0 {
			t.Errorf("%s was carried out", c.body)
		}
	}
	res := b.do(t, request{method: "POST", path: "/check-availability", token: "acme", body: `{}`, header: map[string]string{"Content-Type": mergePatch}})
	if res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a merge patch elsewhere: %d", res.StatusCode)
	}
}

// Every refusal that PATCH, extend and DELETE document.
func TestRefusalsOfChanges(t *testing.T) {
	t.Parallel()
	b, _, at := known(t)
	all := []request{
		{method: "PATCH", body: `{"guaranteedBandwidth": 200}`}, {method: "POST", body: `{"requestedAdditionalDuration": 60}`}, {method: "DELETE"},
	}
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{session.Errorf(session.NotFound, "", "no session"), 404, "NOT_FOUND"},
		{session.Errorf(session.Forbidden, "", "somebody else's"), 403, "PERMISSION_DENIED"},
		{session.Errorf(session.Incompatible, "", "the session is ending"), 409, "INCOMPATIBLE_STATE"},
		{session.Errorf(session.Aborted, "", "being changed"), 409, "ABORTED"},
		{session.Errorf(session.Precondition, "If-Match", "was changed"), 412, "FAILED_PRECONDITION"},
		{session.Errorf(session.NoResources, "", "no room"), 422, "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"},
		{session.Errorf(session.Exists, "Idempotency-Key", "was used"), 422, "SITE_TO_CLOUD_VPN.IDEMPOTENCY_KEY_REUSED"},
		{session.Errorf(session.QuotaExceeded, "guaranteedBandwidth", "limit"), 429, "QUOTA_EXCEEDED"},
		{session.Errorf(session.Unavailable, "", "frozen"), 503, "UNAVAILABLE"},
		{errors.New("a bug"), 500, "INTERNAL"},
	} {
		for _, q := range all {
			switch {
			case c.code == "SITE_TO_CLOUD_VPN.IDEMPOTENCY_KEY_REUSED" && q.method != "POST",
				c.code == "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT" && q.method == "DELETE",
				c.code == "QUOTA_EXCEEDED" && q.method != "PATCH":
				continue // has no key, asks for nothing, and passes no quota
			}
			b.core.err = c.err
			q.path, q.token = at, "acme"
			if q.method == "POST" {
				q.path += "/extend"
			}
			res := b.do(t, q)
			if e := read[api.ErrorInfo](t, res); res.StatusCode != c.status || e.Code != c.code || res.Header.Get("ETag") != "" {
				t.Errorf("%s: %d %s, want %d %s", q.method, res.StatusCode, e.Code, c.status, c.code)
			}
			if c.status == 429 && res.Header.Get("Retry-After") == "" {
				t.Errorf("%s: 429 without Retry-After", q.method)
			}
		}
	}
	for token, status := range map[string]int{"": 401, "garbage": 401, "reader": 403, "nobody": 403} {
		if res := b.do(t, request{method: "PATCH", path: at, token: token, body: `{"name": "x"}`}); res.StatusCode != status {
			t.Errorf("PATCH with token %q: %d, want %d", token, res.StatusCode, status)
		}
	}
	b.core.err = nil
	if res := b.do(t, request{method: "PUT", path: at, token: "acme"}); res.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(res.Header.Get("Allow"), "PATCH") {
		t.Errorf("PUT: %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
	if res := b.do(t, request{method: "PATCH", path: "/sessions/none", token: "acme", body: `{"name": "x"}`}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("malformed id: %d", res.StatusCode)
	}
	hung := setup(t, hasty)
	hung.core.hang = true
	if res := hung.do(t, request{method: "PATCH", path: at, token: "acme", body: `{"name": "x"}`}); res.StatusCode != http.StatusGatewayTimeout {
		t.Errorf("too slow: %d", res.StatusCode)
	}
}

func TestEveryAnswerWithOneSessionHasItsTag(t *testing.T) {
	t.Parallel()
	b, s, at := known(t)
	get := b.do(t, request{method: "GET", path: at, token: "acme"})
	if get.Header.Get("ETag") != `"`+s.Tag()+`"` {
		t.Errorf("ETag %s", get.Header.Get("ETag"))
	}
	for _, q := range []request{
		{method: "POST", path: "/sessions", body: goodOrder},
		{method: "PATCH", path: at, body: `{"name": "x"}`},
		{method: "PATCH", path: at, body: `{"guaranteedBandwidth": 7}`},
		{method: "POST", path: at + "/extend", body: `{"requestedAdditionalDuration": 60}`},
		{method: "DELETE", path: at},
	} {
		q.token = "acme"
		res := b.do(t, q)
		tag := res.Header.Get("ETag")
		if res.StatusCode >= 300 || len(tag) != 18 || tag == get.Header.Get("ETag") {
			t.Errorf("%s %s: %d, ETag %s", q.method, q.path, res.StatusCode, tag)
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	b, s, at := known(t)
	for _, c := range []struct {
		lines []string
		want  order.Match
		ok    bool
	}{
		{nil, nil, true},
		{[]string{"*"}, nil, true},
		{[]string{" * "}, nil, true},
		{[]string{`"a"`}, order.Match{"a"}, true},
		{[]string{`"a", "b"`, `"c"`}, order.Match{"a", "b", "c"}, true},
		{[]string{`, "a" ,, "b",`}, order.Match{"a", "b"}, true},
		{[]string{`"a,b"`}, order.Match{"a,b"}, true},
		{[]string{`W/"a"`}, order.Match{}, true}, // compared strongly
		{[]string{`W/"a", "b"`}, order.Match{"b"}, true},
		{[]string{`""`}, order.Match{""}, true},
		{[]string{"a"}, nil, false},
		{[]string{`"a`}, nil, false},
		{[]string{`"a" "b"`}, nil, false},
		{[]string{`"a", *`}, nil, false},
		{[]string{`w/"a"`}, nil, false},
		{[]string{","}, nil, false},
		{[]string{`"a b"`}, nil, false},
	} {
		r := httptest.NewRequest(http.MethodDelete, "/", nil)
		for _, l := range c.lines {
			r.Header.Add("If-Match", l)
		}
		joinLists(r.Header)
		got, err := matchOf(r.Header)
		if d := cmp.Diff(c.want, got); d != "" || (err == nil) != c.ok {
			t.Errorf("%q: %v, (-want +got)\n%s", c.lines, err, d)
		}
		b.core.matched, b.core.sessions[s.ID] = nil, s
		r = httptest.NewRequest(http.MethodDelete, "https://api.example.com"+BasePath+at, nil)
		r.Header.Set("Authorization", "Bearer acme")
		for _, l := range c.lines {
			r.Header.Add("If-Match", l)
		}
		w := httptest.NewRecorder()
		b.srv.ServeHTTP(w, r)
		if want := map[bool]int{true: 202, false: 400}[c.ok]; w.Code != want {
			t.Errorf("%q: %d, want %d: %s", c.lines, w.Code, want, w.Body)
		}
		if c.ok && cmp.Diff([]order.Match{c.want}, b.core.matched) != "" {
			t.Errorf("%q: the core got %q", c.lines, b.core.matched)
		}
	}
}

func TestExtensionHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	b, s, at := known(t)
	other := s
	other.ID = "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f12"
	b.core.sessions[other.ID] = other
	for _, q := range []struct{ path, body string }{
		{at, `{"requestedAdditionalDuration": 60}`}, {at, ` {"requestedAdditionalDuration":60} `}, {at, `{"requestedAdditionalDuration": 61}`},
		{"/sessions/" + string(other.ID), `{"requestedAdditionalDuration": 60}`},
	} {
		b.do(t, request{method: "POST", path: q.path + "/extend", token: "acme", body: q.body, header: map[string]string{"Idempotency-Key": "k-1", "If-Match": `"t"`}})
	}
	e := b.core.extended
	if len(e) != 4 || e[0].Key != "k-1" || e[0].By != time.Minute || cmp.Diff(order.Match{"t"}, e[0].Match) != "" {
		t.Fatalf("extensions %+v", e)
	}
	if e[0].Fingerprint != e[1].Fingerprint || e[0].Fingerprint == e[2].Fingerprint || e[0].Fingerprint == e[3].Fingerprint {
		t.Errorf("fingerprints of the same, of another time, of another session: %+v", e)
	}
	b.do(t, request{method: "POST", path: at + "/extend", token: "acme", body: `{"requestedAdditionalDuration": 60}`})
	if last := b.core.extended[4]; last.Key != "" || last.Fingerprint != "" || last.Match != nil {
		t.Errorf("without headers %+v", last)
	}
}

func TestAccountIsShown(t *testing.T) {
	t.Parallel()
	b, s, at := known(t)
	s.Price = session.Price{Currency: "EUR", Exponent: 2, SetUp: 500, PerMbpsHour: 36_000, EarlyPermille: 1000}
	s.ExpiresAt = s.StartedAt.Add(time.Hour)
	s.EndedAt, s.StatusInfo = s.StartedAt.Add(30*time.Minute), session.DeleteRequested
	s.Delivered = &session.Delivered{At: testNow(), Proof: "data-plane", RTTMicros: 2500, LossPPM: 100, SentOctets: 1 << 60}
	b.core.sessions[s.ID], b.core.accounts = s, true
	got := read[api.SessionInfo](t, b.do(t, request{method: "GET", path: at, token: "acme"})).Account
	if got == nil || !got.Final || got.Fee.Amount != "5.36" || got.UsageFee.Amount != "0.18" || got.EarlyTerminationFee.Amount != "0.18" ||
		got.MinimumFee != nil || len(got.Charges) != 1 || got.Charges[0].GuaranteedBandwidth != 1 || got.Charges[0].ServicedDuration != 1800 {
		t.Fatalf("account %+v", got)
	}
	if d := got.Delivered; d.Verification != api.VerificationDATAPLANE || d.Latency != 2.5 || *d.SentOctets != 1<<53-1 {
		t.Errorf("delivered %+v", d)
	}
}
