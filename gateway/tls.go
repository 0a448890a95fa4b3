// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
)

// ServerTLS demands TLS 1.3 and a client certificate of clientCA that carries
// one of the SAN URIs in clients. Files are PEM.
func ServerTLS(certificate, key, clientCA string, clients []string) (*tls.Config, error) {
	if len(clients) == 0 {
		return nil, errors.New("tls: no client is allowed")
	}
	cert, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("tls certificate: %w", err)
	}
	pem, err := os.ReadFile(clientCA) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("tls client CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls client CA: no certificate in %s", clientCA)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
		VerifyConnection: func(s tls.ConnectionState) error {
			for _, u := range s.PeerCertificates[0].URIs {
				if slices.Contains(clients, u.String()) {
					return nil
				}
			}
			return errors.New("client certificate names nobody who is allowed")
		},
	}, nil
}
