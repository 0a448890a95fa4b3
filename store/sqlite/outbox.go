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

const (
	streamLive = "live"
	streamDead = "dead"
)

// ClaimStream implements order.Outbox.
func (s *Store) ClaimStream(ctx context.Context, holder string, now, until time.Time) (out order.Stream, ok bool, err error) {
	err = s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		out, ok, err = s.claimStream(ctx, t, holder, now, until)
		return err
	})
	if err != nil {
		return order.Stream{}, false, err
	}
	return out, ok, nil
}

func (s *Store) claimStream(ctx context.Context, t *tx, holder string, now, until time.Time) (order.Stream, bool, error) {
	row, err := t.q.DueStream(ctx, micros(now))
	if errors.Is(err, sql.ErrNoRows) {
		return order.Stream{}, false, nil
	}
	if err != nil {
		return order.Stream{}, false, fmt.Errorf("read due stream: %w", err)
	}
	of, err := decode(s.seal, sessionRow{N: row.SessionN, DocSchema: row.DocSchema, Doc: row.Doc, Token: row.Token})
	if err != nil {
		return order.Stream{}, false, err
	}
	head, err := t.q.HeadOfStream(ctx, sqlitedb.HeadOfStreamParams{SessionN: row.SessionN, Seq: row.Delivered})
	if err != nil {
		return order.Stream{}, false, fmt.Errorf("read head of stream %s: %w", row.ID, err)
	}
	fence := row.Fence + 1
	err = t.q.ClaimStream(ctx, sqlitedb.ClaimStreamParams{
		Holder: holder, Fence: fence, NextAt: micros(until), SessionN: row.SessionN,
	})
	if err != nil {
		return order.Stream{}, false, fmt.Errorf("claim stream %s: %w", row.ID, err)
	}
	out := order.Stream{
		Session: session.ID(row.ID), Event: eventRow(head).event(session.ID(row.ID)), Tries: int(row.Tries),
		Since: fromMicros(row.Since), Fence: uint64(fence), //nolint:gosec // counts from 1
	}
	if of.Sink != nil {
		out.Sink = *of.Sink
	}
	return out, true, nil
}

// Delivered implements order.Outbox.
func (s *Store) Delivered(ctx context.Context, st order.Stream, now time.Time) error {
	return s.endTry(ctx, st, func(ctx context.Context, t *tx, p *sqlitedb.SetStreamParams) error {
		p.Delivered, p.Tries, p.Since = int64(st.Event.Seq), 0, 0 //nolint:gosec // counts from 1
		_, err := t.q.HeadOfStream(ctx, sqlitedb.HeadOfStreamParams{SessionN: p.SessionN, Seq: p.Delivered})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read head of stream %s: %w", st.Session, err)
		}
		p.NextAt = micros(now)
		return nil
	})
}

// RetryAt implements order.Outbox.
func (s *Store) RetryAt(ctx context.Context, st order.Stream, at time.Time, reason string) error {
	return s.endTry(ctx, st, func(_ context.Context, t *tx, p *sqlitedb.SetStreamParams) error {
		p.Tries++
		if p.Since == 0 {
			p.Since = micros(t.now)
		}
		p.NextAt, p.Reason = micros(at), reason
		return nil
	})
}

// GiveUp implements order.Outbox.
func (s *Store) GiveUp(ctx context.Context, st order.Stream, now time.Time, reason string) error {
	return s.endTry(ctx, st, func(_ context.Context, _ *tx, p *sqlitedb.SetStreamParams) error {
		p.Tries++
		if p.Since == 0 {
			p.Since = micros(now)
		}
		p.State, p.Reason = streamDead, reason
		return nil
	})
}

// endTry gives a stream back as set says. It is refused with session.Aborted
// when somebody else has claimed the stream meanwhile.
func (s *Store) endTry(ctx context.Context, st order.Stream, set func(context.Context, *tx, *sqlitedb.SetStreamParams) error) error {
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		row, err := t.q.StreamOf(ctx, string(st.Session))
		if errors.Is(err, sql.ErrNoRows) {
			return session.Errorf(session.NotFound, "", "no stream of session %s", st.Session)
		}
		if err != nil {
			return fmt.Errorf("read stream %s: %w", st.Session, err)
		}
		if uint64(row.Fence) != st.Fence || row.State != streamLive { //nolint:gosec // counts from 1
			return session.Errorf(session.Aborted, "", "stream of session %s was claimed by another", st.Session)
		}
		// The fence grows with every end too, so that a stream is given back once.
		p := sqlitedb.SetStreamParams{
			Delivered: row.Delivered, State: row.State, Tries: row.Tries, Since: row.Since,
			Fence: row.Fence + 1, SessionN: row.SessionN,
		}
		if err := set(ctx, t, &p); err != nil {
			return err
		}
		if err := t.q.SetStream(ctx, p); err != nil {
			return fmt.Errorf("write stream %s: %w", st.Session, err)
		}
		return nil
	})
}

// DeadLetter is a stream that was given up: its head and all behind it stay.
type DeadLetter struct {
	Session session.ID
	Reason  string
	After   uint64 // seq of the last event delivered
}

// DeadLetters returns streams that were given up, at most limit.
func (s *Store) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	var out []DeadLetter
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.DeadStreams(ctx, int64(limit))
		if err != nil {
			return fmt.Errorf("read dead streams: %w", err)
		}
		for _, row := range rows {
			out = append(out, DeadLetter{Session: session.ID(row.ID), Reason: row.Reason, After: uint64(row.Delivered)}) //nolint:gosec // counts from 1
		}
		return nil
	})
	return out, err
}
