// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// maxMetadata is how much of an issuer's metadata is read, bytes.
const maxMetadata = 1 << 20

// Credentials are an application's at the provider's authorization server
// (client credentials grant, RFC 6749 section 4.4).
type Credentials struct {
	Issuer   string // URL: https, or http on a loopback address
	ClientID string
	Secret   string
	Scopes   []string // none: all that the client may have
}

// TokenSource returns a source that finds the token endpoint in the issuer's
// metadata (OpenID Connect Discovery section 4) when the first token is needed,
// and keeps a token until shortly before its end. ctx bounds all its requests;
// hc is nil for one with a timeout of 30 s.
func (c Credentials) TokenSource(ctx context.Context, hc *http.Client) (oauth2.TokenSource, error) {
	if _, err := secureURL(c.Issuer); err != nil {
		return nil, fmt.Errorf("client: issuer: %w", err)
	}
	hc = direct(hc)
	return oauth2.ReuseTokenSource(nil, &issuer{
		ctx: context.WithValue(ctx, oauth2.HTTPClient, hc), http: hc, credentials: c,
	}), nil
}

// issuer asks for a token at each call; its user calls it once at a time.
type issuer struct {
	ctx         context.Context // oauth2.TokenSource has none
	http        *http.Client
	credentials Credentials
	endpoint    string // of tokens, once it is known
}

// Token implements oauth2.TokenSource.
func (i *issuer) Token() (*oauth2.Token, error) {
	if i.endpoint == "" {
		endpoint, err := i.discover()
		if err != nil {
			return nil, fmt.Errorf("metadata of %s: %w", i.credentials.Issuer, err)
		}
		i.endpoint = endpoint
	}
	grant := clientcredentials.Config{
		ClientID: i.credentials.ClientID, ClientSecret: i.credentials.Secret, Scopes: i.credentials.Scopes,
		TokenURL: i.endpoint, AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := grant.Token(i.ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", i.credentials.Issuer, err)
	}
	return token, nil
}

// discover finds the token endpoint.
func (i *issuer) discover() (string, error) {
	base, err := secureURL(i.credentials.Issuer)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(i.ctx, http.MethodGet, base.JoinPath(".well-known", "openid-configuration").String(), http.NoBody)
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	resp, err := i.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("reach the issuer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMetadata))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errLost, err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", &oauth2.RetrieveError{Response: resp, Body: body}
	}
	var metadata struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil {
		return "", fmt.Errorf("decode: %w", err)
	}
	if strings.TrimSuffix(metadata.Issuer, "/") != strings.TrimSuffix(i.credentials.Issuer, "/") {
		return "", fmt.Errorf("it is %q's", metadata.Issuer)
	}
	if _, err := secureURL(metadata.TokenEndpoint); err != nil {
		return "", fmt.Errorf("token endpoint: %w", err)
	}
	return metadata.TokenEndpoint, nil
}
