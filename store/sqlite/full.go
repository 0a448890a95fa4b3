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

// head is a session's row but for its document.
type head struct {
	N       int64
	ID      string
	Vpn     string
	Version int64
}

// selected is what all queries for sessions answer with.
type selected interface {
	sqlitedb.SessionByIDRow | sqlitedb.SessionsOfVPNRow | sqlitedb.SessionsOnDeviceRow |
		sqlitedb.SessionsAfterRow | sqlitedb.DueSessionsRow
}

// heads returns the heads of what a query has read; err is the query's.
func heads[R selected](rows []R, err error) ([]head, error) {
	out := make([]head, len(rows))
	for i, row := range rows {
		out[i] = head(row)
	}
	return out, err
}

// looked is a session that was looked for: what is kept of it, or why it cannot
// be read.
type looked struct {
	head
	*kept

	err error
}

// look adds to heads what is known of their sessions, and reads the documents and
// devices of the others, on the same snapshot. What was read goes to keep.
func (s *Store) look(ctx context.Context, q *sqlitedb.Queries, all []head, keep func(int64, *kept)) ([]looked, error) {
	out, missing := s.known.recall(all)
	if len(missing) == 0 {
		return out, nil
	}
	unknown := make([]looked, len(missing))
	for i, at := range missing {
		unknown[i] = out[at]
	}
	read, err := documents(ctx, q, numbersOf(unknown))
	if err != nil {
		return nil, err
	}
	for _, at := range missing {
		one := &out[at]
		if one.kept, one.err = read[one.N].parsed(s.seal, one.head); one.err == nil {
			keep(one.N, one.kept)
		}
	}
	return out, nil
}

// numbersOf renders numbers as a JSON array, which a query takes as one value.
func numbersOf(all []looked) string {
	text := []byte{'['}
	for i, one := range all {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, one.N, 10)
	}
	return string(append(text, ']'))
}

// document is what is read of a session behind its head.
type document struct {
	sqlitedb.DocumentsRow

	devices []session.DeviceState
}

func documents(ctx context.Context, q *sqlitedb.Queries, numbers string) (map[int64]*document, error) {
	rows, err := q.Documents(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	devices, err := q.DevicesOfMany(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("read devices of sessions: %w", err)
	}
	out := make(map[int64]*document, len(rows))
	for _, row := range rows {
		out[row.N] = &document{DocumentsRow: row}
	}
	for _, d := range devices {
		if of := out[d.SessionN]; of != nil {
			of.devices = append(of.devices, deviceState(d))
		}
	}
	return out, nil
}

// parsed decodes a document, and tries whether its secret opens.
func (d *document) parsed(seal Sealer, h head) (*kept, error) {
	plain, err := parse(h.ID, d.DocSchema, d.Doc)
	if err != nil {
		return nil, err
	}
	plain.Version, plain.Devices = uint64(h.Version), d.devices //nolint:gosec // counts from 1
	compact(&plain)
	out := &kept{session: plain, token: d.Token}
	if _, err := open(seal, out); err != nil {
		return nil, err
	}
	return out, nil
}

func deviceState(d sqlitedb.SessionDevice) session.DeviceState {
	return session.DeviceState{
		Device: topology.NodeName(d.Device), Have: session.Presence(d.Have), Reason: d.Reason, At: fromMicros(d.At),
	}
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

// find returns the sessions whose heads a query reads: with one statement if all
// of them are known, else on one snapshot with what is missing.
func (s *Store) find(ctx context.Context, query func(context.Context, *reader) ([]head, error)) (out []looked, err error) {
	var missing []int
	at := s.known.moment()
	err = s.readOnce(ctx, func(ctx context.Context, r *reader) error {
		all, err := query(ctx, r)
		out, missing = s.known.recall(all)
		return err
	})
	if err != nil || len(missing) == 0 {
		return out, err
	}
	err = s.read(ctx, func(ctx context.Context, r *reader) error {
		all, err := query(ctx, r)
		if err != nil {
			return err
		}
		out, err = s.look(ctx, r.q, all, func(n int64, one *kept) { s.known.learn(at, n, one) })
		return err
	})
	return out, err
}

// one returns a session that was looked for. It shares memory with others and is
// not to be changed in depth.
func (s *Store) one(of looked) (session.Session, error) {
	if of.err != nil {
		return session.Session{}, of.err
	}
	return open(s.seal, of.kept)
}

// several is one for many.
func (s *Store) several(all []looked) ([]session.Session, error) {
	out := make([]session.Session, len(all))
	for i, of := range all {
		var err error
		if out[i], err = s.one(of); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shared returns sessions that were looked for as they are kept: without the
// secrets of their sinks, and not to be changed.
func shared(all []looked) ([]*session.Session, error) {
	out := make([]*session.Session, len(all))
	for i, of := range all {
		if of.err != nil {
			return nil, of.err
		}
		out[i] = &of.session
	}
	return out, nil
}
