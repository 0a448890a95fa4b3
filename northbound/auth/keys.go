// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	fetchTimeout = 5 * time.Second
	maxDocument  = 1 << 20 // bytes of a discovery document or key set
)

// keySet keeps the issuer's keys. Keys once fetched stay good for a while when the
// issuer is away; a key the issuer no longer lists is dropped at the next fetch.
type keySet struct {
	cfg    Config
	client *http.Client

	mu      sync.Mutex    // guards what follows
	flight  chan struct{} // closed when the fetch under way ends; nil: none is
	keys    []jose.JSONWebKey
	fetched time.Time // when the last success ended
	tried   time.Time // when the last try ended
	failure error     // of the last try
}

func newKeySet(cfg Config) *keySet {
	client := &http.Client{Timeout: fetchTimeout}
	if cfg.Client != nil {
		client.Transport = cfg.Client.Transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &keySet{cfg: cfg, client: client}
}

// find returns the keys that may have signed with kid and alg. It fetches when
// none is known, or when what is known is old, but never more often than
// Config.MinFetch, so that made-up key ids do not become load on the issuer.
func (s *keySet) find(ctx context.Context, kid string, alg jose.SignatureAlgorithm) ([]jose.JSONWebKey, error) {
	found, stale, _ := s.match(kid, alg)
	if len(found) > 0 && !stale {
		return found, nil
	}
	ended := s.refresh(ctx)
	if len(found) > 0 {
		return found, nil // good until the issuer says otherwise
	}
	select {
	case <-ended:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: waiting for keys: %w", ErrUnavailable, ctx.Err())
	}
	found, _, failure := s.match(kid, alg)
	if failure != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, failure)
	}
	return found, nil
}

// match returns the known keys that fit and whether they are old. A failure says
// that no key at all is known, and why.
func (s *keySet) match(kid string, alg jose.SignatureAlgorithm) (found []jose.JSONWebKey, stale bool, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.cfg.Now().Sub(s.fetched)
	if len(s.keys) == 0 || age > s.cfg.MaxAge+s.cfg.KeepKeys {
		return nil, true, s.failure
	}
	for _, k := range s.keys {
		if (kid == "" || k.KeyID == kid) && fits(k, alg) {
			found = append(found, k)
		}
	}
	return found, age > s.cfg.MaxAge, nil
}

// fits reports whether a key may be used with alg: its type, size and use.
func fits(k jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	if (k.Use != "" && k.Use != "sig") || (k.Algorithm != "" && k.Algorithm != string(alg)) {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return (alg == jose.RS256 || alg == jose.PS256) && key.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return alg == jose.ES256 && key.Curve == elliptic.P256()
	}
	return false
}

// refresh has the keys fetched unless that was tried a moment ago or is under
// way. What it returns is closed when there is nothing to wait for any more.
func (s *keySet) refresh(ctx context.Context) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil {
		return s.flight
	}
	ended := make(chan struct{})
	if !s.tried.IsZero() && s.cfg.Now().Sub(s.tried) < s.cfg.MinFetch {
		close(ended)
		return ended
	}
	s.flight = ended
	// What one client's request started is for all: it does not end with it, but
	// with the client's timeout.
	go s.fly(context.WithoutCancel(ctx), ended)
	return ended
}

func (s *keySet) fly(ctx context.Context, ended chan struct{}) {
	keys, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	s.tried, s.failure, s.flight = now, err, nil
	if err == nil {
		s.keys, s.fetched = keys, now
	}
	close(ended)
}

// fetch reads the discovery document and the key set it names.
func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	var found struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := s.get(ctx, strings.TrimSuffix(s.cfg.Issuer, "/")+"/.well-known/openid-configuration", &found); err != nil {
		return nil, fmt.Errorf("discover issuer: %w", err)
	}
	if found.Issuer != s.cfg.Issuer {
		return nil, fmt.Errorf("issuer calls itself %q, not %q", found.Issuer, s.cfg.Issuer)
	}
	if err := checkURL(found.JWKSURI); err != nil {
		return nil, fmt.Errorf("jwks_uri: %w", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.get(ctx, found.JWKSURI, &set); err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	return readKeys(set.Keys)
}

// readKeys reads a key set's public keys. One of a kind that is not known is
// passed over (RFC 7517 section 5): it may be there for somebody else.
func readKeys(raw []json.RawMessage) ([]jose.JSONWebKey, error) {
	var all []jose.JSONWebKey
	for _, one := range raw {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(one) == nil && k.Valid() && k.IsPublic() {
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the issuer lists no keys")
	}
	return all, nil
}

func (s *keySet) get(ctx context.Context, target string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: status %d", target, res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxDocument)).Decode(into); err != nil {
		return fmt.Errorf("decode %s: %w", target, err)
	}
	return nil
}

// checkURL demands https, or http to this machine.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("parse %q: %w", raw, err)
	}
	if u.Scheme == "https" && u.Host != "" {
		return nil
	}
	a, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || (err == nil && a.IsLoopback())) {
		return nil
	}
	return fmt.Errorf("%q must be https, or http on a loopback address", raw)
}
