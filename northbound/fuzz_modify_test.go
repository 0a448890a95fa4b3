// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"slices"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// FuzzUpdateSession sends bodies as merge patches.
func FuzzUpdateSession(f *testing.F) {
	b, s, at := known(f)
	for _, body := range []string{`{"name": null}`, `{"sla": "AA", "guaranteedBandwidth": 1e2}`, `{"guaranteedReverseBandwidth": null}`, `{"name": "\u0000"}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return // sent without a Content-Type
		}
		res := b.do(t, request{method: "PATCH", path: at, token: "acme", body: body, header: map[string]string{"Content-Type": mergePatch}})
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("answer %d", res.StatusCode)
		}
		b.core.sessions[s.ID], b.core.modified = s, nil
		b.log.Reset()
	})
}

// FuzzIfMatch sends preconditions: whatever is taken as a list of tags is one,
// and a tag of ours among them is found.
func FuzzIfMatch(f *testing.F) {
	b, s, at := known(f)
	for _, v := range []string{"*", `"a"`, `W/"a", "b"`, `,"a",,`, `"a" "b"`} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !httpguts.ValidHeaderFieldValue(value) || value == "" {
			return // net/http refuses it before us
		}
		send := func(v string) int {
			b.core.sessions[s.ID], b.core.matched = s, nil
			defer b.log.Reset()
			return b.do(t, request{method: "DELETE", path: at, token: "acme", header: map[string]string{"If-Match": v}}).StatusCode
		}
		code := send(value)
		if code != http.StatusAccepted && code != http.StatusBadRequest {
			t.Errorf("answer %d", code)
		}
		if code != http.StatusAccepted || b.core.matched[0] == nil || len(value) > 1000 {
			return
		}
		if code := send(value + `, "mine"`); code != http.StatusAccepted || !slices.Contains(b.core.matched[0], "mine") {
			t.Errorf("%q and mine: %d, %q", value, code, b.core.matched)
		}
	})
}
