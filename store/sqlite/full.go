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

// sessionRows names what all queries for sessions have in common.
func sessionRows[R sqlitedb.SessionsOfVPNRow | sqlitedb.SessionsAtRow | sqlitedb.SessionsOnDeviceRow |
	sqlitedb.SessionsAfterRow | sqlitedb.DueSessionsRow](rows []R) []sessionRow {
	out := make([]sessionRow, len(rows))
	for i, r := range rows {
		out[i] = sessionRow(r)
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

// several is full for many rows with one query for all. The sessions share
// memory with others and are not to be changed.
func (s *Store) several(ctx context.Context, q *sqlitedb.Queries, rows []sessionRow) ([]session.Session, error) {
	out := make([]session.Session, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = s.decoded.get(s.seal, row); err != nil {
			return nil, err
		}
	}
	return out, addDevices(ctx, q, rows, out)
}

// addDevices adds to sessions, which are those of rows, what is known of their
// devices.
func addDevices(ctx context.Context, q *sqlitedb.Queries, rows []sessionRow, sessions []session.Session) error {
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
		one := &sessions[at[d.SessionN]]
		one.Devices = append(one.Devices, deviceState(d))
	}
	return nil
}
