// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// Customer is an application of a customer: it knows the API and its own
// network, nothing of the provider's.
type Customer struct {
	client, secret string
	base           string
	http           *http.Client
	token          string
	say            func(format string, args ...any) // nil: silent
}

// Session is what the customer reads of an answer.
type Session struct {
	ID         string `json:"sessionId"`
	Status     string `json:"status"`
	StatusInfo string `json:"statusInfo"`
	Message    string `json:"statusMessage"`
	Phase      string `json:"phase"`
	StartedAt  string `json:"startedAt"`
	ExpiresAt  string `json:"expiresAt"`
	Fee        struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	} `json:"fee"`
	Actual struct {
		Verification string  `json:"verification"`
		Latency      float64 `json:"latency"`
		Loss         float64 `json:"packetLossRate"`
		FullSize     bool    `json:"fullSizePacketVerified"`
		Sent         int64   `json:"sentOctets"`
		Attachments  struct {
			Near struct {
				Received int64 `json:"receivedOctets"`
			} `json:"accessPoint"`
		} `json:"attachments"`
		Ends struct {
			Near struct{ State string } `json:"accessPoint"`
			Far  struct{ State string } `json:"endPoint"`
		} `json:"customerEnds"`
	} `json:"actual"`
	Handover struct {
		Near End `json:"accessPoint"`
		Far  End `json:"endPoint"`
	} `json:"handover"`
}

// End is the handover of one end.
type End struct {
	VLAN     int      `json:"vlanId"`
	Provider []string `json:"providerIpAddresses"`
	Customer string   `json:"customerIpAddress"`
	MTU      int      `json:"mtu"`
	Tunnel   *Tunnel  `json:"tunnel"`
}

// Tunnel is the provider's end of a tunnel.
type Tunnel struct {
	Endpoint struct {
		Address string `json:"ipAddress"`
		Port    uint16 `json:"port"`
	} `json:"endpoint"`
	PublicKey  string   `json:"publicKey"`
	AllowedIPs []string `json:"allowedIps"`
}

// Refusal is CAMARA's error body.
type Refusal struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Message) }

// Customer returns an application that uses the given API client.
func (s *Stack) Customer(client string, say func(string, ...any)) (*Customer, error) {
	pem, err := os.ReadFile(s.Certs.CA())
	if err != nil {
		return nil, fmt.Errorf("read CA: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &Customer{
		client: client, secret: s.secrets[client], base: "https://" + apiAddr + "/site-to-cloud-vpn/v0.1", say: say,
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}},
	}, nil
}

// Login gets a token from the lab's issuer.
func (c *Customer) Login(ctx context.Context) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+issuerAddr+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.client, c.secret)
	c.tell("TOKEN=$(s2cd token --issuer http://%s --client %s --secret-file %s.secret)", issuerAddr, c.client, c.client)
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("token request: %w", err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := decode(resp, &answer); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	c.token = answer.Token
	return nil
}

// Call sends one request and decodes its answer; a refusal is a *Refusal.
func (c *Customer) Call(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader = http.NoBody
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		c.tell("curl -X %s %s%s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '%s'", method, c.base, path, text)
	} else if method != http.MethodGet {
		c.tell("curl -X %s %s%s -H \"Authorization: Bearer $TOKEN\"", method, c.base, path)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return decode(resp, into)
}

func decode(resp *http.Response, into any) error {
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var r Refusal
		if err := json.Unmarshal(text, &r); err != nil || r.Code == "" {
			return fmt.Errorf("answer %d: %s", resp.StatusCode, text)
		}
		return &r
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

func (c *Customer) tell(format string, args ...any) {
	if c.say != nil {
		c.say("  $ "+format, args...)
	}
}

// Order places an order.
func (c *Customer) Order(ctx context.Context, body map[string]any) (Session, error) {
	var s Session
	return s, c.Call(ctx, http.MethodPost, "/sessions", body, &s)
}

// Get reads a session.
func (c *Customer) Get(ctx context.Context, id string) (Session, error) {
	var s Session
	return s, c.Call(ctx, http.MethodGet, "/sessions/"+id, nil, &s)
}

// Delete ends a session.
func (c *Customer) Delete(ctx context.Context, id string) (Session, error) {
	var s Session
	return s, c.Call(ctx, http.MethodDelete, "/sessions/"+id, nil, &s)
}

// Await reads the session until it has the status, or ends with another.
func (c *Customer) Await(ctx context.Context, id, status string) (Session, error) {
	for {
		s, err := c.Get(ctx, id)
		switch {
		case err != nil && ctx.Err() != nil:
			return s, fmt.Errorf("session %s is still not %s: %w", id, status, ctx.Err())
		case err != nil && !later(err):
			return s, err
		case s.Status == status:
			return s, nil
		case s.Status == "TERMINATED":
			return s, fmt.Errorf("session %s is %s %s: %s", id, s.Status, s.StatusInfo, s.Message)
		}
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("session %s is %s (%s: %s), not %s", id, s.Status, s.Phase, s.Message, status)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// later says whether an answer asks to come back later.
func later(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && (r.Status == http.StatusServiceUnavailable || r.Status == http.StatusGatewayTimeout)
}

// prefix parses an address with length; what the API answers is always one.
func prefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("answer: %w", err)
	}
	return p, nil
}
