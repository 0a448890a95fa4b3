// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"strconv"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// selected is what all queries for sessions answer with.
type selected interface {
	sqlitedb.SessionByIDRow | sqlitedb.SessionsOfVPNRow | sqlitedb.SessionsOnDeviceRow |
		sqlitedb.SessionsAfterRow | sqlitedb.DueSessionsRow | sqlitedb.SessionsByNumberRow
}

func asRow[R selected](row R) sessionRow { return sessionRow{selectedRow: selectedRow(row)} }

func asRows[R selected](rows []R) []sessionRow {
	out := make([]sessionRow, len(rows))
	for i, row := range rows {
		out[i] = asRow(row)
	}
	return out
}

// full decodes a row and adds what other tables know.
func full(ctx context.Context, seal Sealer, q *sqlitedb.Queries, row sessionRow) (session.Session, error) {
	out, err := decode(seal, row)
	if err != nil {
		return out, err
	}
	out.Devices, err = devicesOf(ctx, q, row.N, out.ID)
	return out, err
}

func devicesOf(ctx context.Context, q *sqlitedb.Queries, n int64, id session.ID) ([]session.DeviceState, error) {
	rows, err := q.DevicesOf(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("read devices of session %s: %w", id, err)
	}
	out := make([]session.DeviceState, len(rows))
	for i, d := range rows {
		out[i] = deviceState(d)
	}
	return out, nil
}

func deviceState(d sqlitedb.SessionDevice) session.DeviceState {
	return session.DeviceState{
		Device: topology.NodeName(d.Device), Have: session.Presence(d.Have), Reason: d.Reason, At: fromMicros(d.At),
	}
}

// withDevices adds to each row what is known of its session's devices, with one
// query for all. Decoding is left for after the snapshot it is read from.
func withDevices(ctx context.Context, q *sqlitedb.Queries, rows []sessionRow) error {
	if len(rows) == 0 {
		return nil
	}
	at := make(map[int64]int, len(rows))
	numbers := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			numbers = append(numbers, ',')
		}
		numbers = strconv.AppendInt(numbers, row.N, 10)
		at[row.N] = i
	}
	devices, err := q.DevicesOfMany(ctx, string(append(numbers, ']')))
	if err != nil {
		return fmt.Errorf("read devices of sessions: %w", err)
	}
	for _, d := range devices {
		one := &rows[at[d.SessionN]]
		one.devices = append(one.devices, deviceState(d))
	}
	return nil
}

// shared decodes a row that has its devices. The session shares memory with
// others and is not to be changed in depth.
func (s *Store) shared(row sessionRow) (session.Session, error) {
	out, err := s.decoded.get(s.seal, row)
	out.Devices = row.devices
	return out, err
}

// several is shared for many rows.
func (s *Store) several(rows []sessionRow) ([]session.Session, error) {
	out := make([]session.Session, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = s.shared(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
