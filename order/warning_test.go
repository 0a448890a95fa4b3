// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// TestHeldOffersAreToldOfBeforeTheyEnd: when, and which, by the catalogue.
func TestHeldOffersAreToldOfBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		hold, warn, want time.Duration // want: before the end
	}{
		{"as the catalogue says", 5 * time.Minute, time.Minute, time.Minute},
		{"half of the hold at most", time.Minute, time.Minute, 30 * time.Second},
		{"however short", 10 * time.Second, time.Hour, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			s := openAt(t, func(d *order.Directory) { d.Catalogue.HoldFor, d.Catalogue.WarnBefore = tt.hold, tt.warn }, c.Now)
			q := wish(1, 1).Inquiry
			q.Hold, q.Level, q.Warn = true, "", &session.Sink{URL: "https://customer.example/events", Token: "secret"}
			a := s.check(t, q)
			var ids []string
			for _, o := range a.Offers {
				ids = append(ids, o.ID)
			}
			c.advance(tt.hold - tt.want - 1)
			if got, ok := s.claim(t); ok {
				t.Fatalf("told too early: %+v", got)
			}
			c.advance(1)
			got, ok := s.claim(t)
			if !ok || got.Expiring == nil {
				t.Fatalf("not told: %+v", got)
			}
			want := order.Stream{
				Tenant: "acme", Sink: *q.Warn, Fence: got.Fence,
				Expiring: &order.Expiring{Hold: got.Expiring.Hold, Offers: ids, Until: a.Offers[0].HeldUntil},
				Event:    session.Event{ID: got.Event.ID, Seq: 1, At: c.Now(), Correlator: "c-1", Notify: true},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestNotToldOf: without a sink, without room that was found, and once one of the
// offers was used.
func TestNotToldOf(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openAt(t, nil, c.Now)
	sink := &session.Sink{URL: "https://customer.example/events"}
	o := wish(1, 1)
	q := o.Inquiry
	q.Hold = true
	s.check(t, q)
	q.Warn = &session.Sink{CredentialType: session.AccessToken, TokenExpires: s.now()}
	if _, err := s.Check(t.Context(), as("acme"), q); session.CodeOf(err) != session.TokenExpired {
		t.Errorf("a token that has expired: %v", err)
	}
	q.Warn = sink
	full := q
	full.Rate.Forward = 1 << 40
	if a := s.check(t, full); len(a.Offers) > 0 {
		t.Fatalf("there is room: %+v", a)
	}
	o.OfferID = s.check(t, q).Offers[0].ID
	if _, _, err := s.Create(t.Context(), as("acme"), o); err != nil {
		t.Fatal(err)
	}
	c.advance(5*time.Minute - 1)
	if got, ok := s.claim(t); ok {
		t.Errorf("told of %+v", got)
	}
}

func (s *shop) claim(t *testing.T) (order.Stream, bool) {
	t.Helper()
	got, ok, err := s.store.ClaimStream(t.Context(), "test", s.now(), s.now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return got, ok
}
