// SPDX-License-Identifier: Apache-2.0

// Package certs makes the lab's certificates: a CA that nobody else trusts,
// with server certificates for devices and the API and client certificates.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// TrustDomain is the host part of the lab's identities.
const TrustDomain = "s2cd.lab"

// DeviceID is the identity of a device, spiffe://s2cd.lab/device/NAME.
func DeviceID(name string) string { return "spiffe://" + TrustDomain + "/device/" + name }

// ClientID is the identity of a client of the devices.
func ClientID(name string) string { return "spiffe://" + TrustDomain + "/client/" + name }

// Authority is the lab's CA with the folder that its files are in.
type Authority struct {
	Dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

// Leaf says what a certificate is for.
type Leaf struct {
	// Name is the file name: NAME.pem and NAME-key.pem.
	Name string
	// URI is the identity, may be empty.
	URI string
	DNS []string
	IPs []net.IP
}

// Files are where a certificate and its key are.
type Files struct{ Cert, Key, CA string }

// lifetime is longer than any lab lives.
const lifetime = 7 * 24 * time.Hour

// New makes a CA and writes its certificate to dir/ca.pem. Its key stays in
// memory.
func New(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of certificates: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make CA key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "s2cd lab CA"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read CA certificate: %w", err)
	}
	a := &Authority{Dir: dir, cert: cert, key: key, now: now}
	return a, writePEM(a.CA(), "CERTIFICATE", der, 0o644)
}

// CA is the file with the CA's certificate.
func (a *Authority) CA() string { return filepath.Join(a.Dir, "ca.pem") }

// Issue makes a certificate for both ends of TLS and writes its files.
func (a *Authority) Issue(l Leaf) (Files, error) {
	f := Files{Cert: filepath.Join(a.Dir, l.Name+".pem"), Key: filepath.Join(a.Dir, l.Name+"-key.pem"), CA: a.CA()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return f, fmt.Errorf("make key of %s: %w", l.Name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return f, fmt.Errorf("make serial number of %s: %w", l.Name, err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: l.Name},
		NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.Add(lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames: l.DNS, IPAddresses: l.IPs,
	}
	if l.URI != "" {
		u, err := url.Parse(l.URI)
		if err != nil {
			return f, fmt.Errorf("identity of %s: %w", l.Name, err)
		}
		template.URIs = []*url.URL{u}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return f, fmt.Errorf("make certificate of %s: %w", l.Name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return f, fmt.Errorf("encode key of %s: %w", l.Name, err)
	}
	if err := writePEM(f.Key, "PRIVATE KEY", keyDER, 0o600); err != nil {
		return f, err
	}
	return f, writePEM(f.Cert, "CERTIFICATE", der, 0o644)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
