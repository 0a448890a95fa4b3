// SPDX-License-Identifier: Apache-2.0

package devtoken

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
)

func (i *Issuer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{
			"issuer": i.url, "jwks_uri": i.url + "/jwks", "token_endpoint": i.url + "/token",
			"grant_types_supported":                 []string{"client_credentials"},
			"response_types_supported":              []string{},
			"subject_types_supported":               []string{"public"},
			"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, i.public()) })
	mux.HandleFunc("POST /token", i.token)
	return mux
}

// tokenAnswer is the success of RFC 6749 section 5.1.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	client, ok := i.client(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Basic")
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if len(scopes) == 0 {
		scopes = client.Scopes
	}
	for _, s := range scopes {
		if !slices.Contains(client.Scopes, s) {
			refuse(w, http.StatusBadRequest, "invalid_scope")
			return
		}
	}
	token, err := i.sign(client.ID, strings.Join(scopes, " "))
	if err != nil {
		i.cfg.Log.ErrorContext(r.Context(), "token not signed", "client", client.ID, "error", err)
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, tokenAnswer{AccessToken: token, TokenType: "Bearer", ExpiresIn: int(i.cfg.TTL.Seconds()), Scope: strings.Join(scopes, " ")})
}

// client returns who is asking, by HTTP Basic or by form (RFC 6749 section 2.3.1).
func (i *Issuer) client(r *http.Request) (Client, bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		var errID, errSecret error
		id, errID = url.QueryUnescape(id)
		secret, errSecret = url.QueryUnescape(secret)
		if errID != nil || errSecret != nil {
			return Client{}, false
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	have := sha256.Sum256([]byte(secret))
	for _, c := range i.cfg.Clients {
		want := sha256.Sum256([]byte(c.Secret))
		if c.ID == id && c.Secret != "" && subtle.ConstantTimeCompare(have[:], want[:]) == 1 {
			return c, true
		}
	}
	return Client{}, false
}

// sign makes an access token in the profile of RFC 9068.
func (i *Issuer) sign(client, scope string) (string, error) {
	i.mu.Lock()
	k := i.keys[0]
	i.mu.Unlock()
	opts := (&jose.SignerOptions{}).WithType("at+jwt").WithHeader(jose.HeaderKey("kid"), k.id)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k.private}, opts)
	if err != nil {
		return "", fmt.Errorf("make signer: %w", err)
	}
	now := i.cfg.Now()
	claims := jwt.Claims{
		Issuer: i.url, Subject: client, Audience: jwt.Audience{i.cfg.Audience}, ID: uuid.NewString(),
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(i.cfg.TTL)),
	}
	token, err := jwt.Signed(signer).Claims(claims).Claims(map[string]any{"client_id": client, "scope": scope}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}

// refuse answers with an error of RFC 6749 section 5.2.
func refuse(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone if this fails
}
