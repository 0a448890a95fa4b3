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
		if out, ok, err = s.claimWarning(ctx, t, holder, now, until); ok || err != nil {
			return err
		}
		out, ok, err = s.claimStream(ctx, t, holder, now, until)
		return err
	})
	if err != nil {
		return order.Stream{}, false, err
	}
	return out, ok, nil
}

// claimStream passes over streams that cannot be told now.
func (s *Store) claimStream(ctx context.Context, t *tx, holder string, now, until time.Time) (order.Stream, bool, error) {
	for {
		row, err := t.q.DueStream(ctx, micros(now))
		if errors.Is(err, sql.ErrNoRows) {
			return order.Stream{}, false, nil
		}
		if err != nil {
			return order.Stream{}, false, fmt.Errorf("read due stream: %w", err)
		}
		found, err := s.look(ctx, t.q, []head{{N: row.SessionN, ID: row.ID, Vpn: row.Vpn, Version: row.Version}}, t.keep)
		if err != nil {
			return order.Stream{}, false, err
		}
		claim := sqlitedb.ClaimStreamParams{
			Holder: holder, Fence: row.Fence + 1, NextAt: micros(until), SessionN: row.SessionN,
		}
		good, bad := s.readable(ctx, found)
		if len(bad) > 0 {
			claim.Holder, claim.NextAt = "", micros(now.Add(restUnreadable))
		}
		if err := t.q.ClaimStream(ctx, claim); err != nil {
			return order.Stream{}, false, fmt.Errorf("claim stream %s: %w", row.ID, err)
		}
		if len(bad) > 0 {
			continue
		}
		head, err := t.q.HeadOfStream(ctx, sqlitedb.HeadOfStreamParams{SessionN: row.SessionN, Seq: row.Delivered})
		if err != nil {
			return order.Stream{}, false, fmt.Errorf("read head of stream %s: %w", row.ID, err)
		}
		of, err := s.one(good[0])
		if err != nil {
			return order.Stream{}, false, err
		}
		out, err := claimed(of, row, eventRow(head))
		return out, err == nil, err
	}
}

func claimed(of session.Session, row sqlitedb.DueStreamRow, head eventRow) (order.Stream, error) {
	event, err := head.event(of.ID)
	if err != nil {
		return order.Stream{}, err
	}
	out := order.Stream{
		Session: of.ID, Tenant: session.TenantID(row.Tenant), Event: event, Tries: int(row.Tries),
		Since: fromMicros(row.Since), Fence: uint64(row.Fence + 1), //nolint:gosec // counts from 1
	}
	if of.Sink != nil {
		out.Sink = *of.Sink
	}
	if out.Event.Status == session.Terminated {
		out.Account = new(of.Account(out.Event.At))
	}
	return out, nil
}

// Delivered implements order.Outbox.
func (s *Store) Delivered(ctx context.Context, st order.Stream, now time.Time) error {
	if st.Expiring != nil {
		return s.endWarning(ctx, st, nil)
	}
	return s.endTry(ctx, st, func(ctx context.Context, t *tx, p *sqlitedb.SetStreamParams) error {
		p.Delivered, p.Tries, p.Since, p.Reason = int64(st.Event.Seq), 0, 0, "" //nolint:gosec // counts from 1
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
	if st.Expiring != nil {
		return s.endWarning(ctx, st, func(t *tx, p *sqlitedb.SetWarningParams) {
			p.Tries++
			if p.Since == 0 {
				p.Since = micros(t.now)
			}
			p.NextAt = micros(at)
		})
	}
	return s.endTry(ctx, st, func(_ context.Context, t *tx, p *sqlitedb.SetStreamParams) error {
		p.Tries++
		if p.Since == 0 {
			p.Since = micros(t.now)
		}
		p.NextAt, p.Reason = micros(at), reason
		return nil
	})
}

// Postpone implements order.Outbox.
func (s *Store) Postpone(ctx context.Context, st order.Stream, at time.Time) error {
	if st.Expiring != nil {
		return s.endWarning(ctx, st, func(_ *tx, p *sqlitedb.SetWarningParams) { p.NextAt = micros(at) })
	}
	return s.endTry(ctx, st, func(_ context.Context, _ *tx, p *sqlitedb.SetStreamParams) error {
		p.NextAt = micros(at)
		return nil
	})
}

// GiveUp implements order.Outbox.
func (s *Store) GiveUp(ctx context.Context, st order.Stream, now time.Time, reason string, final bool) error {
	if st.Expiring != nil {
		return s.endWarning(ctx, st, nil)
	}
	return s.endTry(ctx, st, func(ctx context.Context, t *tx, p *sqlitedb.SetStreamParams) error {
		last, err := t.q.LastEvent(ctx, p.SessionN)
		if err != nil {
			return fmt.Errorf("read events of session %s: %w", st.Session, err)
		}
		err = t.q.AddDeadLetter(ctx, sqlitedb.AddDeadLetterParams{
			SessionN: p.SessionN, After: p.Delivered, Last: last, Reason: reason, At: micros(now),
		})
		if err != nil {
			return fmt.Errorf("write dead letters of session %s: %w", st.Session, err)
		}
		p.Delivered, p.Tries, p.Since, p.Reason = last, 0, 0, reason
		if final {
			p.State = streamDead
		}
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
			Delivered: row.Delivered, State: row.State, Tries: row.Tries, Since: row.Since, Reason: row.Reason,
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
