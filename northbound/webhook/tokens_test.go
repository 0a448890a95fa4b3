// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// keyStore is an order.NotificationKeys in memory.
type keyStore struct{ keys []order.NotificationKey }

func (k *keyStore) NotificationKeys(context.Context) ([]order.NotificationKey, error) {
	return append([]order.NotificationKey(nil), k.keys...), nil
}

func (k *keyStore) AddNotificationKey(_ context.Context, key order.NotificationKey, until time.Time) error {
	for i, old := range k.keys {
		if old.Until.IsZero() || old.Until.After(until) {
			k.keys[i].Until = until
		}
	}
	k.keys = append(k.keys, key)
	return nil
}

// authServer is a customer's authorization server that knows us as client "s2cd".
type authServer struct {
	url    string
	answer http.HandlerFunc // nil: a token

	mu     sync.Mutex
	seen   map[string]bool // jti
	issued int
}

// serveTokens checks assertions as RFC 7523 section 3 has it, with the keys of
// the customer acme.
func (b *bundle) serveTokens(t *testing.T) *authServer {
	t.Helper()
	a := &authServer{seen: map[string]bool{}}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.answer != nil {
			a.answer(w, r)
			return
		}
		if err := a.check(b, "acme", r); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": err.Error()})
			return
		}
		a.issued++
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": strings.Repeat("t", a.issued), "token_type": "Bearer", "expires_in": 600})
	}))
	t.Cleanup(srv.Close)
	b.pool.AddCert(srv.Certificate())
	a.url = srv.URL + "/token"
	return a
}

func (a *authServer) check(b *bundle, customer string, r *http.Request) error {
	raw, err := b.worker.cfg.Keys.JWKS(customer)
	if err != nil {
		return err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		return err
	}
	parsed, err := jwt.ParseSigned(r.FormValue("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return err
	}
	var c jwt.Claims
	if err := parsed.Claims(set, &c); err != nil {
		return err
	}
	if err := c.Validate(jwt.Expected{Issuer: "s2cd", Subject: "s2cd", AnyAudience: jwt.Audience{a.url}, Time: b.clock()}); err != nil {
		return err
	}
	switch {
	case r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "s2cd":
		return errors.New("another grant")
	case r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return errors.New("another assertion")
	case c.Expiry.Time().Sub(c.IssuedAt.Time()) > 300*time.Second:
		return errors.New("assertion lives too long")
	case c.ID == "" || a.seen[c.ID]:
		return errors.New("assertion was used before")
	}
	a.seen[c.ID] = true
	return nil
}

func (a *authServer) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.issued
}

func setupKeys(t *testing.T) *bundle {
	t.Helper()
	return setup(t, func(c *Config) {
		var err error
		if c.Keys, err = OpenKeys(t.Context(), &keyStore{}, c.Now); err != nil {
			t.Fatal(err)
		}
	})
}

func (a *authServer) sink(url string) session.Sink {
	return session.Sink{URL: url, CredentialType: session.PrivateKeyJWT, ClientID: "s2cd", TokenURI: a.url}
}

func TestTokenIsFetchedAndKept(t *testing.T) {
	t.Parallel()
	b := setupKeys(t)
	as := b.serveTokens(t)
	url, received := b.sink(t, status(204))
	b.outbox.addOf("acme", id(1), as.sink(url), events(3)...)
	b.run(t)
	for range 3 {
		if g, r := <-received, <-b.outbox.records; r.what != "delivered" || g.header.Get("Authorization") != "Bearer t" {
			t.Errorf("record %+v, authorization %q", r, g.header.Get("Authorization"))
		}
	}
	b.advance(testStart().Add(600*time.Second - spareLife)) // shortly before it ends
	b.outbox.addOf("acme", id(2), as.sink(url), events(1)...)
	b.worker.Wake()
	if g, r := <-received, <-b.outbox.records; r.what != "delivered" || g.header.Get("Authorization") != "Bearer tt" {
		t.Errorf("record %+v, authorization %q", r, g.header.Get("Authorization"))
	}
}

func TestRefusedTokenIsFetchedAgainOnce(t *testing.T) {
	t.Parallel()
	b := setupKeys(t)
	as := b.serveTokens(t)
	want := "Bearer t"
	url, received := b.sink(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		want = "Bearer tt" // the first is withdrawn
	})
	b.outbox.addOf("acme", id(1), as.sink(url), events(2)...)
	b.run(t)
	for _, seq := range []uint64{1, 2} {
		if r := <-b.outbox.records; r.what != "delivered" || r.seq != seq {
			t.Errorf("record %+v", r)
		}
	}
	if n := len(received); n != 3 || as.count() != 2 {
		t.Errorf("%d requests and %d tokens, want 3 and 2", n, as.count())
	}
}

func TestTokenThatIsNeverRight(t *testing.T) {
	t.Parallel()
	b := setupKeys(t)
	as := b.serveTokens(t)
	url, received := b.sink(t, status(401))
	b.outbox.addOf("acme", id(1), as.sink(url), events(1)...)
	b.run(t)
	if r := <-b.outbox.records; r.what != "retry" || !strings.Contains(r.reason, "401") {
		t.Errorf("record %+v", r)
	}
	if len(received) != 1 || as.count() != 1 {
		t.Errorf("%d requests and %d tokens; a new token was refused, there is no use in another", len(received), as.count())
	}
}

// TestForeignTokenEndpoint: a customer that names another's token endpoint and
// client gets no token from there.
func TestForeignTokenEndpoint(t *testing.T) {
	t.Parallel()
	b := setupKeys(t)
	as := b.serveTokens(t)
	url, received := b.sink(t, status(204))
	b.outbox.addOf("acme", id(1), as.sink(url), events(1)...)
	b.outbox.addOf("evil", id(2), as.sink(url), events(1)...)
	b.run(t)
	for range 2 {
		r := <-b.outbox.records
		if good := r.session == id(1); good != (r.what == "delivered") || (!good && !strings.Contains(r.reason, "401 invalid_client")) {
			t.Errorf("record %+v", r)
		}
	}
	if len(received) != 1 {
		t.Errorf("%d events were sent, want 1", len(received))
	}
}

func TestBadTokenEndpoints(t *testing.T) {
	t.Parallel()
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		reason string
		wait   time.Duration
	}{
		{"unavailable", status(503, "Retry-After", "60"), "token endpoint answered 503", time.Minute},
		{"redirecting", status(302, "Location", "https://127.0.0.1:1/"), "token endpoint answered 302", 0},
		{"no JSON", text("<html>"), "not understood", 0},
		{"no token", text(`{"token_type": "Bearer"}`), "no bearer token", 0},
		{"other type", text(`{"access_token": "x", "token_type": "DPoP"}`), "no bearer token", 0},
		{"line break", text(`{"access_token": "x\r\nHost: y", "token_type": "Bearer"}`), "no bearer token", 0},
		{"gigabytes", endless(200), "not understood", 0},
		{"secret in the error", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error": "Bearer s3cr3t"}`))
		}, "token endpoint answered 400", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setupKeys(t)
			as := b.serveTokens(t)
			as.answer = tt.answer
			url, received := b.sink(t, status(204))
			b.outbox.addOf("acme", id(1), as.sink(url), events(1)...)
			b.run(t)
			r := <-b.outbox.records
			if r.what != "retry" || !strings.Contains(r.reason, tt.reason) || r.at.Sub(testStart()) < tt.wait || strings.Contains(r.reason, "s3cr3t") {
				t.Errorf("record %+v", r)
			}
			if len(received) > 0 {
				t.Error("an event was sent without a token")
			}
		})
	}
}

func TestTokenEndpointIsGuarded(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) {
		var err error
		if c.Keys, err = OpenKeys(t.Context(), &keyStore{}, c.Now); err != nil {
			t.Fatal(err)
		}
		c.Guard = Guard{}
	})
	as := b.serveTokens(t)
	b.outbox.addOf("acme", id(1), as.sink("https://sink.example.com/"), events(1)...)
	plain := as.sink("https://sink.example.com/")
	plain.TokenURI = strings.Replace(as.url, "https", "http", 1)
	b.outbox.addOf("acme", id(2), plain, events(1)...)
	b.run(t)
	for range 2 {
		r := <-b.outbox.records
		want := map[session.ID]string{id(1): "not public", id(2): "no https"}[r.session]
		if r.what != "retry" || !strings.Contains(r.reason, want) || strings.Contains(r.reason, "/token") {
			t.Errorf("record %+v", r)
		}
	}
	if as.count() != 0 {
		t.Error("a private token endpoint was reached")
	}
}

func TestPrivateKeyJWTSwitchedOff(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.outbox.addOf("acme", id(1), (&authServer{url: "https://as.example.com/token"}).sink("https://sink.example.com/"), events(1)...)
	b.run(t)
	if r := <-b.outbox.records; r.what != "retry" || !strings.Contains(r.reason, "switched off") {
		t.Errorf("record %+v", r)
	}
}

// kids lists the ids of the keys that are published for a customer.
func kids(t *testing.T, k *Keys, customer string) []string {
	t.Helper()
	raw, err := k.JWKS(customer)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, key := range set.Keys {
		if !key.IsPublic() || key.Algorithm != "ES256" || key.Use != "sig" {
			t.Errorf("published %+v", key)
		}
		all = append(all, key.KeyID)
	}
	return all
}

// signer returns the id of the key that signs for acme.
func signer(t *testing.T, k *Keys) string {
	t.Helper()
	signed, err := k.assertion("acme", "c", "https://as.example.com")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	now := testStart()
	clock := func() time.Time { return now }
	store := &keyStore{}
	k, err := OpenKeys(t.Context(), store, clock)
	if err != nil {
		t.Fatal(err)
	}
	first := kids(t, k, "acme")
	if again, err := OpenKeys(t.Context(), store, clock); err != nil || len(first) != 1 || kids(t, again, "acme")[0] != first[0] {
		t.Fatalf("after a restart: %v, was %v", err, first)
	}
	if other := kids(t, k, "other"); other[0] == first[0] {
		t.Error("two customers share a key")
	}
	if _, err := k.Rotate(t.Context(), 15*time.Minute, time.Hour); err != nil {
		t.Fatal(err)
	}
	both := kids(t, k, "acme")
	if len(both) != 2 || both[0] != first[0] || signer(t, k) != first[0] {
		t.Errorf("before the new key's turn: published %v, %s signs", both, signer(t, k))
	}
	now = now.Add(15 * time.Minute)
	if len(kids(t, k, "acme")) != 2 || signer(t, k) != both[1] {
		t.Error("the new key does not sign when its turn has come")
	}
	now = now.Add(time.Hour)
	if left := kids(t, k, "acme"); len(left) != 1 || left[0] != both[1] {
		t.Errorf("left are %v", left)
	}
	times, err := k.Rotate(t.Context(), 0, 0)
	if err != nil || len(times) != 1 {
		t.Fatalf("%+v, %v", times, err)
	}
	if left := kids(t, k, "acme"); len(left) != 1 || left[0] == both[1] || signer(t, k) != left[0] {
		t.Errorf("after a leak published are %v", left)
	}
}

func TestFixedKeys(t *testing.T) {
	t.Parallel()
	secrets := [][]byte{bytes.Repeat([]byte{1}, SecretSize), bytes.Repeat([]byte{2}, SecretSize)}
	k, err := FixedKeys(secrets, testStart)
	if err != nil {
		t.Fatal(err)
	}
	if all := kids(t, k, "acme"); len(all) != 2 || signer(t, k) != all[0] {
		t.Errorf("published %v, %s signs", all, signer(t, k))
	}
	if _, err := k.Rotate(t.Context(), 0, 0); !errors.Is(err, ErrFixedKeys) {
		t.Errorf("rotated: %v", err)
	}
	for _, bad := range [][][]byte{nil, {secrets[0][:31]}} {
		if _, err := FixedKeys(bad, testStart); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// FuzzTokenAnswer: whatever a token endpoint answers, what is used of it can
// stand in a header and ends.
func FuzzTokenAnswer(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"x","token_type":"bearer","expires_in":60}`, `{"access_token":"x","token_type":"BEARER","expires_in":-1}`,
		`{"access_token":"x\n","token_type":"bearer"}`, `{"error":"invalid_client"}`, `[]`, `{"expires_in":1e400}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if e := oauthError(body); strings.ContainsAny(e, "\r\n\"") {
			t.Errorf("error %q", e)
		}
		got, err := readToken(body, testStart())
		var r *refusal
		if err != nil {
			if !errors.As(err, &r) {
				t.Errorf("error %v", err)
			}
			return
		}
		life := got.until.Sub(testStart())
		if !tokenPattern.MatchString(got.token) || len(got.token) > longestToken || life <= 0 || life > longestLife {
			t.Errorf("token %q for %s", got.token, life)
		}
	})
}
