// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// fuzzBody sends bodies to one operation. Whatever is sent, the answer is the
// contract's and no fault of ours, and nothing the contract forbids is taken.
func fuzzBody(f *testing.F, path string, seeds ...string) {
	b := setup(f, withKeys)
	b.core.sessions["7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"] = fakeSession()
	for _, s := range seeds {
		f.Add(s)
	}
	for _, q := range faultyBodies() {
		f.Add(q.req.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return // sent without a Content-Type
		}
		if res := b.do(t, request{method: "POST", path: path, token: "acme", body: body}); res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("answer %d", res.StatusCode)
		}
		b.log.Reset()
	})
}

func FuzzCreateSession(f *testing.F) {
	fuzzBody(f, "/sessions", goodOrder, keyOrder("c", "https://as.example.com/token"))
}

func FuzzCheckAvailability(f *testing.F) {
	fuzzBody(f, "/check-availability", `{"accessPoint": {"id": "a"}, "endPoint": {"type": "CLOUD", "primaryIpAddress": "::2"}, "guaranteedBandwidth": 1, "startTime": "2027-01-01T00:00:00Z"}`, warnedInquiry)
}

func FuzzExtend(f *testing.F) { fuzzBody(f, someID+"/extend", `{"requestedAdditionalDuration": 60}`) }

func FuzzHeaders(f *testing.F) {
	b := setup(f)
	f.Add("c-1", "k-1", "application/json", "application/json", "Bearer acme", "page=1&status=REQUESTED")
	f.Add("a b", "", "*/*;q=0", "text/plain; charset=\"", "Bearer", "page=%zz&sla=A,,A")
	f.Fuzz(func(t *testing.T, correlator, key, accept, kind, authorization, query string) {
		header := map[string]string{"x-correlator": correlator, "Idempotency-Key": key, "Accept": accept, "Content-Type": kind, "Authorization": authorization}
		for _, v := range header {
			if !httpguts.ValidHeaderFieldValue(v) {
				return // net/http refuses it before us
			}
		}
		for _, q := range []request{create(goodOrder), get("/sessions")} {
			q.header, q.token = header, ""
			if q.method == http.MethodGet {
				q.rawQuery = query
			}
			if res := b.do(t, q); res.StatusCode >= http.StatusInternalServerError {
				t.Errorf("answer %d", res.StatusCode)
			}
		}
		clear(b.core.sessions)
		b.log.Reset()
	})
}
