// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// KeySet knows the public keys that the provider identifies itself with to a
// customer's authorization server.
type KeySet interface {
	// JWKS returns them as a JWK set (RFC 7517), for any name.
	JWKS(customer string) ([]byte, error)
}

// KeysPath is where a customer's key set can be had, without a token.
const KeysPath = BasePath + "/.well-known/jwks/"

// customerPattern is what a customer may be called in the inventory.
var customerPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// credential decodes what makes events welcome at the sink into s.
func (d decoder) credential(s *session.Sink, c api.SinkCredential) error {
	kind, err := c.Discriminator()
	if err != nil {
		return invalid("sinkCredential", "is malformed")
	}
	s.CredentialType = kind
	if kind == session.PrivateKeyJWT {
		return d.privateKeyJWT(s, c)
	}
	token, err := c.AsAccessTokenCredential()
	if err != nil {
		return invalid("sinkCredential", "is malformed")
	}
	s.Token, s.TokenExpires = value(token.AccessToken), token.AccessTokenExpiresUtc
	return nil
}

func (d decoder) privateKeyJWT(s *session.Sink, c api.SinkCredential) error {
	if d.keysURL == "" {
		return &fault{status: http.StatusUnprocessableEntity, code: "PRIVATE_KEY_JWT_NOT_CONFIGURED", message: "sinkCredential.credentialType: PRIVATE_KEY_JWT is not configured here, use ACCESSTOKEN"}
	}
	client, err := c.AsPrivateKeyJWTCredential()
	if err != nil {
		return invalid("sinkCredential", "is malformed")
	}
	s.ClientID, s.TokenURI = value(client.ClientId), value(client.TokenUri)
	if why := d.checkTarget(s.TokenURI); why != "" {
		return &fault{status: http.StatusBadRequest, code: "INVALID_CREDENTIAL", message: "sinkCredential.tokenUri: " + why}
	}
	return nil
}

// checkTarget says what is wrong with a URL that we are to send something to;
// empty: nothing is. A name is judged when it is connected to.
func (d decoder) checkTarget(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return "must be an absolute https URL"
	}
	if u.User != nil || strings.Contains(raw, "#") {
		return "must have neither user information nor a fragment"
	}
	if port, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16); err != nil || port == 0 {
		return "must have a port from 1 to 65535, or none"
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "must have other characters than visible ASCII percent-encoded, in its host in Punycode"
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && d.targetAllowed != nil && d.targetAllowed(a) != nil {
		return "nothing is sent to such an address"
	}
	return ""
}

// nameKeys tells in a sink where the keys for its customer are.
func (s *Server) nameKeys(sink *session.Sink, customer session.TenantID) {
	if sink != nil && sink.CredentialType == session.PrivateKeyJWT {
		sink.JWKSURI = s.keysURL() + string(customer)
	}
}

// keysURL is what the URLs of key sets begin with; empty: there are none.
func (s *Server) keysURL() string {
	if s.cfg.Keys == nil {
		return ""
	}
	return s.cfg.PublicURL + KeysPath
}

// serveKeys answers for whatever may be a customer's name: who is one is not
// told. Caches ask again well before a new key signs.
func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	customer := r.PathValue("customer")
	if s.cfg.Keys == nil || !customerPattern.MatchString(customer) {
		s.fail(w, r, &fault{status: http.StatusNotFound, code: "NOT_FOUND", message: "The specified resource is not found."})
		return
	}
	set, err := s.cfg.Keys.JWKS(customer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(set) //nolint:gosec // a key set of ours; the client is gone if this fails
}

// encodeCredential tells of a sink's credential what is no secret.
func encodeCredential(s *session.Sink) *api.SinkCredentialInfo {
	if s == nil || s.CredentialType == "" {
		return nil
	}
	return &api.SinkCredentialInfo{
		CredentialType:        api.SinkCredentialInfoCredentialType(s.CredentialType),
		AccessTokenExpiresUtc: moment(s.TokenExpires), JwksUri: optional(s.JWKSURI),
	}
}
