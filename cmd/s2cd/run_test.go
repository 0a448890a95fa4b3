// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"s2cd": main})
}

// TestScripts runs testdata/*.txtar against the command, beside a stand-in for
// the daemon's admin listener ($ADMIN) and a token issuer ($ISSUER).
func TestScripts(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			admin, issuer := newAdmin(env), newIssuer(env)
			env.Setenv("ADMIN", admin)
			env.Setenv("ISSUER", issuer)
			env.Setenv("EXAMPLES", examples)
			return nil
		},
	})
}

// newAdmin answers as the daemon does and keeps what it was asked in
// $WORK/asked.
func newAdmin(env *testscript.Env) string {
	asked := filepath.Join(env.WorkDir, "asked")
	session := `{"sessionId":"5f0c","tenant":"tenant-1","status":"ACTIVATED","phase":"active","decision":"present","sla":"AA",
		"kbps":[50000,20000],"accessPoint":"site-a","endPoint":"vpc-a1","forward":["PE1","P1","PE2"],"reverse":["PE2","P1","PE1"],
		"former":{"sla":"A","kbps":[10000,20000],"by":"2030-01-02T03:05:05Z"},
		"account":{"final":false,"servicedDuration":3600,"fee":{"amount":"5.36","currency":"EUR"},"setUpFee":{"amount":"5.00","currency":"EUR"},
			"usageFee":{"amount":"0.36","currency":"EUR"},"charges":[{"from":"2030-01-02T03:04:05Z","sla":"A","guaranteedBandwidth":10,
			"guaranteedReverseBandwidth":20,"servicedDuration":3600,"fee":{"amount":"0.36","currency":"EUR"}}],
			"delivered":{"verification":"DATA_PLANE","measuredAt":"2030-01-02T03:04:05Z","latency":11.5,"packetLossRate":0.01}},
		"devices":[{"device":"PE1","have":"present"}],
		"timeline":[{"seq":1,"at":"2030-01-02T03:04:05Z","status":"REQUESTED","phase":"admitted","cause":"ordered"}]}`
	mux := http.NewServeMux()
	record := func(w http.ResponseWriter, r *http.Request) (known bool) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return false
		}
		line := strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)) + "\n"
		if err := os.WriteFile(asked, []byte(line), 0o600); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		if strings.Contains(string(body), "nowhere") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"status":404,"code":"NOT_FOUND","message":"no device is called nowhere"}`)
			return false
		}
		return true
	}
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if record(w, r) {
				_, _ = io.WriteString(w, text)
			}
		}
	}
	mux.HandleFunc("POST /operator/v1/freezes", answer(""))
	mux.HandleFunc("DELETE /operator/v1/freezes/", answer(""))
	mux.HandleFunc("GET /operator/v1/sessions", answer(`{"sessions":[`+session+`],"total":7}`))
	mux.HandleFunc("GET /operator/v1/sessions/5f0c", answer(session))
	mux.HandleFunc("GET /operator/v1/dead-letters", answer(`{"deadLetters":[
		{"sessionId":"5f0c","tenant":"tenant-1","after":0,"last":2,"reason":"the sink answered 503","at":"2030-01-02T03:04:05Z"},
		{"sessionId":"5f0c","tenant":"tenant-1","after":3,"last":4,"reason":"the sink wants no more events (410)","at":"2030-01-03T03:04:05Z"}]}`))
	mux.HandleFunc("POST /operator/v1/dead-letters/5f0c/replay", answer(`{"sessionId":"5f0c","events":4}`))
	keys := `{"jwksUri":"https://api.example.com/jwks/{customer}","keys":[
		{"signs":"2030-01-02T03:04:05Z","until":"2030-01-03T03:04:05Z"},{"signs":"2030-01-02T04:04:05Z"}]}`
	mux.HandleFunc("GET /operator/v1/notification-keys", answer(keys))
	mux.HandleFunc("POST /operator/v1/notification-keys", answer(keys))
	mux.HandleFunc("GET /operator/v1/devices", answer(
		`{"devices":[{"device":"PE1","platform":"labpe","state":"frozen","reason":"works","since":"2030-01-02T03:04:05Z","sessions":3}]}`))
	const note = `"note":"kept until the daemon restarts; then the inventory says what is"`
	mux.HandleFunc("PUT /operator/v1/links/{name...}", answer(`{"link":"core/1","down":true,"affected":3,`+note+`}`))
	mux.HandleFunc("PUT /operator/v1/nodes/{name}", answer(`{"node":"P1","down":false,"maintenance":true,"affected":0,`+note+`}`))
	plan := `{"sessions":[
		{"sessionId":"5f0c","tenant":"tenant-1","sla":"AA","outcome":"moves","was":["PE1","P1","PE2"],"is":["PE1","P2","PE2"],"rttMicros":20500},
		{"sessionId":"77ab","tenant":"tenant-2","sla":"A","outcome":"no-way","was":["PE1","P1","PE2"],"reason":"bandwidth: link:PE1-P2>"}],
		"moves":1,"stays":0,"noWay":1,"failed":0}`
	mux.HandleFunc("POST /operator/v1/what-if", func(w http.ResponseWriter, r *http.Request) {
		if !record(w, r) {
			return
		}
		orders := `"orders":[],"admitted":0,"refused":0,"overbooked":[],`
		if line, err := os.ReadFile(asked); err == nil && strings.Contains(string(line), `"orders"`) {
			orders = `"orders":[
				{"name":"acme","outcome":"admitted","forward":["PE1","P1","PE2"],"reverse":["PE2","P1","PE1"],"rttMicros":20500,
					"second":{"forward":["PE3","P2","PE4"],"reverse":["PE4","P2","PE3"],"rttMicros":31000}},
				{"name":"line 3","outcome":"refused","refusal":{"cause":"bandwidth","objects":["BANDWIDTH"],"blocking":["link:PE1-P2>"],
					"mostKbps":300000,"earliestStart":"2030-01-02T03:04:05Z","leastRoundTripMicros":20500}},
				{"name":"line 4","outcome":"refused","reason":"the level \"AAAA\" is not sold here"}],
				"admitted":1,"refused":2,"overbooked":[{"arc":"link:PE1-P2>","class":"gold","kbps":1500,"limitKbps":1000}],`
		}
		_, _ = io.WriteString(w, strings.TrimSuffix(plan, "}")+","+orders+`"note":"nothing was changed"}`)
	})
	mux.HandleFunc("GET /operator/v1/reroute", answer(plan))
	mux.HandleFunc("POST /operator/v1/reroute", answer(`{"sessions":[],"moves":0,"stays":0,"noWay":0,"failed":0}`))
	mux.HandleFunc("GET /operator/v1/doctor", answer(`{"findings":[{"severity":"warning","subject":"device PE1","detail":"frozen: works"}]}`))
	server := httptest.NewServer(mux)
	env.Defer(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func newIssuer(env *testscript.Env) string {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	env.Defer(server.Close)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": server.URL, "token_endpoint": server.URL + "/token"})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		client, secret, _ := r.BasicAuth()
		if client != "client-1" || secret != "top%2Bhush" || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": "unknown client or wrong secret"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "token for " + r.FormValue("scope")})
	})
	return server.URL
}

// TestAdminSocket speaks to a daemon on a unix socket.
func TestAdminSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "admin")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"findings":[]}`)
	}))
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	defer server.Close()
	var out, errs strings.Builder
	code := Run(t.Context(), []string{"doctor"}, []string{"S2CD_ADMIN_LISTEN=unix:" + path}, strings.NewReader(""), &out, &errs)
	if diff := cmp.Diff("nothing is wrong\n", out.String()); code != 0 || diff != "" {
		t.Errorf("exit %d, %s%s", code, diff, errs.String())
	}
}

func TestRunEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	if code := Run(ctx, []string{"doctor", "--admin", "127.0.0.1:1"}, nil, strings.NewReader(""), &out, &errs); code != exitFault {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
}
