// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"bytes"
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

func (s *slow) Repeated(ctx context.Context, t session.TenantID, client, key, fingerprint string) (order.Repeat, bool, error) {
	if s.look() {
		return order.Repeat{}, false, nil
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
	o.Answer = told
	var first session.Session
	var want []byte
	_, got, err := s.serve(t, &slow{Store: s.store, twin: func() {
		var err error
		if first, want, err = s.Create(t.Context(), as("acme"), o); err != nil {
			t.Error(err)
		}
	}}).Create(t.Context(), as("acme"), o)
	if err != nil || len(want) == 0 || !bytes.Equal(got, want) {
		t.Fatalf("order: %q, want %q: %v", got, want, err)
	}
	e := order.Extension{By: time.Hour, Key: "k-2", Fingerprint: "an hour", Answer: told, Match: order.Match{first.Tag()}}
	_, got, err = s.serve(t, &slow{Store: s.store, twin: func() {
		if _, want, err = s.Extend(t.Context(), as("acme"), first.ID, e); err != nil {
			t.Error(err)
		}
	}}).Extend(t.Context(), as("acme"), first.ID, e)
	if err != nil || !bytes.Equal(got, want) || s.stored(t, first.ID).Duration != first.Duration+time.Hour {
		t.Errorf("extension: %q, want %q: %v", got, want, err)
	}
}
