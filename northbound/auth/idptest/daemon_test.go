// SPDX-License-Identifier: Apache-2.0

package idptest

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
)

// bundle is the daemon as it is shipped, an OpenID provider and a sink, all
// over TLS on loopback.
type bundle struct {
	dir    string
	pair   tls.Certificate
	web    *http.Client
	idp    *provider
	idpSrv *httptest.Server
	api    string
}

// newBundle makes one certificate that is its own authority and everybody's.
func newBundle(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{dir: t.TempDir()}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idptest"}, NotBefore: time.Now().Add(-time.Minute),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	b.write(t, "cert.pem", string(cert))
	b.write(t, "key.pem", string(key))
	b.write(t, "seal.key", strings.Repeat("07", 32))
	if b.pair, err = tls.X509KeyPair(cert, key); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	b.web = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 20 * time.Second}
	var front http.Handler
	b.idpSrv = b.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { front.ServeHTTP(w, r) }))
	b.idp, front = newProvider(t, b.idpSrv.URL)
	return b
}

func (b *bundle) serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{b.pair}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func (b *bundle) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start builds and runs the daemon until the test ends.
func (b *bundle) start(t *testing.T) {
	t.Helper()
	program := filepath.Join(b.dir, "s2cd")
	build := exec.Command("go", "build", "-o", program, "./cmd/s2cd")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inventory, err := filepath.Abs("../../../examples/lab-inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b.write(t, "s2cd.yaml", `
api: {listen: "127.0.0.1:0", tls: {cert: cert.pem, key: key.pem}}
admin: {listen: "unix:admin"}
auth: {issuer: "`+b.idp.url+`", audience: s2cd, caFile: cert.pem}
store: {path: s2cd.db, sealKeyFile: seal.key}
inventory: {file: "`+inventory+`"}
devices: {ca: cert.pem, cert: cert.pem, key: key.pem}
webhook: {caFile: cert.pem, allowPrefixes: [127.0.0.0/8]}
`)
	daemon := exec.Command(program, "serve", "--config", filepath.Join(b.dir, "s2cd.yaml"))
	log, err := daemon.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, log)
		if err := daemon.Wait(); err != nil {
			t.Errorf("daemon: %v", err)
		}
	})
	lines := bufio.NewScanner(log)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		var entry struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "API is served" {
			b.api = "https://" + entry.Address + "/site-to-cloud-vpn/v0.1"
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return
		}
	}
	t.Fatalf("the daemon did not start:\n%s", said.String())
}

// application is a customer's: a client of the provider with a key of its own.
type application struct {
	id  string
	key jose.JSONWebKey
}

func (b *bundle) application(t *testing.T, id, audience, scopes string) *application {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &application{id: id, key: jose.JSONWebKey{Key: secret, KeyID: uuid.NewString(), Algorithm: "ES256"}}
	public := a.key.Public()
	b.idp.storage.add(&client{id: id, audience: audience, scopes: scopes, keys: func(string) (*jose.JSONWebKey, error) { return &public, nil }})
	return a
}

// token asks the provider with private_key_jwt.
func (b *bundle) token(t *testing.T, a *application) (string, int) {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: a.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := jwt.Signed(s).Claims(jwt.Claims{
		Issuer: a.id, Subject: a.id, Audience: jwt.Audience{b.idp.endpoint()}, ID: uuid.NewString(),
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.web.PostForm(b.idp.endpoint(), url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Token, res.StatusCode
}

// call makes a request to the daemon.
func (b *bundle) call(t *testing.T, method, path, token, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := b.web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, raw
}

const everything = "site-to-cloud-vpn:check-availability site-to-cloud-vpn:sessions:create site-to-cloud-vpn:sessions:read"

// TestDaemonWithAnotherProvider has applications get tokens from a provider that
// is not ours, order with them, and the daemon get tokens from it for a sink.
func TestDaemonWithAnotherProvider(t *testing.T) {
	b := newBundle(t)
	b.start(t)
	one := b.application(t, "client-1", "s2cd", everything)
	two := b.application(t, "client-2", "s2cd", everything)
	tokens := map[string]string{}
	for _, a := range []*application{
		one, two, b.application(t, "stranger", "s2cd", everything),
	} {
		token, status := b.token(t, a)
		if status != http.StatusOK {
			t.Fatalf("no token for %s: %d", a.id, status)
		}
		tokens[a.id] = token
	}
	if _, status := b.token(t, &application{id: "client-1", key: two.key}); status == http.StatusOK {
		t.Error("the provider took another client's key")
	}
	for id, want := range map[string]int{"client-1": 200, "client-2": 200, "stranger": 403} {
		if status, raw := b.call(t, http.MethodGet, "/sessions", tokens[id], ""); status != want {
			t.Errorf("%s: %d, want %d: %s", id, status, want, raw)
		}
	}
	for _, tt := range []struct {
		audience, scopes string
		want             int
	}{
		{"another-api", everything, http.StatusUnauthorized},
		{"s2cd", "site-to-cloud-vpn:check-availability", http.StatusForbidden},
	} {
		token, _ := b.token(t, b.application(t, "client-1", tt.audience, tt.scopes))
		if status, raw := b.call(t, http.MethodGet, "/sessions", token, ""); status != tt.want {
			t.Errorf("for %s with %s: %d, want %d: %s", tt.audience, tt.scopes, status, tt.want, raw)
		}
	}
	id := b.order(t, tokens["client-1"])
	if status, _ := b.call(t, http.MethodGet, "/sessions/"+id, tokens["client-2"], ""); status != http.StatusForbidden {
		t.Errorf("another customer's session: %d", status)
	}
	b.rotate(t, two)
	b.idpSrv.Close()
	if status, raw := b.call(t, http.MethodGet, "/sessions/"+id, tokens["client-1"], ""); status != http.StatusOK {
		t.Errorf("while the provider is away: %d %s", status, raw)
	}
}

// order orders a session whose sink takes tokens of the provider only, and waits
// for its first event.
func (b *bundle) order(t *testing.T, token string) string {
	t.Helper()
	events := make(chan string, 10)
	sink := b.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		events <- strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}))
	b.idp.storage.add(&client{
		id: "s2cd-at-customer", audience: "sink", scopes: "events",
		keys: remoteKeys(b.web, b.api+"/.well-known/jwks/tenant-1"),
	})
	status, raw := b.call(t, http.MethodPost, "/sessions", token, `{
		"accessPoint": {"id": "site-a", "staticPrefixes": ["10.1.0.0/24"]},
		"endPoint": {"id": "vpc-a1", "staticPrefixes": ["172.16.1.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="}},
		"sla": "AA", "guaranteedBandwidth": 2, "duration": 3600, "routingProtocol": "STATIC", "sink": "`+sink.URL+`/events",
		"sinkCredential": {"credentialType": "PRIVATE_KEY_JWT", "clientId": "s2cd-at-customer", "tokenUri": "`+b.idp.endpoint()+`"}}`)
	if status != http.StatusCreated {
		t.Fatalf("order: %d %s", status, raw)
	}
	var made struct {
		SessionID      string `json:"sessionId"`
		SinkCredential struct {
			JWKSURI string `json:"jwksUri"`
		} `json:"sinkCredential"`
	}
	if err := json.Unmarshal(raw, &made); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(made.SinkCredential.JWKSURI, "/.well-known/jwks/tenant-1") {
		t.Errorf("keys are said to be at %q", made.SinkCredential.JWKSURI)
	}
	parsed, err := jwt.ParseSigned(<-events, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("the event's token: %v", err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	if claims["iss"] != b.idp.url || claims["client_id"] != "s2cd-at-customer" || fmt.Sprint(claims["aud"]) != "[sink]" {
		t.Errorf("the event's token: %v", claims)
	}
	return made.SessionID
}

// rotate has the provider sign with a new key of another kind, which is taken as
// soon as the daemon may ask for keys again.
func (b *bundle) rotate(t *testing.T, a *application) {
	t.Helper()
	b.idp.storage.rotate(t)
	token, _ := b.token(t, a)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 150 {
		status, _ := b.call(t, http.MethodGet, "/sessions", token, "")
		if status == http.StatusOK {
			return
		}
		<-tick.C
	}
	t.Error("a token with the provider's new key is not taken")
}
