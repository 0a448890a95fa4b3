// SPDX-License-Identifier: Apache-2.0

package idptest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// provider is an OpenID provider whose clients authenticate with
// private_key_jwt and get tokens as the client credentials grant has them.
type provider struct {
	*op.LegacyServer

	url     string
	openid  *op.Provider
	storage *storage
}

// newProvider serves at url, behind a TLS listener of the caller's.
func newProvider(t *testing.T, url string) (*provider, http.Handler) {
	t.Helper()
	s := &storage{clients: map[string]*client{}}
	s.rotate(t)
	p, err := op.NewProvider(&op.Config{AuthMethodPrivateKeyJWT: true}, s, op.StaticIssuer(url))
	if err != nil {
		t.Fatal(err)
	}
	idp := &provider{LegacyServer: op.NewLegacyServer(p, *op.DefaultEndpoints), url: url, openid: p, storage: s}
	return idp, op.RegisterLegacyServer(idp, func(http.ResponseWriter, *http.Request) {})
}

// VerifyClient implements op.Server: a client proves itself with an assertion
// whose audience is the token endpoint (RFC 7523 section 3).
func (p *provider) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	if r.Data.ClientAssertion == "" {
		return nil, oidc.ErrInvalidClient()
	}
	return op.AuthorizePrivateJWTKey(ctx, r.Data.ClientAssertion, exchanger{p.openid, p})
}

func (p *provider) endpoint() string { return p.url + op.DefaultEndpoints.Token.Relative() }

// exchanger is the provider with another audience of assertions.
type exchanger struct {
	*op.Provider
	idp *provider
}

// JWTProfileVerifier implements op.JWTAuthorizationGrantExchanger.
func (e exchanger) JWTProfileVerifier(context.Context) *op.JWTProfileVerifier {
	return op.NewJWTProfileVerifier(e.idp.storage, e.idp.endpoint(), 5*time.Minute, time.Second)
}

// client is a client of the provider.
type client struct {
	op.Client // what only the code flow asks for

	id       string
	audience string
	scopes   string
	keys     func(kid string) (*jose.JSONWebKey, error)
}

func (c *client) GetID() string                       { return c.id }
func (c *client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodPrivateKeyJWT }
func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (c *client) ClockSkew() time.Duration            { return 0 }
func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (c *client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeClientCredentials}
}

// storage keeps clients and signing keys.
type storage struct {
	op.Storage // what only other grants ask for

	mu      sync.Mutex
	clients map[string]*client
	keys    []key // the last signs, all are published
}

// key is a signing key of the provider.
type key struct {
	id     string
	alg    jose.SignatureAlgorithm
	secret crypto.Signer
}

func (k key) ID() string                                  { return k.id }
func (k key) SignatureAlgorithm() jose.SignatureAlgorithm { return k.alg }
func (k key) Key() any                                    { return k.secret }

// published is its public half.
type published struct{ key }

func (p published) Algorithm() jose.SignatureAlgorithm { return p.alg }
func (p published) Use() string                        { return "sig" }
func (p published) Key() any                           { return p.secret.Public() }

// rotate makes a new signing key, RSA and P-256 in turn.
func (s *storage) rotate(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	next := key{id: uuid.NewString(), alg: jose.ES256}
	var err error
	if len(s.keys)%2 == 0 {
		next.alg = jose.RS256
		next.secret, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		next.secret, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.keys = append(s.keys, next)
}

func (s *storage) add(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.id] = c
}

func (s *storage) Health(context.Context) error { return nil }

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[len(s.keys)-1], nil
}

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []op.Key
	for _, k := range s.keys {
		all = append(all, published{k})
	}
	return all, nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.clients[id]; ok {
		return c, nil
	}
	return nil, errors.New("no such client")
}

func (s *storage) GetKeyByIDAndClientID(_ context.Context, kid, id string) (*jose.JSONWebKey, error) {
	s.mu.Lock()
	c, ok := s.clients[id]
	s.mu.Unlock()
	if !ok {
		return nil, errors.New("no such client")
	}
	return c.keys(kid)
}

func (s *storage) ClientCredentials(context.Context, string, string) (op.Client, error) {
	return nil, errors.New("clients have no secrets here")
}

func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tokenRequest{s.clients[id], scopes}, nil
}

func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return uuid.NewString(), time.Now().Add(10 * time.Minute), nil
}

func (s *storage) GetPrivateClaimsFromScopes(_ context.Context, _, id string, _ []string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"scope": s.clients[id].scopes}, nil
}

// tokenRequest is what a token is made for.
type tokenRequest struct {
	client *client
	scopes []string
}

func (r tokenRequest) GetSubject() string    { return r.client.id }
func (r tokenRequest) GetAudience() []string { return []string{r.client.audience} }
func (r tokenRequest) GetScopes() []string   { return r.scopes }

// remoteKeys finds a client's keys where the client publishes them.
func remoteKeys(web *http.Client, uri string) func(kid string) (*jose.JSONWebKey, error) {
	return func(kid string) (*jose.JSONWebKey, error) {
		res, err := web.Get(uri)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/jwk-set+json") {
			return nil, fmt.Errorf("%s is %s", uri, kind)
		}
		var set jose.JSONWebKeySet
		if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
			return nil, err
		}
		for _, k := range set.Key(kid) {
			return &k, nil
		}
		return nil, fmt.Errorf("no key %s at %s", kid, uri)
	}
}
