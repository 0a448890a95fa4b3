// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/order"
)

// counter is the customers' API of a daemon, without its listener. Its answers
// have to be the contract's.
type counter struct {
	*testing.T
	api      *northbound.Server
	scopes   everyScope
	contract *openapi3.T
}

// everyScope takes a token for the name of a client that may do everything.
type everyScope []string

func (e everyScope) Authenticate(_ context.Context, token string) (auth.Identity, error) {
	return auth.Identity{Client: token, Scopes: e}, nil
}

func newCounter(t *testing.T, d *daemon) counter {
	t.Helper()
	scopes, err := northbound.Scopes()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	return counter{T: t, scopes: scopes, contract: doc}.of(d)
}

// of is the API of a daemon that started again.
func (c counter) of(d *daemon) counter {
	c.Helper()
	var err error
	if c.api, err = northbound.New(northbound.Config{
		UseCases: d.orders, Authenticator: c.scopes, TenantOf: tenantOf(d.inventory.Tenants), Log: slog.New(slog.DiscardHandler), Now: d.now,
	}); err != nil {
		c.Fatal(err)
	}
	return c
}

func (c counter) post(client, path, body string) (status int, raw []byte) {
	c.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://api.example.com"+northbound.BasePath+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+client)
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	var answer any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		c.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	documented := c.contract.Paths.Find(path).Post.Responses.Status(w.Code)
	if documented == nil {
		c.Fatalf("%s: %d %s is not in the contract", path, w.Code, w.Body)
	}
	if err := documented.Value.Content["application/json"].Schema.Value.VisitJSON(answer, openapi3.VisitAsResponse()); err != nil {
		c.Errorf("%s: %d is not the contract's: %v", path, w.Code, err)
	}
	return w.Code, w.Body.Bytes()
}

func inquiry(site, cloud string, mbps int, more string) string {
	return fmt.Sprintf(`{"accessPoint": {"id": %q}, "endPoint": {"id": %q}, "guaranteedBandwidth": %d, "duration": 300%s}`, site, cloud, mbps, more)
}

// asks has an inquiry answered.
func (c counter) asks(client, site, cloud string, mbps int, more string) api.AvailabilityInfo {
	c.Helper()
	status, raw := c.post(client, "/check-availability", inquiry(site, cloud, mbps, more))
	var a api.AvailabilityInfo
	if err := json.Unmarshal(raw, &a); err != nil || status != http.StatusOK {
		c.Fatalf("%d %s: %v", status, raw, err)
	}
	return a
}

// orders by an offer and returns status and code of a refusal.
func (c counter) orders(client, site, cloud string, mbps int, offer api.Offer) (status int, code string) {
	c.Helper()
	status, raw := c.post(client, "/sessions", fmt.Sprintf(`{"accessPoint": {"id": %q, "staticPrefixes": ["10.1.0.0/16"]},
		"endPoint": {"id": %q, "staticPrefixes": ["172.16.%d.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="}},
		"guaranteedBandwidth": %d, "duration": 300, "sla": %q, "offerId": %q}`, site, cloud, cloud[len(cloud)-1], mbps, offer.Sla, offer.OfferId))
	var e struct{ Code string } // empty in a session
	if err := json.Unmarshal(raw, &e); err != nil {
		c.Fatal(err)
	}
	return status, e.Code
}

// TestOffersOverHTTP: each reason why an offer is refused has its own status and
// code, and one that is held is kept over a restart.
func TestOffersOverHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newTestDaemon(t)
		c := newCounter(t, d)
		const refused = "SITE_TO_CLOUD_VPN.OFFER_"
		expect := func(what string, status int, code string) func(int, string) {
			return func(gotStatus int, gotCode string) {
				t.Helper()
				if gotStatus != status || gotCode != code {
					t.Errorf("%s: %d %s, want %d %s", what, gotStatus, gotCode, status, code)
				}
			}
		}
		for _, hold := range []string{"", `, "hold": true`} {
			cloud := map[string]string{"": "vpc-a1", `, "hold": true`: "vpc-a2"}[hold]
			a := c.asks("client-1", "site-a", cloud, 20, hold)
			if a.Availability != api.AVAILABLE || len(a.Offers) != 2 || (a.Offers[0].HeldUntil != nil) != (hold != "") {
				t.Fatalf("answer %+v", a)
			}
			offer := a.Offers[1]
			bad := offer
			bad.OfferId = strings.Repeat("A", len(offer.OfferId))
			expect("altered", 422, refused+"ALTERED")(c.orders("client-1", "site-a", cloud, 20, bad))
			expect("for another rate", 422, refused+"ALTERED")(c.orders("client-1", "site-a", cloud, 21, offer))
			expect("foreign", 403, refused+"FOREIGN")(c.orders("client-2", "site-b", "vpc-b", 20, offer))
			d = again(t, d)
			c = c.of(d)
			late := c.asks("client-1", "site-a", cloud, 20, hold).Offers[1]
			expect("good", 201, "")(c.orders("client-1", "site-a", cloud, 20, offer))
			expect("used", 409, refused+"USED")(c.orders("client-1", "site-a", cloud, 20, offer))
			expect("its alternative", 409, refused+"USED")(c.orders("client-1", "site-a", cloud, 20, a.Offers[0]))
			time.Sleep(time.Until(late.ValidUntil))
			expect("expired", 422, refused+"EXPIRED")(c.orders("client-1", "site-a", cloud, 20, late))
		}
		for range 5 { // the tenant's quota
			c.asks("client-1", "site-a", "vpc-a1", 1, `, "hold": true`)
		}
		if status, raw := c.post("client-1", "/check-availability", inquiry("site-a", "vpc-a1", 1, `, "hold": true`)); status != 429 || !strings.Contains(string(raw), `"QUOTA_EXCEEDED"`) {
			t.Errorf("a hold too many: %d %s", status, raw)
		}
		c.asks("client-1", "site-a", "vpc-a1", 1, "")
	})
}

// again ends a daemon and starts another on its store.
func again(t *testing.T, d *daemon) *daemon {
	t.Helper()
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	return startTestDaemon(t, d.cfg)
}

// TestExpiredHoldsReturnTheirRoom: the daemon does it by itself, at its start for
// those that ended while it did not run.
func TestExpiredHoldsReturnTheirRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newTestDaemon(t)
		c := newCounter(t, d)
		expect := func(what string, want api.Availability) {
			t.Helper()
			if a := c.asks("client-2", "site-b", "vpc-b", 300, `, "sla": "AA"`); a.Availability != want {
				t.Errorf("%s: %+v", what, a)
			}
		}
		hold := func() {
			t.Helper()
			if a := c.asks("client-1", "site-a", "vpc-a1", 400, `, "hold": true, "sla": "AA"`); len(a.Offers) != 1 || a.Offers[0].HeldUntil == nil {
				t.Fatalf("not held: %+v", a)
			}
			expect("held", api.AVAILABLELATER)
		}
		hold()
		time.Sleep(6 * time.Minute)
		d = again(t, d)
		c = c.of(d)
		expect("before it runs", api.AVAILABLELATER)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.run(ctx) }()
		time.Sleep(time.Second) // what is written at the same time shares a transaction, which waits for it
		synctest.Wait()
		expect("from the start on", api.AVAILABLE)
		hold()
		time.Sleep(5*time.Minute + 2*expireEvery)
		synctest.Wait()
		expect("as it expires", api.AVAILABLE)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestHeldOffersAreToldOf: what an inquiry asks to be told waits in the store, also
// over a restart, until it is due.
func TestHeldOffersAreToldOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newTestDaemon(t)
		const told = `, "hold": true, "sink": "https://customer.example.com/events"`
		a := newCounter(t, d).asks("client-1", "site-a", "vpc-a1", 20, told)
		used := newCounter(t, d).asks("client-1", "site-a", "vpc-a2", 20, told)
		if status, code := newCounter(t, d).orders("client-1", "site-a", "vpc-a2", 20, used.Offers[0]); status != http.StatusCreated {
			t.Fatalf("%d %s", status, code)
		}
		d = again(t, d)
		claim := func() (order.Stream, bool) {
			t.Helper()
			s, ok, err := d.store.ClaimStream(t.Context(), "test", d.now(), d.now().Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			return s, ok
		}
		due := a.Offers[0].HeldUntil.Add(-d.inventory.Catalogue.WarnBefore)
		time.Sleep(time.Until(due) - 1)
		if s, ok := claim(); ok {
			t.Fatalf("told too early: %+v", s)
		}
		time.Sleep(time.Nanosecond)
		s, ok := claim()
		if !ok || s.Expiring == nil || s.Sink.URL != "https://customer.example.com/events" {
			t.Fatalf("not told: %+v", s)
		}
		if e := s.Expiring; len(e.Offers) != 2 || e.Offers[0] != a.Offers[0].OfferId || e.Offers[1] != a.Offers[1].OfferId || !e.Until.Equal(*a.Offers[0].HeldUntil) {
			t.Errorf("told of %+v, held %+v", e, a.Offers)
		}
		if s, ok := claim(); ok {
			t.Errorf("told of what was used: %+v", s)
		}
	})
}
