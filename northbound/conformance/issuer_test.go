// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// issuer is an OpenID Connect issuer whose keys the test holds, to make tokens
// that no real one would.
type issuer struct {
	url           string
	key, stranger *ecdsa.PrivateKey
}

func startIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	for _, k := range []**ecdsa.PrivateKey{&i.key, &i.stranger} {
		var err error
		if *k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/jwks" {
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.url, "jwks_uri": i.url + "/jwks"})
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "k-1", Use: "sig"}}})
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// claims are those of a token that is good for an hour.
func (i *issuer) claims(client string, scopes []string) map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": i.url, "aud": audience, "client_id": client, "sub": client, "scope": strings.Join(scopes, " "),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

func sign(key *ecdsa.PrivateKey, kid, typ string, claims map[string]any) (string, error) {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{}).WithHeader("kid", kid).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", err
	}
	return jwt.Signed(s).Claims(claims).Serialize()
}

// authorization is the header for a token of that kind; absent says that there
// is none.
func (i *issuer) authorization(kind, client string, scopes []string) (value string, absent bool, err error) {
	claims := i.claims(client, scopes)
	key, kid, typ := i.key, "k-1", "at+jwt"
	now := time.Now()
	switch kind {
	case "good":
	case "missing":
		return "", true, nil
	case "garbled":
		return "Bearer not.a.token", false, nil
	case "of another scheme":
		return "Basic Y2xpZW50OnNlY3JldA==", false, nil
	case "expired":
		claims["exp"] = now.Add(-time.Minute).Unix()
	case "not yet valid":
		claims["nbf"] = now.Add(time.Hour).Unix()
	case "for another audience":
		claims["aud"] = "another-api"
	case "of another issuer":
		claims["iss"] = "https://issuer.example.com"
	case "without expiry":
		delete(claims, "exp")
	case "without client":
		delete(claims, "client_id")
	case "an ID token":
		typ = "logout+jwt"
	case "signed with another key":
		key = i.stranger
	case "signed with an unknown key":
		key, kid = i.stranger, "k-2"
	case "unsigned with algorithm none", "stripped of its signature":
		// made below
	default:
		return "", false, fmt.Errorf("no kind of token %q", kind)
	}
	token, err := sign(key, kid, typ, claims)
	parts := strings.Split(token, ".")
	switch kind {
	case "unsigned with algorithm none":
		parts[0], parts[2] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)), ""
	case "stripped of its signature":
		parts[2] = ""
	}
	return "Bearer " + strings.Join(parts, "."), false, err
}
