// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

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
