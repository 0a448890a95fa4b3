// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

const (
	contentType = "application/cloudevents+json"
	maxAnswer   = 16 << 10 // bytes of an answer's body that are read, and of its head
)

var correlatorPattern = regexp.MustCompile(`^[a-zA-Z0-9-_:;.\/<>{}]{1,256}$`)

// newClient returns a client that follows no redirect, uses no proxy and
// connects only where the guard lets it.
func newClient(cfg Config) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeout, Control: cfg.Guard.control, Resolver: cfg.Resolver}
	return &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: cfg.Timeout,
			TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: maxAnswer, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		},
	}
}

// hostOf names what deliveries are counted by: host and port, however spelled.
func hostOf(sink string) string {
	u, err := url.Parse(sink)
	if err != nil {
		return sink
	}
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), cmp.Or(u.Port(), "443"))
}

// try sends the head of a stream once, within Config.Timeout in all. A sink that
// refuses a token which was kept gets a new one at once.
func (w *Worker) try(ctx context.Context, s order.Stream) verdict {
	if !isHTTPS(s.Sink.URL) {
		return verdict{kind: giveUp, reason: "the sink is no https URL"}
	}
	if s.Sink.Token != "" && !s.Sink.TokenExpires.IsZero() && !s.Sink.TokenExpires.After(w.cfg.Now()) {
		return verdict{kind: giveUp, reason: "the sink's access token has expired", final: true}
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	if s.Sink.CredentialType != session.PrivateKeyJWT {
		v, _ := w.deliver(ctx, s, s.Sink.Token)
		return v
	}
	for {
		token, kept, err := w.tokens.get(ctx, s)
		if err != nil {
			var r *refusal
			if !errors.As(err, &r) {
				r = refuse("%s", err)
			}
			return w.failed(s, r.reason, r.after)
		}
		v, status := w.deliver(ctx, s, token)
		if status != http.StatusUnauthorized {
			return v
		}
		w.tokens.drop(s, token)
		if !kept {
			return v
		}
	}
}

// deliver makes one request and returns the answer's status too; 0: there was none.
func (w *Worker) deliver(ctx context.Context, s order.Stream, token string) (verdict, int) {
	req, err := w.request(ctx, s, token)
	if err != nil {
		return verdict{kind: giveUp, reason: err.Error()}, 0
	}
	res, err := w.client.Do(req)
	if err != nil {
		return w.failed(s, plain(err), 0), 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return verdict{kind: delivered}, res.StatusCode
	case res.StatusCode == http.StatusGone:
		return verdict{kind: giveUp, reason: "the sink wants no more events (410)", final: true}, res.StatusCode
	}
	return w.failed(s, fmt.Sprintf("the sink answered %d", res.StatusCode), retryAfter(res.Header, w.cfg.Now())), res.StatusCode
}

// request renders an event as a structured CloudEvent.
func (w *Worker) request(ctx context.Context, s order.Stream, token string) (*http.Request, error) {
	body, err := w.event(s)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Sink.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "s2cd")
	if correlatorPattern.MatchString(s.Event.Correlator) {
		req.Header.Set("x-correlator", s.Event.Correlator)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}
