// SPDX-License-Identifier: Apache-2.0

// Package devtoken is the token issuer of s2cd serve --dev: a small OpenID
// Connect issuer with the client credentials grant (RFC 6749 section 4.4), for
// trying s2cd out on one machine. It binds to loopback only and keeps its keys
// in memory; it must never serve anybody else.
package devtoken

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// Client is one that may get tokens.
type Client struct {
	ID     string
	Secret string
	Scopes []string // it may ask for; all of them without a scope parameter
}

// Config is what an Issuer needs.
type Config struct {
	Addr     string // host:port on loopback; port 0 takes a free one
	Audience string // of the tokens
	Clients  []Client
	TTL      time.Duration    // of a token, 5 min by default
	Now      func() time.Time // nil: the wall clock
	Log      *slog.Logger
}

// Issuer issues tokens. It is bound when Listen returns.
type Issuer struct {
	cfg      Config
	listener net.Listener
	url      string

	mu   sync.Mutex // guards keys
	keys []signingKey
}

// signingKey is a key of the issuer; the newest signs, older ones are listed
// until the last token they signed has expired.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
	until   time.Time // listed until; zero: still signs
}

// Listen binds to Config.Addr. An address that is not loopback is refused.
func Listen(ctx context.Context, cfg Config) (*Issuer, error) {
	if err := checkLoopback(cfg.Addr); err != nil {
		return nil, err
	}
	if cfg.Log == nil || cfg.Audience == "" {
		return nil, errors.New("development token issuer: Log and Audience are needed")
	}
	if cfg.TTL == 0 {
		cfg.TTL = 5 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the development token issuer: %w", err)
	}
	i := &Issuer{cfg: cfg, listener: l, url: "http://" + l.Addr().String()}
	if err := checkLoopback(l.Addr().String()); err != nil {
		_ = l.Close() // nothing was accepted
		return nil, err
	}
	if err := i.Rotate(); err != nil {
		_ = l.Close() // nothing was accepted
		return nil, err
	}
	return i, nil
}

// checkLoopback refuses every address but those of this machine alone.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("development token issuer: address %q: %w", addr, err)
	}
	if a, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !a.Unmap().IsLoopback()) {
		return fmt.Errorf("development token issuer: %q is not a loopback address; it gives tokens to anybody who knows a configured secret and must not be reached from elsewhere", addr)
	}
	return nil
}

// URL is the issuer's identifier, the claim iss of its tokens.
func (i *Issuer) URL() string { return i.url }

// Rotate makes a new key that signs from now on.
func (i *Issuer) Rotate() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make signing key: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.cfg.Now()
	keep := []signingKey{{id: uuid.NewString(), private: private}}
	for _, k := range i.keys {
		if k.until.IsZero() {
			k.until = now.Add(i.cfg.TTL)
		}
		if k.until.After(now) {
			keep = append(keep, k)
		}
	}
	i.keys = keep
	return nil
}

// Serve answers until ctx ends and closes the listener.
func (i *Issuer) Serve(ctx context.Context) error {
	srv := &http.Server{Handler: i.handler(), ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(i.listener) }()
	i.cfg.Log.WarnContext(ctx, "development token issuer is on, for this machine only", "issuer", i.url)
	select {
	case err := <-done:
		return fmt.Errorf("serve the development token issuer: %w", err)
	case <-ctx.Done():
	}
	err := srv.Close() // requests take microseconds, nobody is cut off for long
	if served := <-done; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	if err != nil {
		return fmt.Errorf("close the development token issuer: %w", err)
	}
	return nil
}

func (i *Issuer) public() jose.JSONWebKeySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(jose.ES256), Use: "sig"})
	}
	return set
}
