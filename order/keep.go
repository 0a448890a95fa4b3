// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/session"
)

// keep holds the room of what an assessment offers now, as alternatives of one
// hold. ErrConflict: it is gone, assess again.
func (s *Service) keep(ctx context.Context, quota session.Quota, a assessment, w *Warning) error {
	if quota.Kbps != 0 && a.plan.rate.Larger() > quota.Kbps {
		return session.Errorf(session.QuotaExceeded, "guaranteedBandwidth", "is more than the customer's limit of %d Mbit/s, and could not be ordered", quota.Kbps/1000)
	}
	err := s.store.Hold(ctx, Hold{
		ID: a.promise.Answer, Tenant: a.tenant, Expires: a.promise.Until, Alternatives: a.found, Warning: w,
		Validate: func(live []Hold) error { return mayHold(quota, live) },
	}, s.ledger)
	if err != nil {
		return fmt.Errorf("hold room: %w", err)
	}
	return nil
}

// mayHold refuses a hold beside those a tenant has.
func mayHold(quota session.Quota, live []Hold) error {
	if quota.Offers == 0 || len(live) < quota.Offers {
		return nil
	}
	first := live[0].Expires
	for _, h := range live {
		if h.Expires.Before(first) {
			first = h.Expires
		}
	}
	return session.Errorf(session.QuotaExceeded, "hold", "the customer's limit of %d held offers at once is reached; the next one expires at %s",
		quota.Offers, first.UTC().Format(time.RFC3339))
}

// redeem returns what an order is based on: what its offer promises, or else the
// catalogue's price of today.
func (s *Service) redeem(tenant session.TenantID, offerID string, p plan, l session.Level) (promise, error) {
	if offerID == "" {
		return promise{Price: l.Price.For(p.protected)}, nil
	}
	return s.offers.open(offerID, tenant, p.digest(l), l.Price, s.now())
}

// refused says why there is no room for an order: where its offer was used
// already, that is why.
func (s *Service) refused(ctx context.Context, of promise, why error) error {
	if of.Answer == "" {
		return why
	}
	spent, err := s.store.Spent(ctx, of.Answer)
	if err != nil {
		return fmt.Errorf("look up the offer: %w", err)
	}
	if spent {
		return session.Errorf(session.OfferUsed, "offerId", "the offer, or another one of the same answer, was used already")
	}
	return why
}
