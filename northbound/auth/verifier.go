// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken is the longest token that is looked at, bytes.
const maxToken = 8 << 10

// Config is what a Verifier needs. Zero durations take their defaults.
type Config struct {
	Issuer   string // URL, https, or http on a loopback address
	Audience string // that tokens must be for
	Client   *http.Client
	Now      func() time.Time
	Leeway   time.Duration // for clocks that differ, 30 s by default
	MaxAge   time.Duration // of keys before they are fetched again, 10 min by default
	MinFetch time.Duration // between two fetches, 5 s by default
	KeepKeys time.Duration // that were fetched last while the issuer does not answer, 24 h by default
}

// Verifier checks access tokens of one issuer. It is safe for concurrent use.
type Verifier struct {
	cfg  Config
	keys *keySet
	good *remembered
}

// New returns a Verifier. It does not talk to the issuer yet, so that a start
// does not depend on it.
func New(cfg Config) (*Verifier, error) {
	if err := checkURL(cfg.Issuer); err != nil {
		return nil, fmt.Errorf("auth: issuer: %w", err)
	}
	if cfg.Audience == "" {
		return nil, errors.New("auth: an audience is needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Leeway == 0 {
		cfg.Leeway = 30 * time.Second
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = 10 * time.Minute
	}
	if cfg.MinFetch == 0 {
		cfg.MinFetch = 5 * time.Second
	}
	if cfg.KeepKeys == 0 {
		cfg.KeepKeys = 24 * time.Hour
	}
	return &Verifier{cfg: cfg, keys: newKeySet(cfg), good: newRemembered()}, nil
}

// Keys says when the issuer's keys were fetched last, and why that failed since;
// zero: never. Until is when the known ones are no longer good.
func (v *Verifier) Keys() (fetched, until time.Time, failure error) {
	v.keys.mu.Lock()
	defer v.keys.mu.Unlock()
	fetched = v.keys.fetched
	if !fetched.IsZero() {
		until = fetched.Add(v.cfg.MaxAge + v.cfg.KeepKeys)
	}
	return fetched, until, v.keys.failure
}

// algorithms are the signatures that are accepted, no matter what a token says.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256}
}

// accessClaims are the claims of RFC 9068 that the registered ones lack.
type accessClaims struct {
	jwt.Claims

	ClientID string `json:"client_id"`
	AZP      string `json:"azp"`
	Scope    string `json:"scope"`

	// Confirmation binds a token to a key of its holder (RFC 7800).
	Confirmation json.RawMessage `json:"cnf"`
}

// Authenticate checks a token and returns the client behind it. Errors wrap
// ErrUnauthenticated, or ErrUnavailable when no key to check with can be had.
func (v *Verifier) Authenticate(ctx context.Context, token string) (Identity, error) {
	if len(token) > maxToken {
		return Identity{}, fmt.Errorf("%w: token of %d bytes", ErrUnauthenticated, len(token))
	}
	now := v.cfg.Now()
	if who, ok := v.good.find(token, now); ok {
		return who, nil
	}
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return Identity{}, fmt.Errorf("%w: parse token: %w", ErrUnauthenticated, err)
	}
	head := parsed.Headers[0]
	if !isAccessToken(head) {
		return Identity{}, fmt.Errorf("%w: typ of the token is %v", ErrUnauthenticated, head.ExtraHeaders[jose.HeaderType])
	}
	if _, critical := head.ExtraHeaders["crit"]; critical { // no extension is known here (RFC 7515 section 4.1.11)
		return Identity{}, fmt.Errorf("%w: token with critical headers", ErrUnauthenticated)
	}
	keys, err := v.keys.find(ctx, head.KeyID, jose.SignatureAlgorithm(head.Algorithm))
	if err != nil {
		return Identity{}, err
	}
	var claims accessClaims
	err = fmt.Errorf("%w: no key %q", ErrUnauthenticated, head.KeyID)
	for _, k := range keys {
		if err = parsed.Claims(k.Key, &claims); err == nil {
			break
		}
		err = fmt.Errorf("%w: check signature: %w", ErrUnauthenticated, err)
	}
	if err != nil {
		return Identity{}, err
	}
	who, err := v.judge(claims)
	if err == nil {
		v.good.keep(token, who, now, claims.Expiry.Time())
	}
	return who, err
}

// isAccessToken refuses other kinds of JWT that the issuer signs, RFC 8725
// section 3.11.
func isAccessToken(head jose.Header) bool {
	typ, given := head.ExtraHeaders[jose.HeaderType]
	if !given {
		return true
	}
	s, _ := typ.(string)
	return slices.Contains([]string{"jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(s))
}

// judge checks the claims of a token whose signature is good.
func (v *Verifier) judge(c accessClaims) (Identity, error) {
	if c.Expiry == nil {
		return Identity{}, fmt.Errorf("%w: token without exp", ErrUnauthenticated)
	}
	if len(c.Confirmation) > 0 { // whoever found it could use it as a plain bearer token (RFC 9449 section 7.1)
		return Identity{}, fmt.Errorf("%w: token is bound to a key, and is not proven", ErrUnauthenticated)
	}
	want := jwt.Expected{Issuer: v.cfg.Issuer, AnyAudience: jwt.Audience{v.cfg.Audience}, Time: v.cfg.Now()}
	if err := c.ValidateWithLeeway(want, v.cfg.Leeway); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	client := c.ClientID
	if client == "" {
		client = c.AZP
	}
	if client == "" {
		return Identity{}, fmt.Errorf("%w: token without client_id and azp", ErrUnauthenticated)
	}
	return Identity{Client: client, Scopes: strings.Fields(c.Scope)}, nil
}
