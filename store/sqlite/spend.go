// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// An offer that was used has a row among the holds, whether or not it held room,
// until it would have expired anyhow.

// Spent implements order.Store.
func (s *Store) Spent(ctx context.Context, id string) (bool, error) {
	spent := false
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		row, err := r.q.Hold(ctx, id)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read offer %s: %w", id, err)
		}
		spent = err == nil && row.SpentBy != ""
		return nil
	})
	return spent, err
}

// spend uses up what an admission is based on, if that may be used but once. It
// is written with what waits.
func (t *tx) spend(ctx context.Context, a order.Admission) error {
	by := a.Session.ID
	switch {
	case a.Hold != "":
		if err := t.mayTakeOver(ctx, a.Hold, a.Session.Tenant); err != nil {
			return err
		}
		t.spendLater(a.Hold, func(ctx context.Context) error { return t.endHold(ctx, a.Hold, by) })
	case a.Offer != "":
		if err := t.mayUse(ctx, a.Offer); err != nil {
			return err
		}
		row := sqlitedb.InsertSpentOfferParams{
			ID: a.Offer, Tenant: string(a.Session.Tenant), ExpiresAt: micros(a.OfferExpires), EndedAt: micros(t.now), SpentBy: string(by),
		}
		t.spendLater(a.Offer, func(ctx context.Context) error {
			if err := t.q.InsertSpentOffer(ctx, row); err != nil {
				return fmt.Errorf("write offer %s: %w", row.ID, err)
			}
			return nil
		})
	}
	return nil
}

// mayTakeOver says why a tenant may not have a hold's room.
func (t *tx) mayTakeOver(ctx context.Context, id string, tenant session.TenantID) error {
	row, err := t.q.Hold(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return unspendable(session.OfferExpired, order.ErrHoldUnknown, "what the offer held is not there any more")
	}
	if err != nil {
		return fmt.Errorf("read hold %s: %w", id, err)
	}
	_, spent := t.seen.spent[id]
	switch {
	case row.Tenant != string(tenant):
		return unspendable(session.OfferForeign, order.ErrHoldForeign, "the offer was made for somebody else")
	case spent || row.SpentBy != "":
		return unspendable(session.OfferUsed, order.ErrHoldSpent, "the offer, or another one of the same answer, was used already")
	case row.EndedAt > 0 || !fromMicros(row.ExpiresAt).After(t.now):
		return unspendable(session.OfferExpired, order.ErrHoldExpired, "the offer has expired")
	}
	return nil
}

// mayUse says whether an offer without a hold was used.
func (t *tx) mayUse(ctx context.Context, id string) error {
	_, err := t.q.Hold(ctx, id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read offer %s: %w", id, err)
	}
	if _, spent := t.seen.spent[id]; spent || err == nil {
		return unspendable(session.OfferUsed, order.ErrHoldSpent, "the offer, or another one of the same answer, was used already")
	}
	return nil
}

func unspendable(code session.Code, why error, detail string) error {
	return &session.Error{Code: code, Field: "offerId", Detail: detail, Err: why}
}

// spendLater puts down that id is spent, and what writes it.
func (t *tx) spendLater(id string, write func(context.Context) error) {
	t.seen.spent[id] = struct{}{}
	before := len(t.behind.ends)
	t.undo = append(t.undo, func() {
		delete(t.seen.spent, id)
		t.behind.ends = t.behind.ends[:before]
	})
	t.behind.ends = append(t.behind.ends, write)
}
