// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/devtoken"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/session"
)

// writeCert makes a certificate for 127.0.0.1 and returns its files.
func writeCert(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key, pool = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool.AppendCertsFromPEM(certPEM)
	if err := os.WriteFile(cert, certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, key, pool
}

// TestOverTLSWithARealToken runs the server as the daemon does: TLS, the
// development issuer's tokens, and a shutdown that lets a request finish.
func TestOverTLSWithARealToken(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	issuer, err := devtoken.Listen(ctx, devtoken.Config{
		Addr: "127.0.0.1:0", Audience: "s2cd", Log: slog.New(slog.DiscardHandler),
		Clients: []devtoken.Client{{ID: "acme-app", Secret: "x", Scopes: []string{"site-to-cloud-vpn:sessions:read"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(auth.Config{Issuer: issuer.URL(), Audience: "s2cd"})
	if err != nil {
		t.Fatal(err)
	}
	cert, key, pool := writeCert(t)
	srv, err := New(Config{
		UseCases: &fakeCore{sessions: map[session.ID]session.Session{}}, Authenticator: verifier, Log: slog.New(slog.DiscardHandler), CertFile: cert, KeyFile: key,
		TenantOf: func(string) (session.TenantID, bool) { return "acme", true },
	})
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() { done <- issuer.Serve(ctx) }()
	go func() { done <- srv.Serve(ctx, l) }()
	token, err := devtoken.Fetch(ctx, http.DefaultClient, issuer.URL(), "acme-app", "x")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for authorization, want := range map[string]int{"Bearer " + token: 200, "Bearer " + token + "x": 401, "": 401} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+l.Addr().String()+BasePath+"/sessions", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want || res.ProtoMajor != 2 {
			t.Errorf("status %d over %s, want %d over HTTP/2", res.StatusCode, res.Proto, want)
		}
	}
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if c, err := (&tls.Dialer{Config: old}).DialContext(ctx, "tcp", l.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 was taken")
	}
	client.CloseIdleConnections()
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration was taken")
	}
	good := Config{UseCases: &fakeCore{}, Authenticator: fakeAuth{}, TenantOf: func(string) (session.TenantID, bool) { return "", false }, Log: slog.New(slog.DiscardHandler), CertFile: "x"}
	if _, err := New(good); err == nil {
		t.Error("a certificate without a key was taken")
	}
}
