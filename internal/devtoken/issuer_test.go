// SPDX-License-Identifier: Apache-2.0

package devtoken

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "example.com:80", "nonsense"} {
		if _, err := Listen(t.Context(), Config{Addr: addr, Audience: "a", Log: slog.New(slog.DiscardHandler)}); err == nil {
			t.Errorf("bound to %s", addr)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	i, err := Listen(t.Context(), Config{
		Addr: "127.0.0.1:0", Audience: "s2cd", Log: slog.New(slog.DiscardHandler),
		Clients: []Client{{ID: "acme", Secret: "s%c+ret", Scopes: []string{"a", "b"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- i.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	tests := []struct {
		name, id, secret string
		scopes           []string
		refused          string // empty: a token
	}{
		{"all scopes", "acme", "s%c+ret", nil, ""},
		{"one scope", "acme", "s%c+ret", []string{"b"}, ""},
		{"scope not granted", "acme", "s%c+ret", []string{"c"}, "invalid_scope"},
		{"wrong secret", "acme", "wrong", nil, "invalid_client"},
		{"no secret", "acme", "", nil, "invalid_client"},
		{"unknown client", "other", "s%c+ret", nil, "invalid_client"},
	}
	for _, tt := range tests {
		token, err := Fetch(t.Context(), http.DefaultClient, i.URL(), tt.id, tt.secret, tt.scopes...)
		switch {
		case tt.refused == "" && (err != nil || strings.Count(token, ".") != 2):
			t.Errorf("%s: token %q, error %v", tt.name, token, err)
		case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.refused)
		}
	}
	res, err := http.PostForm(i.URL()+"/token", map[string][]string{"grant_type": {"password"}, "client_id": {"acme"}, "client_secret": {"s%c+ret"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("password grant: %d", res.StatusCode)
	}
}
