// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// A clean-up transaction takes so much at most, so that customers do not wait
// for it.
const (
	purgeSessions = 100
	purgeBookings = 2000
	purgeKeys     = 1000
)

// Purge forgets sessions released before the given time, bookings that are over
// and holds and used offers that ended and expired as long ago, and idempotency
// keys that ended. A session whose sink still waits for events is kept until they
// are delivered or given up, and one with dead letters until they are a week old.
// It returns how many sessions are gone; it goes on in many small transactions
// until ctx ends.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	if err := s.trim(ctx, before); err != nil {
		return 0, err
	}
	if err := s.forgetKeys(ctx); err != nil {
		return 0, err
	}
	total := 0
	for {
		var gone int
		err := s.writer.one(ctx, bulk, func(ctx context.Context, t *tx) (err error) {
			gone, err = purge(ctx, t, before)
			return err
		})
		if err != nil {
			return total, err
		}
		total += gone
		if gone < purgeSessions {
			return total, nil
		}
	}
}

// trim shortens the log of bookings by what is over. Its newest entry stays: it
// says how far the log has come.
func (s *Store) trim(ctx context.Context, before time.Time) error {
	for {
		var gone int64
		err := s.writer.one(ctx, bulk, func(ctx context.Context, t *tx) (err error) {
			if gone, err = t.q.TrimBookings(ctx, sqlitedb.TrimBookingsParams{Before: micros(before), Most: purgeBookings}); err != nil {
				return fmt.Errorf("trim bookings: %w", err)
			}
			if err := t.q.DeleteHolds(ctx, micros(before)); err != nil {
				return fmt.Errorf("delete holds: %w", err)
			}
			return nil
		})
		if err != nil || gone < purgeBookings {
			return err
		}
	}
}

// forgetKeys deletes the idempotency keys that ended, with their answers.
func (s *Store) forgetKeys(ctx context.Context) error {
	for {
		var gone int64
		err := s.writer.one(ctx, bulk, func(ctx context.Context, t *tx) (err error) {
			gone, err = t.q.DeleteIdempotencyKeys(ctx, sqlitedb.DeleteIdempotencyKeysParams{Before: micros(t.now.Add(-keepKeys)), Most: purgeKeys})
			if err != nil {
				return fmt.Errorf("delete idempotency keys: %w", err)
			}
			return nil
		})
		if err != nil || gone < purgeKeys {
			return err
		}
	}
}

func purge(ctx context.Context, t *tx, before time.Time) (int, error) {
	old, err := t.q.PurgeableSessions(ctx, sqlitedb.PurgeableSessionsParams{
		Released: micros(before), GivenUp: micros(t.now.Add(-keepDeadLetters)), Most: purgeSessions,
	})
	if err != nil {
		return 0, fmt.Errorf("read released sessions: %w", err)
	}
	for _, n := range old {
		for _, forget := range []func(context.Context, int64) error{
			t.q.DeleteStream, t.q.DeleteDeadLetters, t.q.DeleteEvents, t.q.DeleteDevices, t.q.DeleteSession,
		} {
			if err := forget(ctx, n); err != nil {
				return 0, fmt.Errorf("purge session %d: %w", n, err)
			}
		}
		t.change(n)
		t.told[n] = told{after: -1}
	}
	return len(old), nil
}
