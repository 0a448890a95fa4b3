// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

// wire answers requests in memory: each takes the next of its replies, the last
// one again and again.
type wire struct {
	replies []reply
	asked   []*http.Request
	at      []time.Time
}

// reply is an answer, or a fault on the way.
type reply struct {
	status int
	body   string
	header http.Header
	cut    bool // the body ends before its time
	err    error
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked, w.at = append(w.asked, r), append(w.at, time.Now())
	next := w.replies[min(len(w.asked), len(w.replies))-1]
	if next.err != nil {
		return nil, next.err
	}
	var body io.Reader = strings.NewReader(next.body)
	if next.cut {
		body = io.MultiReader(body, iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	return &http.Response{StatusCode: next.status, Header: next.header, Body: io.NopCloser(body)}, nil
}

func answer(status int, body string, header ...string) reply {
	r := reply{status: status, body: body, header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	return r
}

func refuse(status int, code string, header ...string) reply {
	return answer(status, fmt.Sprintf(`{"status":%d,"code":%q,"message":"no"}`, status, code), header...)
}

func fail(err error) reply { return reply{err: err} }

var (
	errReset  = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDial   = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errForged = &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
)

const known = "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"

func state(status, phase string) reply {
	return answer(200, fmt.Sprintf(`{"sessionId":%q,"status":%q,"phase":%q,"statusMessage":"in words"}`, known, status, phase), "ETag", `"7"`)
}

func over(t *testing.T, w *wire, opts ...client.Option) *client.Client {
	t.Helper()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "secret"})
	c, err := client.New("https://api.example.com", token, &http.Client{Transport: w}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse(known)
	get := func(ctx context.Context, c *client.Client) error { _, err := c.GetSession(ctx, id); return err }
	create := func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateSession(ctx, api.CreateSession{Sla: api.A, GuaranteedBandwidth: 1})
		return err
	}
	check := func(ctx context.Context, c *client.Client) error {
		_, err := c.CheckAvailability(ctx, api.CheckAvailability{GuaranteedBandwidth: 1})
		return err
	}
	hold := func(ctx context.Context, c *client.Client) error {
		_, err := c.CheckAvailability(ctx, api.CheckAvailability{GuaranteedBandwidth: 1, Hold: new(true)})
		return err
	}
	extend := func(ctx context.Context, c *client.Client) error { _, err := c.ExtendSession(ctx, id, 60); return err }
	modify := func(ctx context.Context, c *client.Client) error {
		_, err := c.ModifySession(ctx, id, client.Change{RemoveName: true})
		return err
	}
	remove := func(ctx context.Context, c *client.Client) error { _, err := c.DeleteSession(ctx, id); return err }
	for _, tt := range []struct {
		name   string
		call   func(context.Context, *client.Client) error
		first  reply
		tries  int
		atomic bool // the answer after the first is a success
	}{
		{"read, rate limited", get, refuse(429, "TOO_MANY_REQUESTS"), 2, true},
		{"read, not available", get, refuse(503, "UNAVAILABLE"), 2, true},
		{"read, timeout", get, refuse(504, "TIMEOUT"), 2, true},
		{"read, a proxy's page", get, answer(502, "<html>"), 2, true},
		{"read, reset", get, fail(errReset), 2, true},
		{"read, cut off", get, reply{status: http.StatusOK, body: `{"sess`, cut: true}, 2, true},
		{"read, not there", get, refuse(404, "NOT_FOUND"), 1, false},
		{"read, a fault", get, refuse(500, "INTERNAL"), 1, false},
		{"read, forged certificate", get, fail(errForged), 1, false},
		{"read, redirect", get, answer(302, "", "Location", "https://elsewhere.example.com/"), 1, false},
		{"read, no JSON", get, answer(200, "hello"), 1, false},
		{"order, not available", create, refuse(503, "UNAVAILABLE"), 2, true},
		{"order, reset", create, fail(errReset), 2, true},
		{"order, quota", create, refuse(429, "QUOTA_EXCEEDED", "Retry-After", "5"), 1, false},
		{"order, no room", create, refuse(422, "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"), 1, false},
		{"check, reset", check, fail(errReset), 2, true},
		{"hold, reset", hold, fail(errReset), 1, false},
		{"extend, reset", extend, fail(errReset), 2, true},
		{"delete, reset", remove, fail(errReset), 2, true},
		{"delete, timeout", remove, refuse(504, "TIMEOUT"), 2, true},
		{"modify, rate limited", modify, refuse(429, "TOO_MANY_REQUESTS"), 2, true},
		{"modify, not reached", modify, fail(errDial), 2, true},
		{"modify, reset", modify, fail(errReset), 1, false},
		{"modify, timeout", modify, refuse(504, "TIMEOUT"), 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &wire{replies: []reply{tt.first, answer(200, "{}")}}
				err := tt.call(t.Context(), over(t, w))
				if len(w.asked) != tt.tries || (err == nil) != tt.atomic {
					t.Fatalf("%d tries, %v; want %d", len(w.asked), err, tt.tries)
				}
				first, last := w.asked[0].Header, w.asked[tt.tries-1].Header
				if diff := cmp.Diff(first, last); diff != "" {
					t.Errorf("tries differ in their headers: %s", diff)
				}
				if first.Get("x-correlator") == "" || first.Get("Authorization") != "Bearer secret" {
					t.Errorf("headers %v", first)
				}
				if got, want := first.Get("Idempotency-Key") != "", strings.HasPrefix(tt.name, "order") || strings.HasPrefix(tt.name, "extend"); got != want {
					t.Errorf("Idempotency-Key is there: %v, want %v", got, want)
				}
			})
		})
	}
}

func TestPausesGrowAndHonourRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := refuse(503, "UNAVAILABLE")
		w := &wire{replies: []reply{down, down, refuse(429, "TOO_MANY_REQUESTS", "Retry-After", "9"), down}}
		_, err := over(t, w, client.WithBackoff(client.Backoff{Tries: 5, First: time.Second, Most: 10 * time.Second})).GetSession(t.Context(), uuid.MustParse(known))
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 503 || !client.IsTemporary(err) {
			t.Fatalf("got %v", err)
		}
		bounds := [][2]time.Duration{{500 * time.Millisecond, time.Second}, {time.Second, 2 * time.Second}, {9 * time.Second, 9 * time.Second}, {4 * time.Second, 8 * time.Second}}
		if len(w.at) != len(bounds)+1 {
			t.Fatalf("%d tries", len(w.at))
		}
		for i, b := range bounds {
			if d := w.at[i+1].Sub(w.at[i]); d < b[0] || d > b[1] {
				t.Errorf("pause %d is %v, want %v to %v", i+1, d, b[0], b[1])
			}
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		wait  string // Retry-After
		bound time.Duration
	}{
		{"longer than the longest pause", "120", time.Hour},
		{"longer than the context", "20", 10 * time.Second},
		{"a date", time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC).Format(http.TimeFormat), 2 * time.Hour}, // the bubble begins an hour before
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.bound)
				defer cancel()
				w := &wire{replies: []reply{refuse(503, "UNAVAILABLE", "Retry-After", tt.wait, "x-correlator", "c-9")}}
				begin := time.Now()
				_, err := over(t, w).GetSession(ctx, uuid.MustParse(known))
				var e *client.Error
				if !errors.As(err, &e) || e.Correlator != "c-9" || e.RetryAfter == 0 || len(w.asked) != 1 {
					t.Errorf("%d tries, %+v", len(w.asked), err)
				}
				if d := time.Since(begin); d != 0 {
					t.Errorf("waited %v for nothing", d)
				}
			})
		})
	}
}

func TestOptionsOfACall(t *testing.T) {
	t.Parallel()
	w := &wire{replies: []reply{answer(201, `{"sessionId":"`+known+`","status":"REQUESTED"}`, "ETag", `"1"`)}}
	s, err := over(t, w).CreateSession(t.Context(), api.CreateSession{Sla: api.AA, GuaranteedBandwidth: 7}, client.WithCorrelator("c-1"), client.WithIdempotencyKey("order-1"))
	if err != nil {
		t.Fatal(err)
	}
	r := w.asked[0]
	got := []string{r.Method, r.URL.String(), r.Header.Get("x-correlator"), r.Header.Get("Idempotency-Key"), s.SessionId.String(), s.ETag}
	want := []string{"POST", "https://api.example.com/site-to-cloud-vpn/v0.1/sessions", "c-1", "order-1", known, `"1"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	gone := refuse(404, "NOT_FOUND")
	const ended = `{"sessionId":"` + known + `","status":"TERMINATED","statusInfo":"SESSION_DECLINED","phase":"RELEASED","statusMessage":"too bad"}`
	for _, tt := range []struct {
		name    string
		replies []reply
		end     bool // WaitEnd
		seen    string
		is      error
		missing bool
	}{
		{"activated", []reply{state("REQUESTED", "ADMITTED"), state("REQUESTED", "ADMITTED"), state("REQUESTED", "APPLYING"), state("ACTIVATED", "ACTIVE")},
			false, "REQUESTED/ADMITTED REQUESTED/APPLYING ACTIVATED/ACTIVE", nil, false},
		{"an outage between", []reply{state("REQUESTED", "ADMITTED"), fail(errReset), fail(errDial), refuse(503, "UNAVAILABLE"), fail(errReset), fail(errReset), fail(errReset), fail(errReset), state("ACTIVATED", "ACTIVE")},
			false, "REQUESTED/ADMITTED ACTIVATED/ACTIVE", nil, false},
		{"declined", []reply{state("REQUESTED", "ADMITTED"), answer(200, ended)},
			false, "REQUESTED/ADMITTED TERMINATED/RELEASED", client.ErrEnded, false},
		{"unknown", []reply{gone}, false, "", nil, true},
		{"unknown to its end", []reply{gone}, true, "", nil, true},
		{"gone", []reply{state("ACTIVATED", "RELEASING"), gone}, true, "ACTIVATED/RELEASING", nil, false},
		{"too late", []reply{state("REQUESTED", "IN_DOUBT")}, false, "REQUESTED/IN_DOUBT", context.DeadlineExceeded, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				c := over(t, &wire{replies: tt.replies})
				var seen []string
				note := func(s *client.Session) { seen = append(seen, string(s.Status)+"/"+string(s.Phase)) }
				var err error
				if tt.end {
					_, err = c.WaitEnd(ctx, uuid.MustParse(known), note)
				} else {
					_, err = c.Wait(ctx, uuid.MustParse(known), client.Activated, note)
				}
				if tt.is != nil && !errors.Is(err, tt.is) || client.IsNotFound(err) != tt.missing || (err == nil) != (tt.is == nil && !tt.missing) {
					t.Errorf("got %v", err)
				}
				if diff := cmp.Diff(tt.seen, strings.Join(seen, " ")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestListStops(t *testing.T) {
	t.Parallel()
	page := func(number int) reply {
		return answer(200, fmt.Sprintf(`{"sessions":[{"name":"%d-a"},{"name":"%d-b"}],"pagination":{"page":%d,"perPage":2,"totalCount":6,"totalPages":3}}`, number, number, number))
	}
	w := &wire{replies: []reply{page(1), page(2), refuse(403, "PERMISSION_DENIED")}}
	var names []string
	var last error
	for s, err := range over(t, w).Sessions(t.Context(), api.ListSessionsParams{Name: new("x"), Status: &api.StatusFilter{api.ACTIVATED, api.SCHEDULED}}) {
		if last = err; err == nil {
			names = append(names, *s.Name)
		}
	}
	var e *client.Error
	if diff := cmp.Diff("1-a 1-b 2-a 2-b", strings.Join(names, " ")); diff != "" || !errors.As(last, &e) || e.Status != 403 {
		t.Errorf("%s, then %v", diff, last)
	}
	if got, want := w.asked[1].URL.RawQuery, "page=2&status=ACTIVATED,SCHEDULED&name=x"; got != want {
		t.Errorf("query %q, want %q", got, want)
	}
	w = &wire{replies: []reply{page(1)}}
	for _, err := range over(t, w).Sessions(t.Context(), api.ListSessionsParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if len(w.asked) != 1 {
		t.Errorf("%d pages read, one was needed", len(w.asked))
	}
}

func TestNewRefusesWhatWouldLeakTokens(t *testing.T) {
	t.Parallel()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "secret"})
	for _, tt := range []struct {
		url    string
		tokens oauth2.TokenSource
		ok     bool
	}{
		{"https://api.example.com", token, true},
		{"https://api.example.com/vpn/site-to-cloud-vpn/v0.1/", token, true},
		{"http://127.0.0.1:9440", token, true},
		{"http://localhost:9440", token, true},
		{"http://api.example.com", token, false},
		{"http://127.0.0.1.example.com", token, false},
		{"ftp://api.example.com", token, false},
		{"https://user:word@api.example.com", token, false},
		{"https://api.example.com/?x=1", token, false},
		{"", token, false},
		{"https://api.example.com", nil, false},
	} {
		if _, err := client.New(tt.url, tt.tokens, nil); (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.url, err)
		}
	}
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, issuer, endpoint string // empty: the server's own
		status                 int
		want                   string
	}{
		{"good", "", "", 200, ""},
		{"somebody else's metadata", "https://elsewhere.example.com", "", 200, "it is"},
		{"endpoint in clear", "", "http://login.example.com/token", 200, "would carry the secret in clear"},
		{"wrong secret", "", "", 401, "invalid_client"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			srv := httptest.NewServer(mux)
			defer srv.Close()
			asked := 0
			mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
				issuer, endpoint := tt.issuer, tt.endpoint
				if issuer == "" {
					issuer = srv.URL
				}
				if endpoint == "" {
					endpoint = srv.URL + "/token"
				}
				_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, issuer, endpoint)
			})
			mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
				asked++
				id, secret, _ := r.BasicAuth()
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				if tt.status != 200 {
					_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
					return
				}
				_, _ = fmt.Fprintf(w, `{"access_token":"%s %s %s","token_type":"Bearer","expires_in":300}`, id, secret, r.FormValue("scope"))
			})
			source, err := client.Credentials{Issuer: srv.URL, ClientID: "app:1", Secret: "hush+", Scopes: []string{"a", "b"}}.TokenSource(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			token, err := source.Token()
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush") {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if token.AccessToken != "app%3A1 hush%2B a b" {
				t.Errorf("token %q", token.AccessToken)
			}
			if _, err := source.Token(); err != nil || asked != 1 {
				t.Errorf("asked %d times, %v", asked, err)
			}
		})
	}
}
