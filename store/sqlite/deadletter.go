// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// keepDeadLetters is how long a session that is over is kept because of events
// that were given up.
const keepDeadLetters = 7 * 24 * time.Hour

// DeadLetters implements order.DeadLetters.
func (s *Store) DeadLetters(ctx context.Context, f order.DeadLetterFilter) ([]order.DeadLetter, error) {
	var out []order.DeadLetter
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.DeadLetters(ctx, sqlitedb.DeadLettersParams{
			Session: string(f.Session), Tenant: string(f.Tenant), Most: int64(f.Limit),
		})
		if err != nil {
			return fmt.Errorf("read dead letters: %w", err)
		}
		for _, row := range rows {
			out = append(out, order.DeadLetter{
				Session: session.ID(row.ID), Tenant: session.TenantID(row.Tenant),
				After: uint64(row.After), Last: uint64(row.Last), //nolint:gosec // count from 1
				Reason: row.Reason, At: fromMicros(row.At),
			})
		}
		return nil
	})
	return out, err
}

// Replay implements order.DeadLetters. A delivery in flight is not recorded any
// more, and the stream rests until its lease has ended, so that two are never
// on their way at once.
func (s *Store) Replay(ctx context.Context, id session.ID) (events int, err error) {
	err = s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		events, err = replay(ctx, t, id)
		return err
	})
	return events, err
}

func replay(ctx context.Context, t *tx, id session.ID) (int, error) {
	none := session.Errorf(session.NotFound, "", "no dead letters of session %s", id)
	row, err := t.q.StreamOf(ctx, string(id))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, none
	}
	if err != nil {
		return 0, fmt.Errorf("read stream %s: %w", id, err)
	}
	after, err := t.q.FirstDeadLetter(ctx, row.SessionN)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, none
	}
	if err != nil {
		return 0, fmt.Errorf("read dead letters of session %s: %w", id, err)
	}
	p := sqlitedb.SetStreamParams{
		Delivered: min(after, row.Delivered), State: streamLive, NextAt: micros(t.now), Fence: row.Fence + 1, SessionN: row.SessionN,
	}
	if row.Holder != "" {
		p.NextAt = max(p.NextAt, row.NextAt)
	}
	if err := t.q.SetStream(ctx, p); err != nil {
		return 0, fmt.Errorf("write stream %s: %w", id, err)
	}
	if err := t.q.DeleteDeadLetters(ctx, row.SessionN); err != nil {
		return 0, fmt.Errorf("delete dead letters of session %s: %w", id, err)
	}
	n, err := t.q.EventsToTell(ctx, sqlitedb.EventsToTellParams{SessionN: row.SessionN, Seq: p.Delivered})
	if err != nil {
		return 0, fmt.Errorf("count events of session %s: %w", id, err)
	}
	return int(n), nil
}
