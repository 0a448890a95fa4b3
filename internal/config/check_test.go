// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/config"
)

// house is a folder with everything that good names.
type house struct {
	t    *testing.T
	dir  string
	now  time.Time
	file string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	text := strings.Replace(good, "/etc/s2cd/seal.key", "seal.key", 1)
	h.file = h.write("s2cd.yaml", text, 0o644)
	h.pair("api.pem", "api.key", x509.ExtKeyUsageServerAuth, h.now.AddDate(1, 0, 0))
	h.pair("c.pem", "c.key", x509.ExtKeyUsageClientAuth, h.now.AddDate(1, 0, 0))
	h.pair("ca.pem", "ca.key", x509.ExtKeyUsageAny, h.now.AddDate(1, 0, 0))
	h.write("one.secret", "top-hush\n", 0o600)
	h.write("seal.key", strings.Repeat("ab", 32)+"\n", 0o600)
	inv, err := os.ReadFile("../../examples/lab-inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	clients := strings.NewReplacer("client-1", "one", "client-2", "two").Replace(string(inv))
	h.write("inventory.yaml", clients, 0o644)
	return h
}

func (h *house) write(name, text string, mode os.FileMode) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		h.t.Fatal(err)
	}
	return path
}

func (h *house) pair(cert, key string, usage x509.ExtKeyUsage, until time.Time) {
	h.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cert}, DNSNames: []string{"s2cd.example"},
		NotBefore: h.now.AddDate(-1, 0, 0), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		h.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
	h.write(key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), 0o600)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(h *house)
		want  []string // DIR stands for the folder
	}{
		"nothing":          {func(*house) {}, nil},
		"no certificate":   {func(h *house) { h.remove("api.pem") }, []string{"3:15: api.tls.cert: DIR/api.pem: no such file or directory"}},
		"key open":         {func(h *house) { h.chmod("api.key") }, []string{"3:29: api.tls.key: DIR/api.key is open to others (mode 0644): chmod 600 it"}},
		"other key":        {func(h *house) { h.rename("c.key", "api.key") }, []string{"3:15: api.tls.cert: DIR/api.pem with DIR/api.key: tls: private key does not match public key", "22:8: devices.key: DIR/c.key: no such file or directory"}},
		"expired":          {func(h *house) { h.pair("c.pem", "c.key", x509.ExtKeyUsageClientAuth, h.now.AddDate(0, 0, -1)) }, []string{"21:9: devices.cert: DIR/c.pem expired at 2030-01-01T03:04:05Z"}},
		"server as client": {func(h *house) { h.pair("c.pem", "c.key", x509.ExtKeyUsageServerAuth, h.now.AddDate(1, 0, 0)) }, []string{"21:9: devices.cert: DIR/c.pem is not a certificate for a TLS client"}},
		"roots empty":      {func(h *house) { h.write("ca.pem", "nothing", 0o644) }, []string{"20:7: devices.ca: DIR/ca.pem holds no certificate in PEM"}},
		"secret open":      {func(h *house) { h.chmod("one.secret") }, []string{"12:29: dev.clients[0].secretFile: DIR/one.secret is open to others (mode 0644): chmod 600 it"}},
		"secret empty":     {func(h *house) { h.write("one.secret", "\n", 0o600) }, []string{"12:29: dev.clients[0].secretFile: DIR/one.secret is empty"}},
		"seal key short":   {func(h *house) { h.write("seal.key", "abcd", 0o600) }, []string{"16:16: store.sealKeyFile: DIR/seal.key does not hold 64 hex digits"}},
		"inventory faulty": {func(h *house) { h.write("inventory.yaml", "as: x\nnodes: []", 0o644) }, []string{
			"DIR/inventory.yaml:1:1: pools: missing", "DIR/inventory.yaml:1:1: catalogue: missing",
			`DIR/inventory.yaml:1:5: as: want a whole number, got "x"`, "DIR/inventory.yaml:2:1: nodes: must not be empty",
		}},
		"unknown client": {func(h *house) {
			h.write("s2cd.yaml", strings.NewReplacer("id: two", "id: three", "/etc/s2cd/", "").Replace(good), 0o644)
		}, []string{`13:12: dev.clients[1].id: no tenant of the inventory has the client "three"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			tc.spoil(h)
			var got []string
			if err := config.Check(h.file, nil, h.now); err != nil {
				for _, line := range strings.Split(err.Error(), "\n") {
					line = strings.TrimPrefix(line, h.file+":")
					got = append(got, strings.ReplaceAll(line, h.dir, "DIR"))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(strings.Join(got, " "), "hush") {
				t.Error("a secret is shown")
			}
		})
	}
}

func (h *house) remove(name string) {
	if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) chmod(name string) {
	if err := os.Chmod(filepath.Join(h.dir, name), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rename(from, to string) {
	if err := os.Rename(filepath.Join(h.dir, from), filepath.Join(h.dir, to)); err != nil {
		h.t.Fatal(err)
	}
}
