// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// expireHolds is how many holds one transaction ends at most.
const expireHolds = 200

// Hold implements order.Store.
func (s *Store) Hold(ctx context.Context, hold order.Hold, ledger order.Ledger) error {
	warning, err := encodeWarning(s.seal, hold)
	if err != nil {
		return err
	}
	p := &part{
		tenant: string(hold.Tenant),
		run: func(ctx context.Context, t *tx) error {
			if err := t.hold(ctx, hold); err != nil || warning == nil {
				return err
			}
			return t.warn(ctx, *warning)
		},
		landed: func(ctx context.Context, t *tx) (bool, error) {
			_, err := t.q.Hold(ctx, hold.ID)
			if errors.Is(err, sql.ErrNoRows) {
				return false, nil
			}
			return err == nil, err
		},
	}
	if err := s.writer.write(ctx, &job{lane: interactive, ledger: ledger, parts: []*part{p}}); err != nil {
		return err
	}
	return p.err
}

func (t *tx) hold(ctx context.Context, hold order.Hold) error {
	if hold.ID == "" || hold.Tenant == "" || len(hold.Alternatives) == 0 || !hold.Expires.After(t.now) {
		return session.Errorf(session.Invalid, "", "a hold needs id, tenant, an alternative and an end to come")
	}
	if _, err := t.q.Hold(ctx, hold.ID); err == nil {
		return session.Errorf(session.Exists, "", "hold %s exists", hold.ID)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read hold %s: %w", hold.ID, err)
	}
	if hold.Validate != nil {
		live, err := t.liveHolds(ctx, hold.Tenant)
		if err != nil {
			return err
		}
		if err := hold.Validate(live); err != nil {
			return err
		}
	}
	err := t.q.InsertHold(ctx, sqlitedb.InsertHoldParams{ID: hold.ID, Tenant: string(hold.Tenant), ExpiresAt: micros(hold.Expires)})
	if err != nil {
		return fmt.Errorf("write hold %s: %w", hold.ID, err)
	}
	for i, route := range hold.Alternatives {
		route.Variant, route.Replaces = uint32(i), ""
		if err := t.reserve(ctx, order.HoldOwner(hold.ID), route); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) liveHolds(ctx context.Context, tenant session.TenantID) ([]order.Hold, error) {
	rows, err := t.q.LiveHolds(ctx, sqlitedb.LiveHoldsParams{Tenant: string(tenant), Now: micros(t.now)})
	if err != nil {
		return nil, fmt.Errorf("read holds of tenant %s: %w", tenant, err)
	}
	live := make([]order.Hold, len(rows))
	for i, row := range rows {
		live[i] = order.Hold{ID: row.ID, Tenant: tenant, Expires: fromMicros(row.ExpiresAt)}
	}
	return live, nil
}

// endHold writes that a hold was spent, or expired. What it has booked ends, and
// nobody is warned of its end any more.
func (t *tx) endHold(ctx context.Context, id string, by session.ID) error {
	if err := t.q.DeleteWarning(ctx, id); err != nil {
		return fmt.Errorf("end warning of hold %s: %w", id, err)
	}
	err := t.q.EndHold(ctx, sqlitedb.EndHoldParams{EndedAt: micros(t.now), SpentBy: string(by), ID: id})
	if err != nil {
		return fmt.Errorf("end hold %s: %w", id, err)
	}
	if by == "" {
		return t.giveBack(ctx, order.HoldOwner(id), pathcomp.EveryVariant)
	}
	_, err = t.q.EndBookings(ctx, sqlitedb.EndBookingsParams{Owner: order.HoldOwner(id), Below: pathcomp.EveryVariant})
	if err != nil {
		return fmt.Errorf("end bookings of hold %s: %w", id, err)
	}
	return nil
}

// ExpireHolds implements order.Store. It goes on in small transactions.
func (s *Store) ExpireHolds(ctx context.Context, now time.Time, ledger order.Ledger) (int, error) {
	total := 0
	for {
		due, err := s.dueHolds(ctx, now)
		if err != nil || len(due) == 0 {
			return total, err
		}
		ended := 0
		p := &part{
			run: func(ctx context.Context, t *tx) (err error) {
				ended, err = t.expire(ctx, due, now)
				return err
			},
			landed: func(ctx context.Context, t *tx) (bool, error) {
				row, err := t.q.Hold(ctx, due[0])
				return err == nil && row.EndedAt > 0, err
			},
		}
		if err := s.writer.write(ctx, &job{lane: background, ledger: ledger, parts: []*part{p}}); err != nil {
			return total, err
		}
		if p.err != nil {
			return total, p.err
		}
		total += ended
	}
}

func (s *Store) dueHolds(ctx context.Context, now time.Time) ([]string, error) {
	var due []string
	err := s.read(ctx, func(ctx context.Context, r *reader) (err error) {
		if due, err = r.q.DueHolds(ctx, sqlitedb.DueHoldsParams{Now: micros(now), Most: expireHolds}); err != nil {
			return fmt.Errorf("read expired holds: %w", err)
		}
		return nil
	})
	return due, err
}

// expire ends those of the holds that nobody ended since they were read.
func (t *tx) expire(ctx context.Context, ids []string, now time.Time) (int, error) {
	ended := 0
	for _, id := range ids {
		row, err := t.q.Hold(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("read hold %s: %w", id, err)
		}
		if row.EndedAt > 0 || fromMicros(row.ExpiresAt).After(now) {
			continue
		}
		if err := t.endHold(ctx, id, ""); err != nil {
			return 0, err
		}
		ended++
	}
	return ended, nil
}
