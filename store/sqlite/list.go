// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Session implements order.Store. The session is not to be changed in depth.
func (s *Store) Session(ctx context.Context, id session.ID) (session.Session, error) {
	var found sessionRow
	err := s.readOnce(ctx, func(ctx context.Context, r *reader) (err error) {
		found, err = rowWithDevices(ctx, r, id)
		return err
	})
	if err != nil {
		return session.Session{}, err
	}
	return s.shared(found)
}

// rowWithDevices reads a session and what is known of its devices with one
// statement, which is a snapshot of its own.
func rowWithDevices(ctx context.Context, r *reader, id session.ID) (sessionRow, error) {
	var row sessionRow
	rows, err := r.conn.QueryContext(ctx, `SELECT s.n, s.id, s.vpn, s.version, s.doc_schema, s.doc, s.token,
		d.device, d.have, d.reason, d.at FROM session s LEFT JOIN session_device d ON d.session_n = s.n
		WHERE s.id = ? ORDER BY d.device`, string(id))
	if err != nil {
		return row, fmt.Errorf("read session %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var device, have, reason sql.NullString // a session may have none
		var at sql.NullInt64
		err := rows.Scan(&row.N, &row.ID, &row.Vpn, &row.Version, &row.DocSchema, &row.Doc, &row.Token, &device, &have, &reason, &at)
		if err != nil {
			return row, fmt.Errorf("read session %s: %w", id, err)
		}
		if device.Valid {
			row.devices = append(row.devices, deviceState(sqlitedb.SessionDevice{
				SessionN: row.N, Device: device.String, Have: have.String, Reason: reason.String, At: at.Int64,
			}))
		}
	}
	if err := rows.Err(); err != nil {
		return row, fmt.Errorf("read session %s: %w", id, err)
	}
	if row.N == 0 {
		return row, notFound(id)
	}
	return row, nil
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

// Sessions implements order.Store. The sessions are not to be changed in depth.
func (s *Store) Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error) {
	if f.Limit < 1 || f.Limit > 1000 || f.Offset < 0 {
		return nil, 0, session.Errorf(session.OutOfRange, "", "a page has 1 to 1000 sessions from offset 0 on")
	}
	where, args := condition(f)
	var rows []sessionRow
	total := 0
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		if err := r.conn.conn.QueryRowContext(ctx, "SELECT count(*) FROM session"+where, args...).Scan(&total); err != nil {
			return fmt.Errorf("count sessions: %w", err)
		}
		var err error
		if rows, err = page(ctx, r, where, append(args, f.Limit, f.Offset)); err != nil {
			return err
		}
		return withDevices(ctx, r.q, rows)
	})
	if err != nil {
		return nil, 0, err
	}
	out, err := s.several(rows)
	return out, total, err
}

// condition renders a filter; only its shape goes into the text.
func condition(f order.Filter) (where string, args []any) {
	var terms []string
	equal := func(column, value string) {
		if value != "" {
			terms, args = append(terms, column+" = ?"), append(args, value)
		}
	}
	equal("tenant", string(f.Tenant))
	equal("client", f.Client)
	equal("name", f.Name)
	if len(f.Statuses) > 0 {
		terms = append(terms, "status IN (?"+strings.Repeat(",?", len(f.Statuses)-1)+")")
		for _, v := range f.Statuses {
			args = append(args, string(v))
		}
	}
	if len(f.Levels) > 0 {
		terms = append(terms, "level IN (?"+strings.Repeat(",?", len(f.Levels)-1)+")")
		for _, v := range f.Levels {
			args = append(args, string(v))
		}
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

func page(ctx context.Context, r *reader, where string, args []any) ([]sessionRow, error) {
	//nolint:gosec // where holds column names and question marks only
	rows, err := r.conn.conn.QueryContext(ctx, "SELECT n, id, vpn, version, doc_schema, doc, token FROM session"+where+
		" ORDER BY n DESC LIMIT ? OFFSET ?", args...)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	defer rows.Close()
	var out []sessionRow
	for rows.Next() {
		var row sessionRow
		if err := rows.Scan(&row.N, &row.ID, &row.Vpn, &row.Version, &row.DocSchema, &row.Doc, &row.Token); err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return out, nil
}
