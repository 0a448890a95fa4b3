// SPDX-License-Identifier: Apache-2.0

package devtoken

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Fetch gets a token from the issuer at issuerURL, as s2cd token does. No
// scopes means all that the client may have.
func Fetch(ctx context.Context, hc *http.Client, issuerURL, id, secret string, scopes ...string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, issuerURL+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("ask %s for a token: %w", issuerURL, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	res, err := hc.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask %s for a token: %w", issuerURL, err)
	}
	defer res.Body.Close()
	var answer struct {
		tokenAnswer

		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&answer); err != nil {
		return "", fmt.Errorf("read the token answer of %s: %w", issuerURL, err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s refuses a token for client %s: %s", issuerURL, id, answer.Error)
	}
	return answer.AccessToken, nil
}
