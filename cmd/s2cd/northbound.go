// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/s2cd/s2cd/internal/devtoken"
	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/northbound/webhook"
	"github.com/s2cd/s2cd/session"
)

// buildNorthbound makes the listeners: customers', operators', and with --dev
// the token issuer; and the worker that tells customers.
func (d *daemon) buildNorthbound(ctx context.Context) error {
	issuer, client := d.cfg.Auth.Issuer, http.DefaultClient
	if d.dev {
		own, err := d.buildIssuer(ctx)
		if err != nil {
			return err
		}
		issuer = own.URL()
	}
	if d.cfg.Auth.CAFile != "" {
		roots, err := rootsWith(d.cfg.Auth.CAFile)
		if err != nil {
			return err
		}
		client = clientWith(roots)
	}
	verifier, err := auth.New(auth.Config{
		Issuer: issuer, Audience: d.cfg.Auth.Audience, Client: client, Now: d.now, Leeway: d.cfg.Auth.Leeway,
		KeepKeys: d.cfg.Auth.KeepKeys,
	})
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	d.verifier = verifier
	registry := d.metrics.registry
	registry.MustRegister(newStateCollector(d.runner.Status, d.store, d.now, d.log))
	guard := webhook.Guard{Allow: d.cfg.Webhook.AllowPrefixes, Deny: d.cfg.Webhook.DenyPrefixes}
	if err := d.openKeys(ctx); err != nil {
		return err
	}
	server, err := northbound.New(northbound.Config{
		UseCases: d.orders, Authenticator: verifier, TenantOf: tenantOf(d.inventory.Tenants), Log: d.log, Metrics: northbound.NewMetrics(registry),
		Now: d.now, SinkAllowed: guard.Check, Addr: d.cfg.API.Listen, CertFile: d.cfg.API.TLS.Cert, KeyFile: d.cfg.API.TLS.Key,
		MaxBody: d.cfg.API.MaxBody, ShutdownTimeout: d.cfg.API.ShutdownGrace,
		EndpointAllowed: newEndpoints(d.inventory, d.cfg.Webhook.AllowPrefixes).check, Keys: d.keySet(), PublicURL: d.publicURL(),
		RequestRate: requestRate(d.inventory.Tenants), UnderWay: &d.requests,
	})
	if err != nil {
		return fmt.Errorf("API: %w", err)
	}
	d.parts = append(d.parts, part{"API", server.Run})
	if err := d.buildWebhook(guard); err != nil {
		return err
	}
	return d.buildAdmin(registry)
}

// tenantOf finds the customer an API client acts for.
func tenantOf(all []session.Tenant) northbound.TenantOf {
	byClient := map[string]session.TenantID{}
	for _, t := range all {
		for _, c := range t.Clients {
			byClient[c] = t.ID
		}
	}
	return func(client string) (session.TenantID, bool) {
		t, ok := byClient[client]
		return t, ok
	}
}

// requestRate tells how many requests a second a customer may send; 0: any number.
func requestRate(all []session.Tenant) func(session.TenantID) int {
	rates := map[session.TenantID]int{}
	for _, t := range all {
		rates[t.ID] = t.Quota.Requests
	}
	return func(id session.TenantID) int { return rates[id] }
}

func (d *daemon) buildIssuer(ctx context.Context) (*devtoken.Issuer, error) {
	scopes, err := northbound.Scopes()
	if err != nil {
		return nil, fmt.Errorf("token issuer: %w", err)
	}
	c := devtoken.Config{Addr: d.cfg.Dev.Listen, Audience: d.cfg.Auth.Audience, TTL: d.cfg.Dev.TokenTTL, Now: d.now, Log: d.log}
	for _, one := range d.cfg.Dev.Clients {
		secret, err := one.ReadSecret()
		if err != nil {
			return nil, fmt.Errorf("secret of client %s: %w", one.ID, err)
		}
		c.Clients = append(c.Clients, devtoken.Client{ID: one.ID, Secret: string(secret), Scopes: scopes})
	}
	i, err := devtoken.Listen(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("token issuer: %w", err)
	}
	d.parts = append(d.parts, part{"token issuer", i.Serve})
	return i, nil
}

func (d *daemon) buildWebhook(guard webhook.Guard) error {
	c := webhook.Config{
		Outbox: d.store, Source: d.publicURL() + northbound.BasePath, Holder: "s2cd", Guard: guard, Keys: d.keys, Log: d.log, Now: d.now,
		PerHost: d.cfg.Webhook.PerHost, Timeout: d.cfg.Webhook.Timeout, GiveUpAfter: d.cfg.Webhook.MaxAge,
		Outcome: d.metrics.delivery,
	}
	if d.cfg.Webhook.CAFile != "" {
		roots, err := rootsWith(d.cfg.Webhook.CAFile)
		if err != nil {
			return err
		}
		c.RootCAs = roots
	}
	w, err := webhook.New(c)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	d.parts = append(d.parts, part{"webhook", func(ctx context.Context) error { w.Run(ctx); return nil }})
	return nil
}

func (d *daemon) publicURL() string {
	scheme := "http://"
	if d.cfg.API.TLS.Enabled() {
		scheme = "https://"
	}
	return strings.TrimSuffix(cmp.Or(d.cfg.API.PublicURL, scheme+d.cfg.API.Listen), "/")
}

// rootsWith returns the system's roots and those of the file.
func rootsWith(file string) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without roots trusts the file alone
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s holds no certificate", file)
	}
	return roots, nil
}

func clientWith(roots *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second,
	}, Timeout: 10 * time.Second}
}
