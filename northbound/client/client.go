// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// BasePath is where the contract's version of the API lies below a provider's
// address.
const BasePath = "/site-to-cloud-vpn/v0.1"

// timeout bounds one try of a request where the caller's http.Client does not.
const timeout = 30 * time.Second

// Client speaks to one provider as one customer's application. It is safe for
// concurrent use.
type Client struct {
	server  string // ends in a slash
	http    *http.Client
	tokens  oauth2.TokenSource
	backoff Backoff
	polling Polling
}

// Option changes how a Client behaves.
type Option func(*Client)

// WithBackoff sets how requests are repeated.
func WithBackoff(b Backoff) Option { return func(c *Client) { c.backoff = b } }

// WithPolling sets how often a session is read that is waited for.
func WithPolling(p Polling) Option { return func(c *Client) { c.polling = p } }

// New returns a Client of the API at baseURL, the provider's address with or
// without BasePath. It has to be https, or http on a loopback address: a token
// goes with every request. Redirects are not followed. hc is nil for one with a
// timeout of 30 s. Nothing is sent yet.
func New(baseURL string, tokens oauth2.TokenSource, hc *http.Client, opts ...Option) (*Client, error) {
	u, err := secureURL(baseURL)
	if err != nil {
		return nil, fmt.Errorf("client: base URL: %w", err)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("client: base URL: want a scheme, a host and a path alone")
	}
	if tokens == nil {
		return nil, errors.New("client: a source of tokens is needed")
	}
	root := strings.TrimSuffix(strings.TrimSuffix(u.String(), "/"), BasePath)
	c := &Client{server: root + BasePath + "/", http: direct(hc), tokens: tokens}
	for _, o := range opts {
		o(c)
	}
	c.backoff = c.backoff.complete()
	c.polling = c.polling.complete()
	return c, nil
}

// direct is a copy of hc that follows no redirect: what it carries is secret.
func direct(hc *http.Client) *http.Client {
	own := http.Client{Timeout: timeout}
	if hc != nil {
		own = *hc
		own.Timeout = cmp.Or(own.Timeout, timeout)
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// secureURL refuses to send a secret in clear beyond this machine.
func secureURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return nil, fmt.Errorf("%s would carry the secret in clear: use https", u.Host)
	}
	return u, nil
}
