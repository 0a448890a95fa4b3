// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// TLS says who we are to a device and which device we expect to meet.
type TLS struct {
	Roots       *x509.CertPool                   // who may sign the device's certificate
	Certificate func() (*tls.Certificate, error) // ours, asked for at every handshake so that it can be rotated
	ServerURI   string                           // expected URI SAN; empty: not checked
	ServerDNS   string                           // expected DNS SAN; empty: not checked
	SPKISHA256  []byte                           // expected SHA-256 of the SubjectPublicKeyInfo (RFC 7469 section 2.4); nil: not checked
}

// clientConfig makes the handshake's configuration. The address dialled is no
// identity (management addresses move, several agents share one), so the
// default check by host name is replaced by one of the pinned identity.
func (t TLS) clientConfig() (*tls.Config, error) {
	switch {
	case t.Roots == nil:
		return nil, errors.New("tls: no roots")
	case t.Certificate == nil:
		return nil, errors.New("tls: no client certificate")
	case t.ServerURI == "" && t.ServerDNS == "" && len(t.SPKISHA256) == 0:
		return nil, errors.New("tls: no identity of the device to expect")
	case len(t.SPKISHA256) != 0 && len(t.SPKISHA256) != sha256.Size:
		return nil, fmt.Errorf("tls: key pin has %d bytes, want %d", len(t.SPKISHA256), sha256.Size)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		ServerName: t.ServerDNS,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return t.Certificate()
		},
		InsecureSkipVerify: true, //nolint:gosec // G402: VerifyConnection checks chain and identity, on resumption too.
		VerifyConnection:   t.verify,
	}, nil
}

// verify checks the device's chain and that it is the device we expect.
func (t TLS) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("device sent no certificate")
	}
	leaf := state.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: t.Roots, Intermediates: intermediates, DNSName: t.ServerDNS,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}); err != nil {
		return fmt.Errorf("device certificate: %w", err)
	}
	if t.ServerURI != "" {
		names := make([]string, len(leaf.URIs))
		for i, u := range leaf.URIs {
			names[i] = u.String()
		}
		if !slices.Contains(names, t.ServerURI) {
			return fmt.Errorf("device certificate is for %q, want %q", names, t.ServerURI)
		}
	}
	if sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo); len(t.SPKISHA256) != 0 && !bytes.Equal(sum[:], t.SPKISHA256) {
		return fmt.Errorf("device key %x is not the pinned one", sum)
	}
	return nil
}
