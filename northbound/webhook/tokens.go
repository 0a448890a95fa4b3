// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// How long fetched tokens are used.
const (
	unknownLife = time.Minute    // of a token that does not say
	longestLife = 24 * time.Hour // whatever it says
	spareLife   = 30 * time.Second
)

// longestToken is the most characters of a token, as in the contract's accessToken.
const longestToken = 4096

// mostKept bounds the tokens that are kept: customers name endpoints as they like.
const mostKept = 4096

// tokenPattern is what a token may be made of, as there.
var tokenPattern = regexp.MustCompile(`^[\x21-\x7e]+$`)

// tokens fetches sinks' access tokens with signed assertions (RFC 7523 section
// 2.2) and keeps them until shortly before they end.
type tokens struct {
	keys   *Keys // nil: it is switched off
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex // guards kept
	kept map[tokenKey]fetched
}

// tokenKey is what a token was fetched for. The tenant is part of it: one never
// gets what another's key was good for.
type tokenKey struct {
	tenant           session.TenantID
	endpoint, client string
}

type fetched struct {
	token string
	until time.Time
}

// refusal says why there is no token, and how long to wait at least.
type refusal struct {
	reason string
	after  time.Duration
}

func (r *refusal) Error() string { return r.reason }

func refuse(format string, args ...any) *refusal {
	return &refusal{reason: fmt.Sprintf(format, args...)}
}

func keyOf(s order.Stream) tokenKey {
	return tokenKey{tenant: s.Tenant, endpoint: s.Sink.TokenURI, client: s.Sink.ClientID}
}

// get returns a token for a stream's sink; kept tells that it was fetched
// earlier. The error is a *refusal.
func (t *tokens) get(ctx context.Context, s order.Stream) (token string, kept bool, err error) {
	if t.keys == nil {
		return "", false, refuse("PRIVATE_KEY_JWT is switched off")
	}
	key := keyOf(s)
	t.mu.Lock()
	have := t.kept[key]
	t.mu.Unlock()
	if have.until.After(t.now()) {
		return have.token, true, nil
	}
	made, err := t.fetch(ctx, key)
	if err != nil {
		return "", false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, f := range t.kept { // what is over makes room, and else any other
		if !f.until.After(t.now()) || len(t.kept) >= mostKept {
			delete(t.kept, k)
		}
	}
	t.kept[key] = made
	return made.token, false, nil
}

// drop forgets a token that the sink refused, unless a newer one is there.
func (t *tokens) drop(s order.Stream, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if key := keyOf(s); t.kept[key].token == token {
		delete(t.kept, key)
	}
}

// fetch asks the token endpoint (RFC 6749 section 4.4).
func (t *tokens) fetch(ctx context.Context, key tokenKey) (fetched, error) {
	if !isHTTPS(key.endpoint) {
		return fetched{}, refuse("the token endpoint is no https URL")
	}
	assertion, err := t.keys.assertion(string(key.tenant), key.client, key.endpoint)
	if err != nil {
		return fetched{}, refuse("%s", err)
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_id":             {key.client},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, key.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return fetched{}, refuse("the token endpoint is no https URL")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "s2cd")
	res, err := t.client.Do(req)
	if err != nil {
		return fetched{}, refuse("token endpoint: %s", plain(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fetched{}, refuse("token endpoint: %s", plain(err))
	}
	if res.StatusCode != http.StatusOK {
		r := refuse("the token endpoint answered %d%s", res.StatusCode, oauthError(body))
		r.after = retryAfter(res.Header, t.now())
		return fetched{}, r
	}
	return readToken(body, t.now())
}

// readToken reads an answer with a token (RFC 6749 section 5.1). The error is a
// *refusal.
func readToken(body []byte, now time.Time) (fetched, error) {
	var answer struct {
		Token   string `json:"access_token"`
		Type    string `json:"token_type"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fetched{}, refuse("the token endpoint's answer is not understood")
	}
	if !strings.EqualFold(answer.Type, "bearer") || len(answer.Token) > longestToken || !tokenPattern.MatchString(answer.Token) {
		return fetched{}, refuse("the token endpoint's answer holds no bearer token")
	}
	life := unknownLife
	if answer.Expires > 0 {
		life = time.Duration(min(answer.Expires, int64(longestLife/time.Second))) * time.Second
	}
	return fetched{token: answer.Token, until: now.Add(life - min(spareLife, life/10))}, nil
}

// oauthCode is the form of an error code (RFC 6749 section 5.2).
var oauthCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// oauthError names the error code of an answer, for the reason of a retry.
func oauthError(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || !oauthCode.MatchString(answer.Error) {
		return ""
	}
	return " " + answer.Error
}

// plain is the text of a client's error without the URL, which may hold a secret.
func plain(err error) string {
	var sent *url.Error
	if errors.As(err, &sent) {
		err = sent.Err
	}
	return err.Error()
}

func isHTTPS(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
