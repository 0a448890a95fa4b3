// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/s2cd/s2cd/order"
)

const (
	contentType = "application/cloudevents+json"
	maxAnswer   = 16 << 10 // bytes of an answer's body that are read, and of its head
)

var correlatorPattern = regexp.MustCompile(`^[a-zA-Z0-9-_:;.\/<>{}]{1,256}$`)

// newClient returns a client that follows no redirect, uses no proxy and
// connects only where the guard lets it.
func newClient(cfg Config) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeout, Control: cfg.Guard.control}
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

// hostOf names what deliveries are counted by.
func hostOf(sink string) string {
	u, err := url.Parse(sink)
	if err != nil {
		return sink
	}
	return u.Host
}

// try sends the head of a stream once.
func (w *Worker) try(ctx context.Context, s order.Stream) verdict {
	if u, err := url.Parse(s.Sink.URL); err != nil || u.Scheme != "https" || u.Host == "" {
		return verdict{kind: giveUp, reason: "the sink is no https URL"}
	}
	if s.Sink.Token != "" && !s.Sink.TokenExpires.IsZero() && !s.Sink.TokenExpires.After(w.cfg.Now()) {
		return verdict{kind: giveUp, reason: "the sink's access token has expired", final: true}
	}
	req, err := w.request(ctx, s)
	if err != nil {
		return verdict{kind: giveUp, reason: err.Error()}
	}
	res, err := w.client.Do(req)
	if err != nil {
		var sent *url.Error // its text repeats the URL, which may hold a secret
		if errors.As(err, &sent) {
			err = sent.Err
		}
		return w.failed(s, err.Error(), 0)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return verdict{kind: delivered}
	case res.StatusCode == http.StatusGone:
		return verdict{kind: giveUp, reason: "the sink wants no more events (410)", final: true}
	}
	return w.failed(s, fmt.Sprintf("the sink answered %d", res.StatusCode), retryAfter(res.Header, w.cfg.Now()))
}

// request renders an event as a structured CloudEvent.
func (w *Worker) request(ctx context.Context, s order.Stream) (*http.Request, error) {
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
	if s.Sink.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Sink.Token)
	}
	return req, nil
}
