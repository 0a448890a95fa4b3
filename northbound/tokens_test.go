// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/auth"
)

// issuer is a token issuer whose keys the test has.
type issuer struct {
	url  string
	rsa  *rsa.PrivateKey
	ec   *ecdsa.PrivateKey
	down atomic.Bool
}

func newIssuer(t *testing.T) (*issuer, *http.Client) {
	t.Helper()
	i := &issuer{}
	var errs [2]error
	i.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	i.ec, errs[1] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case i.down.Load():
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Path == "/keys":
			ec, _ := json.Marshal(jose.JSONWebKey{Key: i.ec.Public(), KeyID: "ec", Use: "sig"})
			rsa, _ := json.Marshal(jose.JSONWebKey{Key: i.rsa.Public(), KeyID: "rsa"})
			_, _ = w.Write([]byte(`{"keys": [{"kty": "AKP", "alg": "ML-DSA-65", "pub": "x"}, ` + string(ec) + `, ` + string(rsa) + `]}`))
		default:
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.url, "jwks_uri": i.url + "/keys"})
		}
	}))
	t.Cleanup(srv.Close)
	i.url = srv.URL
	return i, srv.Client()
}

// claims are good for a minute of the tests' clock; change sets or, with nil, drops some.
func (i *issuer) claims(change map[string]any) map[string]any {
	all := map[string]any{
		"iss": i.url, "aud": "s2cd", "exp": testNow().Add(time.Minute).Unix(), "iat": testNow().Unix(),
		"client_id": "acme-app", "scope": "site-to-cloud-vpn:sessions:read",
	}
	for name, v := range change {
		all[name] = v
		if v == nil {
			delete(all, name)
		}
	}
	return all
}

func signToken(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any, head ...any) string {
	t.Helper()
	o := &jose.SignerOptions{}
	for n := 0; n < len(head); n += 2 {
		o = o.WithHeader(jose.HeaderKey(fmt.Sprint(head[n])), head[n+1])
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestTokensOverHTTP sends tokens of every bad kind to the whole server. All
// that are no good get one and the same answer; the good ones that ask for
// what is not theirs are told so.
func TestTokensOverHTTP(t *testing.T) {
	t.Parallel()
	i, client := newIssuer(t)
	verifier, err := auth.New(auth.Config{Issuer: i.url, Audience: "s2cd", Client: client, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, func(c *Config) { c.Authenticator = verifier })
	b.core.sessions["7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"] = fakeSession()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(i.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	es := func(change map[string]any, head ...any) string {
		return signToken(t, jose.ES256, i.ec, i.claims(change), append([]any{"kid", "ec"}, head...)...)
	}
	good := es(nil)
	parts := strings.Split(good, ".")
	enc := base64.RawURLEncoding.EncodeToString
	minute := int64(60)
	now := testNow().Unix()
	own, err := json.Marshal(jose.JSONWebKey{Key: stranger.Public()})
	if err != nil {
		t.Fatal(err)
	}
	var ownKey map[string]any
	if err := json.Unmarshal(own, &ownKey); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, token string
		status      int
	}{
		{"good", good, 200},
		{"good, RS256", signToken(t, jose.RS256, i.rsa, i.claims(nil), "kid", "rsa"), 200},
		{"good, PS256", signToken(t, jose.PS256, i.rsa, i.claims(nil), "kid", "rsa"), 200},
		{"expired within leeway", es(map[string]any{"exp": now - 20}), 200},
		{"expired", es(map[string]any{"exp": now - minute}), 401},
		{"not yet valid", es(map[string]any{"nbf": now + minute}), 401},
		{"issued in the future", es(map[string]any{"iat": now + 60*minute}), 401},
		{"wrong audience", es(map[string]any{"aud": "another-api"}), 401},
		{"no audience", es(map[string]any{"aud": nil}), 401},
		{"wrong issuer", es(map[string]any{"iss": "https://evil.example.com"}), 401},
		{"issuer with a slash more", es(map[string]any{"iss": i.url + "/"}), 401},
		{"no client", es(map[string]any{"client_id": nil}), 401},
		{"alg none", enc([]byte(`{"alg":"none","kid":"ec"}`)) + "." + parts[1] + ".", 401},
		{"alg None, signature kept", enc([]byte(`{"alg":"None","kid":"ec"}`)) + "." + parts[1] + "." + parts[2], 401},
		{"signature stripped", parts[0] + "." + parts[1] + ".", 401},
		{"signature and dot stripped", parts[0] + "." + parts[1], 401},
		{"signature of zeros", parts[0] + "." + parts[1] + "." + enc(make([]byte, 64)), 401},
		{"claims changed", parts[0] + "." + enc([]byte(`{"iss":"`+i.url+`"}`)) + "." + parts[2], 401},
		{"wrong key", signToken(t, jose.ES256, stranger, i.claims(nil), "kid", "ec"), 401},
		{"unknown key", signToken(t, jose.ES256, stranger, i.claims(nil), "kid", "made-up"), 401},
		{"HS256 with the public key", signToken(t, jose.HS256, publicPEM, i.claims(nil), "kid", "rsa"), 401},
		{"RS512", signToken(t, jose.RS512, i.rsa, i.claims(nil), "kid", "rsa"), 401},
		{"critical header", es(nil, "crit", []string{"exp"}), 401},
		{"critical header that the library knows", es(nil, "crit", []string{"b64"}, "b64", true), 401},
		{"key embedded", signToken(t, jose.ES256, stranger, i.claims(nil), "kid", "ec", "jwk", ownKey), 401},
		{"key set named", signToken(t, jose.ES256, stranger, i.claims(nil), "kid", "ec", "jku", "https://evil.example.com/keys"), 401},
		{"ID token's neighbour", es(nil, "typ", "logout+jwt"), 401},
		{"bound to a key", es(map[string]any{"cnf": map[string]string{"jkt": "x"}}), 401},
		{"JWE", "a.b.c.d.e", 401},
		{"huge", strings.Repeat("a", 9000), 401},
		{"no scope", es(map[string]any{"scope": "openid"}), 403},
		{"scope of another operation", es(map[string]any{"scope": "site-to-cloud-vpn:sessions:create"}), 403},
		{"client of nobody", es(map[string]any{"client_id": "stranger"}), 403},
		{"client of another tenant", es(map[string]any{"client_id": "other-app"}), 403},
	} {
		res := b.do(t, request{method: "GET", path: someID, token: tt.token})
		if res.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d: %s", tt.name, res.StatusCode, tt.status, res.raw)
			continue
		}
		switch tt.status {
		case 401:
			want := api.ErrorInfo{Status: 401, Code: "UNAUTHENTICATED", Message: "Request not authenticated due to missing, invalid, or expired credentials. A new authentication is required."}
			if d := cmp.Diff(want, read[api.ErrorInfo](t, res)); d != "" || res.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: the answer tells more (-want +got):\n%s%v", tt.name, d, res.Header)
			}
		case 403:
			if e := read[api.ErrorInfo](t, res); e.Code != "PERMISSION_DENIED" {
				t.Errorf("%s: %+v", tt.name, e)
			}
		}
	}
	if strings.Contains(b.log.String(), parts[2]) {
		t.Error("the log tells a token")
	}
}

// TestIssuerOutage: known keys serve for a configured time; what they cannot
// judge is refused, and 503 is for those without any.
func TestIssuerOutage(t *testing.T) {
	t.Parallel()
	i, client := newIssuer(t)
	var passed atomic.Int64
	verifier, err := auth.New(auth.Config{
		Issuer: i.url, Audience: "s2cd", Client: client, KeepKeys: time.Hour,
		Now: func() time.Time { return testNow().Add(time.Duration(passed.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, func(c *Config) { c.Authenticator, c.RequestTimeout = verifier, 10*time.Second })
	b.core.sessions["7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"] = fakeSession()
	late := map[string]any{"exp": testNow().Add(48 * time.Hour).Unix()}
	good := signToken(t, jose.ES256, i.ec, i.claims(late), "kid", "ec")
	unknown := signToken(t, jose.ES256, i.ec, i.claims(late), "kid", "next")
	i.down.Store(true)
	for _, step := range []struct {
		at      time.Duration
		down    bool
		good    int
		unknown int
	}{
		{0, true, 503, 503},
		{time.Minute, false, 200, 401},
		{2 * time.Minute, true, 200, 401},
		{time.Hour, true, 200, 401},
		{2 * time.Hour, true, 503, 503}, // 10 min of age and an hour are over
		{3 * time.Hour, false, 200, 401},
	} {
		passed.Store(int64(step.at))
		i.down.Store(step.down)
		for token, want := range map[string]int{good: step.good, unknown: step.unknown} {
			res := b.do(t, request{method: "GET", path: someID, token: token})
			if res.StatusCode != want || (want == 503) != (res.Header.Get("Retry-After") != "") {
				t.Errorf("after %s: %d %v, want %d", step.at, res.StatusCode, res.Header, want)
			}
		}
	}
}
