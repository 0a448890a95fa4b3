// SPDX-License-Identifier: Apache-2.0

package apitest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/s2cd/s2cd/northbound/api/apitest"
)

const (
	inquiry  = `{"accessPoint": {"id": "a"}, "endPoint": {"id": "b"}, "guaranteedBandwidth": 1}`
	notFound = `{"status": 404, "code": "NOT_FOUND", "message": "x"}`
)

// example is one of the contract's own, as JSON.
func example(t *testing.T, c *apitest.Contract, name string) string {
	t.Helper()
	raw, err := json.Marshal(c.Doc.Components.Examples[name].Value.Value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestBreachesAreFound: the check would be worth nothing if it let these pass.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	c, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	info := example(t, c, "AvailableNow")
	check := "POST /check-availability"
	tests := []struct {
		name, operation, sent string
		status                int
		body, breach          string // breach "": none
		header                map[string]string
	}{
		{"all well", check, inquiry, 200, info, "", nil},
		{"correlator missing", check, inquiry, 200, info, "x-correlator", map[string]string{"x-correlator": ""}},
		{"correlator against its pattern", check, inquiry, 200, info, "x-correlator", map[string]string{"x-correlator": "a b"}},
		{"another correlator", check, inquiry, 200, info, "x-correlator", map[string]string{"x-correlator": "d-2"}},
		{"property too many", check, inquiry, 200, strings.Replace(info, `"sla"`, `"vrf":1,"sla"`, 1), "property .offers[].vrf", nil},
		{"property missing", check, inquiry, 200, strings.Replace(info, `"latency":12.5,`, "", 1), "latency", nil},
		{"money as a number", check, inquiry, 200, strings.Replace(info, `"36.00"`, "36.00", 1), "amount", nil},
		{"granted with a property too many", check, strings.Replace(inquiry, `"id"`, `"x": 1, "id"`, 1), 200, info, "granted against the contract", nil},
		{"granted out of range", check, strings.Replace(inquiry, "1}", "0}", 1), 200, info, "granted against the contract", nil},
		{"not JSON", check, inquiry, 200, "<html>", "not the contract's", nil},
		{"undocumented status", check, inquiry, 404, notFound, "documents no such answer", nil},
		{"undocumented success", check, inquiry, 201, info, "documents no such answer", nil},
		{"undocumented code", "GET /sessions", "", 403, `{"status": 403, "code": "FORBIDDEN", "message": "x"}`, "code", nil},
		{"another status inside", "GET /nothing", "", 404, `{"status": 400, "code": "NOT_FOUND", "message": "x"}`, "status in the body", nil},
		{"problem details", "GET /nothing", "", 404, notFound, "of type", map[string]string{"Content-Type": "application/problem+json"}},
		{"unknown path", "GET /nothing", "", 404, notFound, "", nil},
		{"method", "PUT /sessions", "", 405, `{"status": 405, "code": "METHOD_NOT_ALLOWED", "message": "x"}`, "", map[string]string{"Allow": "GET"}},
		{"method without Allow", "PUT /sessions", "", 405, `{"status": 405, "code": "METHOD_NOT_ALLOWED", "message": "x"}`, "no Allow", nil},
		{"create without its headers", "POST /sessions", "{}", 201, "{}", "header", nil},
	}
	for _, tt := range tests {
		method, path, _ := strings.Cut(tt.operation, " ")
		r := httptest.NewRequest(method, "https://api.example.com"+c.BasePath()+path, nil)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("x-correlator", "c-1")
		a := apitest.Answer{Status: tt.status, Body: []byte(tt.body), Header: http.Header{
			"Content-Type": {"application/json"}, "X-Correlator": {"c-1"},
		}}
		for name, v := range tt.header {
			a.Header.Set(name, v)
		}
		_, err := c.Check(r, []byte(tt.sent), a)
		if tt.breach == "" && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.breach != "" && (err == nil || !strings.Contains(err.Error(), tt.breach)) {
			t.Errorf("%s: not found: %v", tt.name, err)
		}
	}
}

func TestTransportFailsOnABreach(t *testing.T) {
	t.Parallel()
	c, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	answer := inquiry
	var seen []apitest.Outcome
	client := &http.Client{Transport: apitest.Transport{
		Contract: c, Seen: func(o apitest.Outcome) { seen = append(seen, o) },
		Base: apitest.Handler{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("x-correlator", "c-1")
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(answer))
		})},
	}}
	send := func() error {
		res, err := client.Post("https://api.example.com"+c.BasePath()+"/check-availability", "application/json", strings.NewReader(inquiry))
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	if err := send(); err == nil {
		t.Error("an answer that is none was taken")
	}
	answer = example(t, c, "AvailableNow")
	if err := send(); err != nil {
		t.Error(err)
	}
	if want := []apitest.Outcome{{Operation: "checkAvailability", Status: 200}}; !slices.Equal(seen, want) {
		t.Errorf("seen %v", seen)
	}
}

// TestEveryErrorEnumeratesItsCodes holds the contract's enumerations and its
// examples together: each code has an example, and no example another code.
func TestEveryErrorEnumeratesItsCodes(t *testing.T) {
	t.Parallel()
	c, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Outcomes(); err != nil {
		t.Error(err)
	}
	for name, res := range c.Doc.Components.Responses {
		media := res.Value.Content.Get("application/json")
		var shown []string
		for example, e := range media.Examples {
			v, ok := e.Value.Value.(map[string]any)
			if !ok {
				t.Fatalf("%s: example %s is no object", name, example)
			}
			code, _ := v["code"].(string)
			shown = append(shown, code)
		}
		listed := apitest.CodesOf(res.Value)
		slices.Sort(shown)
		slices.Sort(listed)
		if !slices.Equal(shown, listed) {
			t.Errorf("%s: examples show %v, enumerated are %v", name, shown, listed)
		}
	}
}
