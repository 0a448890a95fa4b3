// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"context"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// slow is a store whose first look comes too early: its twin's request is written
// down just after it. An order looks for VPNs first, an extension for its key.
type slow struct {
	order.Store
	looked bool
	twin   func()
}

func (s *slow) look() (first bool) {
	first, s.looked = !s.looked, true
	if first {
		s.twin()
	}
	return first
}

func (s *slow) VPNsAt(ctx context.Context, t session.TenantID, a, z string) ([]session.VPNID, error) {
	vpns, err := s.Store.VPNsAt(ctx, t, a, z)
	s.look()
	return vpns, err
}

func (s *slow) Repeated(ctx context.Context, t session.TenantID, client, key, fingerprint string) (session.Session, bool, error) {
	if s.look() {
		return session.Session{}, false, nil
	}
	return s.Store.Repeated(ctx, t, client, key, fingerprint)
}

// TestTwinsAreOneRequest: of one request that was sent twice at once, what the
// one takes never refuses the other.
func TestTwinsAreOneRequest(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	o := wide(1, 1, 60_000) // all that there is
	o.Key, o.Fingerprint = "k-1", "body"
	offer := s.heldOffers(t, o)[0]
	o.OfferID = offer.ID
	var first session.Session
	second, repeated, err := s.serve(t, &slow{Store: s.store, twin: func() {
		var err error
		if first, _, err = s.Create(t.Context(), as("acme"), o); err != nil {
			t.Error(err)
		}
	}}).Create(t.Context(), as("acme"), o)
	if err != nil || !repeated || second.ID != first.ID {
		t.Fatalf("order: %t %s, want %s: %v", repeated, second.ID, first.ID, err)
	}
	e := order.Extension{By: time.Hour, Key: "k-2", Fingerprint: "an hour", Match: order.Match{first.Tag()}}
	v, err := s.serve(t, &slow{Store: s.store, twin: func() {
		if _, err := s.Extend(t.Context(), as("acme"), first.ID, e); err != nil {
			t.Error(err)
		}
	}}).Extend(t.Context(), as("acme"), first.ID, e)
	if err != nil || v.Session.Duration != first.Duration+time.Hour {
		t.Errorf("extension: %s, %v", v.Session.Duration, err)
	}
}
