// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

const (
	tokenTimeout = 10 * time.Second
	answerLimit  = 1 << 20 // bytes of an answer that are read
)

func newTokenCmd(a *app) *cobra.Command {
	var issuer, client, secretFile string
	var scopes []string
	c := &cobra.Command{
		Use:   "token --issuer URL --client ID --secret-file FILE [--scope SCOPE]...",
		Short: "Get an access token (client credentials, RFC 6749 section 4.4)",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), tokenTimeout)
			defer cancel()
			secret, err := config.DevClient{SecretFile: secretFile}.ReadSecret()
			if err != nil {
				return fmt.Errorf("token: %w", err)
			}
			token, err := requestToken(ctx, issuer, client, string(secret), scopes)
			if err != nil {
				return fmt.Errorf("token: %w", err)
			}
			return a.print("%s\n", token)
		},
	}
	c.Flags().StringVar(&issuer, "issuer", "http://"+config.Default().Dev.Listen, "URL of the token issuer")
	c.Flags().StringVar(&client, "client", "", "client id")
	c.Flags().StringVar(&secretFile, "secret-file", "", "file that holds the client's secret, readable by its owner alone")
	c.Flags().StringArrayVar(&scopes, "scope", nil, "scope to ask for; all that the client may have by default")
	for _, f := range []string{"client", "secret-file"} {
		if err := c.MarkFlagRequired(f); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return c
}

// requestToken asks the issuer's token endpoint, which its metadata names
// (OpenID Connect Discovery section 4).
func requestToken(ctx context.Context, issuer, client, secret string, scopes []string) (string, error) {
	base, err := secureURL(issuer)
	if err != nil {
		return "", fmt.Errorf("issuer: %w", err)
	}
	var metadata struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(".well-known", "openid-configuration").String(), http.NoBody)
	if err != nil {
		return "", fmt.Errorf("metadata request: %w", err)
	}
	if err := ask(req, &metadata); err != nil {
		return "", fmt.Errorf("metadata of %s: %w", issuer, err)
	}
	endpoint, err := secureURL(metadata.TokenEndpoint)
	if err != nil {
		return "", fmt.Errorf("token endpoint of %s: %w", issuer, err)
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	req, err = http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret)) // RFC 6749 section 2.3.1
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := ask(req, &answer); err != nil {
		return "", err
	}
	if answer.AccessToken == "" {
		return "", errors.New("the issuer's answer holds no token")
	}
	return answer.AccessToken, nil
}

// secureURL refuses to send a secret in clear beyond this machine.
func secureURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return nil, fmt.Errorf("%s would carry the secret in clear: use https", u.Host)
	}
	return u, nil
}

// ask sends a request that must not be redirected and decodes its answer.
func ask(req *http.Request, into any) error {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask issuer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var refusal struct { // RFC 6749 section 5.2
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &refusal) == nil && refusal.Error != "" {
			return fmt.Errorf("the issuer refused: %s %s", refusal.Error, refusal.Description)
		}
		return fmt.Errorf("the issuer answered %s", resp.Status)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}
