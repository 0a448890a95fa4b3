// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// fakeKeys is a KeySet that repeats whose keys were asked for.
type fakeKeys struct{}

func (fakeKeys) JWKS(customer string) ([]byte, error) {
	return []byte(`{"keys":[],"of":"` + customer + `"}`), nil
}

func withKeys(c *Config) { c.Keys, c.PublicURL = fakeKeys{}, "https://api.example.com" }

// keyOrder is goodOrder with a credential of the other type.
func keyOrder(client, endpoint string) string {
	return goodOrder[:strings.Index(goodOrder, `{"credentialType"`)] +
		`{"credentialType": "PRIVATE_KEY_JWT", "clientId": "` + client + `", "tokenUri": "` + endpoint + `"}}`
}

func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	b := setup(t, withKeys)
	res := b.do(t, create(keyOrder("s2cd-at-acme", "https://as.acme.example/token?x=1")))
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("answer %d: %s", res.StatusCode, res.raw)
	}
	made := read[api.SessionInfo](t, res)
	const uri = "https://api.example.com/site-to-cloud-vpn/v0.1/.well-known/jwks/acme"
	want := &api.SinkCredentialInfo{CredentialType: "PRIVATE_KEY_JWT", JwksUri: new(uri)}
	if d := cmp.Diff(want, made.SinkCredential); d != "" {
		t.Errorf("credential (-want +got):\n%s", d)
	}
	if strings.Contains(string(res.raw), "s2cd-at-acme") || strings.Contains(string(res.raw), "as.acme") {
		t.Errorf("the answer tells the credential: %s", res.raw)
	}
	kept := b.core.sessions[session.ID(made.SessionId.String())].Sink
	sink := &session.Sink{
		URL: "https://customer.example.com/events", CredentialType: session.PrivateKeyJWT,
		ClientID: "s2cd-at-acme", TokenURI: "https://as.acme.example/token?x=1", JWKSURI: uri,
	}
	if d := cmp.Diff(sink, kept); d != "" {
		t.Errorf("ordered (-want +got):\n%s", d)
	}
	if strings.Contains(b.log.String(), "as.acme") {
		t.Errorf("the log tells the credential: %s", b.log)
	}
	keys := b.do(t, request{method: "GET", path: strings.TrimPrefix(uri, "https://api.example.com"+BasePath)})
	if keys.StatusCode != http.StatusOK || string(keys.raw) != `{"keys":[],"of":"acme"}` || keys.Header.Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("keys: %d %v %s", keys.StatusCode, keys.Header, keys.raw)
	}
}

func TestAccessTokenIsNotTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.do(t, create(goodOrder))
	info := read[api.SessionInfo](t, res).SinkCredential
	if info == nil || info.CredentialType != "ACCESSTOKEN" || info.AccessTokenExpiresUtc == nil || info.JwksUri != nil {
		t.Errorf("credential %+v", info)
	}
	if strings.Contains(string(res.raw), "s3cr3t") || strings.Contains(string(res.raw), "bearer") {
		t.Errorf("the answer tells the token: %s", res.raw)
	}
}

func TestBadPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	b := setup(t, withKeys)
	const bad = "INVALID_CREDENTIAL"
	for _, tt := range []struct{ name, body, code, says string }{
		{"over http", keyOrder("c", "http://as.acme.example/token"), "INVALID_ARGUMENT", "sinkCredential.tokenUri: "},
		{"no host", keyOrder("c", "https:///token"), "INVALID_ARGUMENT", "sinkCredential.tokenUri: "},
		{"private address", keyOrder("c", "https://127.0.0.1/token"), bad, "sinkCredential.tokenUri: nothing is sent"},
		{"mapped address", keyOrder("c", "https://[::ffff:127.0.0.1]/token"), bad, "sinkCredential.tokenUri: nothing is sent"},
		{"with password", keyOrder("c", "https://u:p@as.acme.example/token"), bad, "sinkCredential.tokenUri: must have neither"},
		{"with fragment", keyOrder("c", "https://as.acme.example/token#x"), bad, "sinkCredential.tokenUri: must have neither"},
		{"client with a line break", keyOrder(`c\r\nX: y`, "https://as.acme.example/token"), "INVALID_ARGUMENT", "sinkCredential.clientId: "},
		{"no client", strings.Replace(keyOrder("c", "https://as.acme.example/token"), `"clientId": "c", `, "", 1), "INVALID_ARGUMENT", "sinkCredential.clientId: is required"},
		{"no endpoint", strings.Replace(keyOrder("c", "e"), `, "tokenUri": "e"`, "", 1), "INVALID_ARGUMENT", "sinkCredential.tokenUri: is required"},
		{"our keys given", strings.Replace(keyOrder("c", "https://as.acme.example/token"), `"clientId"`, `"jwksUri": "https://a.example/b", "clientId"`, 1), "INVALID_ARGUMENT", "sinkCredential"},
	} {
		res := b.do(t, create(tt.body))
		if e := read[api.ErrorInfo](t, res); e.Status != 400 || e.Code != tt.code || !strings.HasPrefix(e.Message, tt.says) {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
	if len(b.core.sessions) > 0 {
		t.Error("something was ordered")
	}
}

func TestKeySets(t *testing.T) {
	t.Parallel()
	with, without := setup(t, withKeys), setup(t)
	for _, tt := range []struct {
		b            *bundle
		method, path string
		status       int
	}{
		{with, "GET", "/.well-known/jwks/some-name", 200},
		{with, "GET", "/.well-known/jwks/Some_Name", 404},
		{with, "GET", "/.well-known/jwks/" + strings.Repeat("a", 64), 404},
		{with, "GET", "/.well-known/jwks/", 404},
		{with, "GET", "/.well-known/jwks", 404},
		{with, "POST", "/.well-known/jwks/acme", 405},
		{without, "GET", "/.well-known/jwks/acme", 404},
	} {
		if res := tt.b.do(t, request{method: tt.method, path: tt.path}); res.StatusCode != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, res.StatusCode, tt.status)
		}
	}
}
