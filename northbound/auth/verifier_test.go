// SPDX-License-Identifier: Apache-2.0

package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/devtoken"
	"github.com/s2cd/s2cd/northbound/auth"
)

// clock is a clock that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// startIssuer runs the development issuer until stop is called.
func startIssuer(t *testing.T, now func() time.Time) (*devtoken.Issuer, func()) {
	t.Helper()
	i, err := devtoken.Listen(t.Context(), devtoken.Config{
		Addr: "127.0.0.1:0", Audience: "s2cd", Now: now, Log: slog.New(slog.DiscardHandler),
		Clients: []devtoken.Client{{ID: "acme-app", Secret: "x", Scopes: []string{"r", "w"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- i.Serve(ctx) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return i, stop
}

func fetch(t *testing.T, i *devtoken.Issuer) string {
	t.Helper()
	token, err := devtoken.Fetch(t.Context(), http.DefaultClient, i.URL(), "acme-app", "x")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func verifier(t *testing.T, issuer, audience string, now func() time.Time) *auth.Verifier {
	t.Helper()
	v, err := auth.New(auth.Config{Issuer: issuer, Audience: audience, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTokenOfTheIssuer(t *testing.T) {
	t.Parallel()
	var c clock
	i, stop := startIssuer(t, c.now)
	v := verifier(t, i.URL(), "s2cd", c.now)
	first := fetch(t, i)
	got, err := v.Authenticate(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(auth.Identity{Client: "acme-app", Scopes: []string{"r", "w"}}, got); d != "" {
		t.Errorf("identity (-want +got):\n%s", d)
	}
	if _, err := verifier(t, i.URL(), "another-api", c.now).Authenticate(t.Context(), first); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("wrong audience: %v", err)
	}
	// A new key is found when the first token with it comes.
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	c.advance(10 * time.Second)
	second := fetch(t, i)
	for name, token := range map[string]string{"old key": first, "new key": second} {
		if _, err := v.Authenticate(t.Context(), token); err != nil {
			t.Errorf("after rotation, %s: %v", name, err)
		}
	}
	// The issuer is away: keys that are known stay good, even when old.
	stop()
	if _, err := v.Authenticate(t.Context(), second); err != nil {
		t.Errorf("issuer away: %v", err)
	}
	c.advance(4 * time.Minute)
	if _, err := v.Authenticate(t.Context(), second); err != nil {
		t.Errorf("issuer away, keys old: %v", err)
	}
	if _, err := verifier(t, i.URL(), "s2cd", c.now).Authenticate(t.Context(), second); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("issuer away, no keys: %v", err)
	}
	c.advance(2 * time.Minute)
	if _, err := v.Authenticate(t.Context(), second); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("expired: %v", err)
	}
}

func TestAnotherIssuer(t *testing.T) {
	t.Parallel()
	mine, _ := startIssuer(t, time.Now)
	theirs, _ := startIssuer(t, time.Now)
	v := verifier(t, mine.URL(), "s2cd", time.Now)
	if _, err := v.Authenticate(t.Context(), fetch(t, theirs)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("token of another issuer: %v", err)
	}
}

// forge is an issuer whose keys a test holds.
type forge struct {
	url     string
	rsa     *rsa.PrivateKey
	weak    *ecdsa.PrivateKey // P-384, for ES384
	ec      *ecdsa.PrivateKey
	fetches atomic.Int64
}

func newForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{}
	var errs [3]error
	f.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	f.weak, errs[1] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	f.ec, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/jwks" {
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": f.url, "jwks_uri": f.url + "/jwks"})
			return
		}
		f.fetches.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: f.rsa.Public(), KeyID: "rsa"}, {Key: f.weak.Public(), KeyID: "weak"}, {Key: f.ec.Public(), KeyID: "ec", Use: "sig"},
		}})
	}))
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *forge) sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid, typ string, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": f.url, "aud": []string{"x", "s2cd"}, "exp": time.Now().Add(time.Minute).Unix(), "client_id": "acme-app", "scope": "r"}
	for name, v := range claims {
		if v == nil {
			delete(all, name)
			continue
		}
		all[name] = v
	}
	opts := (&jose.SignerOptions{}).WithHeader("kid", kid)
	if typ != "" {
		opts = opts.WithType(jose.ContentType(typ))
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(s).Claims(all).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	v := verifier(t, f.url, "s2cd", time.Now)
	pub, err := json.Marshal(jose.JSONWebKey{Key: f.ec.Public()})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seg := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	none := seg(`{"alg":"none"}`) + "." + seg(`{"iss":"`+f.url+`","aud":"s2cd","exp":99999999999,"client_id":"acme-app"}`) + "."
	good := f.sign(t, jose.ES256, f.ec, "ec", "at+jwt", nil)
	parts := strings.Split(good, ".")
	minute := int64(60)
	now := time.Now().Unix()
	tests := []struct {
		name, token string
		ok          bool
	}{
		{"ES256", good, true},
		{"RS256", f.sign(t, jose.RS256, f.rsa, "rsa", "JWT", nil), true},
		{"PS256", f.sign(t, jose.PS256, f.rsa, "rsa", "", nil), true},
		{"azp in place of client_id", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"client_id": nil, "azp": "acme-app"}), true},
		{"audience alone", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"aud": "s2cd"}), true},
		{"empty", "", false},
		{"nonsense", "a.b.c", false},
		{"huge", strings.Repeat("a", 9000), false},
		{"alg none", none, false},
		{"signature stripped", parts[0] + "." + parts[1] + ".", false},
		{"payload changed", parts[0] + "." + seg(`{"iss":"`+f.url+`"}`) + "." + parts[2], false},
		{"HS256 with the public key", f.sign(t, jose.HS256, pub, "ec", "", nil), false},
		{"RS512", f.sign(t, jose.RS512, f.rsa, "rsa", "", nil), false},
		{"ES384", f.sign(t, jose.ES384, f.weak, "weak", "", nil), false},
		{"wrong key", f.sign(t, jose.ES256, stranger, "ec", "", nil), false},
		{"unknown key", f.sign(t, jose.ES256, stranger, "new", "", nil), false},
		{"wrong issuer", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"iss": "https://evil.example.com"}), false},
		{"no issuer", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"iss": nil}), false},
		{"wrong audience", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"aud": "x"}), false},
		{"no audience", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"aud": nil}), false},
		{"expired", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"exp": now - minute}), false},
		{"no expiry", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"exp": nil}), false},
		{"not yet valid", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"nbf": now + 10*minute}), false},
		{"no client", f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"client_id": nil}), false},
		{"logout token", f.sign(t, jose.ES256, f.ec, "ec", "logout+jwt", nil), false},
	}
	for _, tt := range tests {
		who, err := v.Authenticate(t.Context(), tt.token)
		switch {
		case tt.ok && (err != nil || who.Client != "acme-app"):
			t.Errorf("%s: %+v, %v", tt.name, who, err)
		case !tt.ok && !errors.Is(err, auth.ErrUnauthenticated):
			t.Errorf("%s: %+v, %v", tt.name, who, err)
		}
	}
	if n := f.fetches.Load(); n != 1 {
		t.Errorf("keys were fetched %d times; made-up key ids must not become load on the issuer", n)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []auth.Config{
		{Issuer: "http://issuer.example.com", Audience: "s2cd"},
		{Issuer: "ftp://127.0.0.1", Audience: "s2cd"},
		{Issuer: "https://issuer.example.com"},
		{Audience: "s2cd"},
	} {
		if _, err := auth.New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	v, err := auth.New(auth.Config{Issuer: "http://127.0.0.1:1", Audience: "s2cd"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Authenticate(t.Context(), token); err == nil {
			t.Errorf("%q was taken", token)
		}
	})
}

// TestWithdrawnKey holds that a token which was found good is no longer taken
// once its key is gone from the issuer's list and that has been seen.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	var c clock
	v := verifier(t, f.url, "s2cd", c.now)
	token := f.sign(t, jose.ES256, f.ec, "ec", "", map[string]any{"exp": time.Now().Add(time.Hour).Unix()})
	for range 2 {
		if _, err := v.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.ec = stranger // listed under the same id from now on
	c.advance(11 * time.Minute)
	_, _ = v.Authenticate(t.Context(), token) // has the keys fetched
	c.advance(10 * time.Second)
	other := f.sign(t, jose.ES256, stranger, "new", "", map[string]any{"exp": time.Now().Add(time.Hour).Unix()})
	if _, err := v.Authenticate(t.Context(), other); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a key that is not listed: %v", err) // waits for the fetch
	}
	c.advance(time.Minute)
	if _, err := v.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a key that was withdrawn: %v", err)
	}
}
