// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storebench"
)

// ofHold stands for a hold where records name a session.
const ofHold session.ID = ""

// hold keeps two offers for five minutes; the sink is to be told after four.
func (d *durable) hold(t *testing.T, id string, sink session.Sink) order.Hold {
	t.Helper()
	h := order.Hold{
		ID: id, Tenant: "acme", Expires: d.clock().Add(5 * time.Minute), Alternatives: []pathcomp.Admission{storebench.Order(0).Route},
		Warning: &order.Warning{At: d.clock().Add(4 * time.Minute), Offers: []string{"offer-1", "offer-2"}, Sink: sink, Correlator: "c-7"},
	}
	if err := d.store.Hold(t.Context(), h, d.ledger); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOffersExpiring: a sink that is down at first is told once what is held for
// how long, with one id, beside the events of a session.
func TestOffersExpiring(t *testing.T) {
	t.Parallel()
	d := setupDurable(t, nil)
	url, received := d.sink(t, status(http.StatusServiceUnavailable), status(http.StatusNoContent))
	token := session.Sink{URL: url, CredentialType: session.AccessToken, Token: "s3cr3t", TokenExpires: testStart().Add(time.Hour)}
	h := d.hold(t, "h-1", token)
	d.advance(testStart().Add(4*time.Minute - time.Second))
	d.run(t)
	other, told := d.sink(t, status(http.StatusNoContent))
	one, ids := d.order(t, "acme", session.Sink{URL: other})
	d.worker.Wake()
	d.delivers(t, one, len(ids))
	heard(t, told, ids)
	if len(received) > 0 {
		t.Fatal("told before it was due")
	}
	d.advance(h.Warning.At)
	first := d.next(t, ofHold)
	if first.what != "retry" || !first.at.After(h.Warning.At) {
		t.Fatalf("recorded %+v", first)
	}
	d.advance(first.at)
	if r := d.next(t, ofHold); r.what != "delivered" {
		t.Fatalf("recorded %+v", r)
	}
	g, again := <-received, <-received
	if string(g.raw) != string(again.raw) {
		t.Errorf("tries differ: %s, %s", g.raw, again.raw)
	}
	if g.header.Get("Authorization") != "Bearer s3cr3t" || g.header.Get("X-Correlator") != "c-7" {
		t.Errorf("headers %v", g.header)
	}
	isExpiring(t, g.raw, h)
}

// isExpiring checks an event against the contract and the hold.
func isExpiring(t *testing.T, raw []byte, h order.Hold) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	var e api.EventOfferExpiring
	if json.Unmarshal(raw, &v) != nil || json.Unmarshal(raw, &e) != nil {
		t.Fatalf("no event: %s", raw)
	}
	if err := doc.Components.Schemas["EventOfferExpiring"].Value.VisitJSON(v); err != nil {
		t.Errorf("event is not the contract's: %v", err)
	}
	want := api.OfferExpiring{OfferIds: h.Warning.Offers, HeldUntil: h.Expires}
	if d := cmp.Diff(want, e.Data); d != "" || string(e.Type) != eventTypes+"offer-expiring" || !e.Time.Equal(h.Warning.At) ||
		e.Source != "https://api.example.com/site-to-cloud-vpn/v0.1/check-availability" {
		t.Errorf("event %s (-want +got):\n%s", raw, d)
	}
}

// TestExpiringIsNotToldTooLate: what a sink did not take before the hold's end is
// given up, and 410 ends it at once.
func TestExpiringIsNotToldTooLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		tries  int // at least
		reason string
	}{
		{"down", status(503), 5, "not told before the hold's end, at last: the sink answered 503"},
		{"busy for longer", status(429, "Retry-After", "61"), 1, "not told before the hold's end, at last: the sink answered 429"},
		{"busy until then", status(429, "Retry-After", "60"), 1, "not told before the hold's end"},
		{"gone", status(410), 1, "410"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := setupDurable(t, nil)
			var well atomic.Bool
			url, received := d.sink(t, func(w http.ResponseWriter, r *http.Request) {
				if well.Load() {
					status(http.StatusNoContent)(w, r)
					return
				}
				tt.answer(w, r)
			})
			h := d.hold(t, "h-1", session.Sink{URL: url})
			d.advance(h.Warning.At)
			d.run(t)
			r := d.next(t, ofHold)
			for ; r.what == "retry"; r = d.next(t, ofHold) {
				d.advance(r.at)
			}
			if r.what != "give up" || !strings.Contains(r.reason, tt.reason) || !d.clock().Before(h.Expires) {
				t.Errorf("recorded %+v at %s", r, d.clock())
			}
			if len(received) < tt.tries || len(received) > 2*tt.tries {
				t.Errorf("%d tries", len(received))
			}
			for len(received) > 0 {
				<-received
			}
			well.Store(true)
			one, ids := d.order(t, "acme", session.Sink{URL: url})
			d.advance(h.Expires.Add(-time.Second))
			d.delivers(t, one, len(ids))
			heard(t, received, ids)
			if dead, err := d.store.DeadLetters(t.Context(), order.DeadLetterFilter{Limit: 1}); err != nil || len(dead) > 0 {
				t.Errorf("dead letters %+v, %v", dead, err)
			}
		})
	}
}

// TestSpentAndEndedHoldsAreNotToldOf: after the time when they would have been
// a sink hears of a session alone.
func TestSpentAndEndedHoldsAreNotToldOf(t *testing.T) {
	t.Parallel()
	d := setupDurable(t, nil)
	url, received := d.sink(t, status(http.StatusNoContent))
	d.hold(t, "spent", session.Sink{URL: url})
	over := d.hold(t, "over", session.Sink{URL: url})
	a := storebench.Order(0)
	a.Session.Tenant, a.Session.Sink, a.Key, a.Hold = "acme", nil, "", "spent"
	if r, err := d.store.AdmitBatch(t.Context(), []order.Admission{a}, d.ledger); err != nil || r[0].Err != nil {
		t.Fatal(err, r)
	}
	d.advance(over.Expires)
	one, ids := d.order(t, "acme", session.Sink{URL: url})
	d.run(t)
	d.delivers(t, one, len(ids))
	heard(t, received, ids)
}

// TestExpiringWithFetchedToken gets the sink's token as for a session.
func TestExpiringWithFetchedToken(t *testing.T) {
	t.Parallel()
	d := setupDurable(t, func(c *Config) {
		var err error
		if c.Keys, err = OpenKeys(t.Context(), &keyStore{}, c.Now); err != nil {
			t.Fatal(err)
		}
	})
	server := d.serveTokens(t)
	url, received := d.sink(t, status(http.StatusNoContent))
	h := d.hold(t, "h-1", server.sink(url))
	d.advance(h.Warning.At)
	d.run(t)
	if r := d.next(t, ofHold); r.what != "delivered" {
		t.Fatalf("recorded %+v", r)
	}
	g := <-received
	if g.header.Get("Authorization") != "Bearer t" {
		t.Errorf("headers %v", g.header)
	}
	isExpiring(t, g.raw, h)
}

// TestNoPlaceBeforeTheEnd: what would be put back beyond the hold's end is given
// up, so that it is not lost without a word.
func TestNoPlaceBeforeTheEnd(t *testing.T) {
	t.Parallel()
	now := testStart()
	s := order.Stream{Expiring: &order.Expiring{Until: now}}
	for _, tt := range []struct {
		of   order.Stream
		in   verdict
		want kind
	}{
		{s, verdict{kind: putBack, at: now}, giveUp},
		{s, verdict{kind: putBack, at: now.Add(-1)}, putBack},
		{s, verdict{kind: retry, at: now.Add(time.Hour)}, giveUp},
		{s, verdict{kind: delivered}, delivered},
		{order.Stream{}, verdict{kind: retry, at: now}, retry},
	} {
		if got := inTime(tt.of, tt.in); got.kind != tt.want {
			t.Errorf("%+v becomes %+v", tt.in, got)
		}
	}
}
