// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Session implements order.Store.
func (s *Store) Session(ctx context.Context, id session.ID) (session.Session, error) {
	var out session.Session
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		row, err := r.q.SessionByID(ctx, string(id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(id)
		}
		if err != nil {
			return fmt.Errorf("read session %s: %w", id, err)
		}
		out, err = full(ctx, s.seal, r.q, asRow(row))
		return err
	})
	return out, err
}

// VPN implements order.Store. The sessions are not to be changed in depth.
func (s *Store) VPN(ctx context.Context, id session.VPNID) ([]session.Session, error) {
	var all []sessionRow
	err := s.read(ctx, func(ctx context.Context, r *reader) (err error) {
		all, err = rowsOfVPN(ctx, r.q, string(id))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.several(all)
}

func rowsOfVPN(ctx context.Context, q *sqlitedb.Queries, id string) ([]sessionRow, error) {
	rows, err := q.SessionsOfVPN(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read sessions of vpn %s: %w", id, err)
	}
	out := asRows(rows)
	return out, withDevices(ctx, q, out)
}

// Attached implements order.Store. The sessions are not to be changed in depth.
func (s *Store) Attached(ctx context.Context, tenant session.TenantID, accessPoints ...string) ([]session.Session, error) {
	var all []sessionRow
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		seen := map[int64]struct{}{}
		for _, point := range accessPoints {
			rows, err := r.q.SessionsAt(ctx, sqlitedb.SessionsAtParams{Tenant: string(tenant), Point: point})
			if err != nil {
				return fmt.Errorf("read sessions at access point %s: %w", point, err)
			}
			for _, row := range asRows(rows) {
				if _, twice := seen[row.N]; !twice {
					seen[row.N] = struct{}{}
					all = append(all, row)
				}
			}
		}
		return withDevices(ctx, r.q, all)
	})
	if err != nil {
		return nil, err
	}
	return s.several(all)
}
