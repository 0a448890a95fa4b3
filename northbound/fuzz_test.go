// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"

	"github.com/s2cd/s2cd/northbound/api"
)

// fuzzBody sends bodies to one operation of a server over the real use cases and
// a store; {sessionId} in path stands for a session that exists. Whatever is
// sent, the answer is the contract's and no fault of ours, and nothing the
// contract forbids is taken.
func fuzzBody(f *testing.F, method, path string, seeds ...string) {
	b := setupReal(f, withKeys)
	if strings.Contains(path, "{sessionId}") {
		made := read[api.SessionInfo](f, b.do(f, create(realOrder)))
		path = strings.ReplaceAll(path, "{sessionId}", made.SessionId.String())
	}
	for _, s := range append(seeds, realOrder) {
		f.Add(s)
	}
	for _, q := range faultyBodies() {
		f.Add(q.req.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return // sent without a Content-Type
		}
		if res := b.do(t, request{method: method, path: path, token: "acme", body: body}); res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("answer %d\n%s", res.StatusCode, b.log)
		}
		b.log.Reset()
	})
}

// realOrder is one that testnet's network can carry.
const realOrder = `{"name": "a", "accessPoint": {"id": "site1", "staticPrefixes": ["10.1.0.0/24"]}, "endPoint": {"id": "cloud1",
	"staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "` + testKey + `", "endpoint": {"ipAddress": "198.51.100.20", "port": 51820}}},
	"sla": "A", "guaranteedBandwidth": 1, "guaranteedReverseBandwidth": 2, "routingProtocol": "STATIC", "duration": 3600,
	"sink": "https://customer.example.com/events"}`

func FuzzCreateSession(f *testing.F) {
	fuzzBody(f, "POST", "/sessions", goodOrder, keyOrder("c", "https://as.example.com/token"))
}

func FuzzCheckAvailability(f *testing.F) {
	fuzzBody(f, "POST", "/check-availability",
		`{"accessPoint": {"id": "a"}, "endPoint": {"type": "CLOUD", "primaryIpAddress": "::2"}, "guaranteedBandwidth": 1, "startTime": "2027-01-01T00:00:00Z"}`,
		`{"accessPoint": {"id": "site1", "staticPrefixes": ["10.1.0.0/24"]}, "endPoint": {"id": "site2", "staticPrefixes": ["10.2.0.0/24"]}, "guaranteedBandwidth": 1000000}`, warnedInquiry)
}

func FuzzExtend(f *testing.F) {
	fuzzBody(f, "POST", "/sessions/{sessionId}/extend", `{"requestedAdditionalDuration": 60}`)
}

func FuzzHeaders(f *testing.F) {
	b := setupReal(f)
	f.Add("c-1", "k-1", "application/json", "application/json", "Bearer acme", "page=1&status=REQUESTED")
	f.Add("a b", "", "*/*;q=0", "text/plain; charset=\"", "Bearer", "page=%zz&sla=A,,A")
	f.Fuzz(func(t *testing.T, correlator, key, accept, kind, authorization, query string) {
		header := map[string]string{"x-correlator": correlator, "Idempotency-Key": key, "Accept": accept, "Content-Type": kind, "Authorization": authorization}
		for _, v := range header {
			if !httpguts.ValidHeaderFieldValue(v) {
				return // net/http refuses it before us
			}
		}
		for _, q := range []request{create(realOrder), get("/sessions")} {
			q.header, q.token = header, ""
			if q.method == http.MethodGet {
				q.rawQuery = query
			}
			if res := b.do(t, q); res.StatusCode >= http.StatusInternalServerError {
				t.Errorf("answer %d\n%s", res.StatusCode, b.log)
			}
		}
		b.log.Reset()
	})
}
