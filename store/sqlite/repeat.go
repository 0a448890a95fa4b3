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

// keepKeys is how long a request may be repeated.
const keepKeys = 24 * time.Hour

// Repeated implements order.Store.
func (s *Store) Repeated(
	ctx context.Context, tenant session.TenantID, client, key, fingerprint string,
) (r order.Repeat, ok bool, err error) {
	// A key that is not known, the usual case, is one statement.
	err = s.readOnce(ctx, func(ctx context.Context, with *reader) error {
		k := sqlitedb.IdempotencyKeyParams{Tenant: string(tenant), Client: client, Key: key}
		var row sqlitedb.IdempotencyKeyRow
		if row, ok, err = used(ctx, with.q, k, fingerprint, s.clock()); err != nil || !ok {
			return err
		}
		if r.Answer = row.Answer; len(r.Answer) > 0 {
			return nil
		}
		r.Session, err = s.keyed(ctx, with.q, row)
		return err
	})
	if err != nil {
		return order.Repeat{}, false, err
	}
	return r, ok, nil
}

func keyOf(a order.Admission) sqlitedb.IdempotencyKeyParams {
	return sqlitedb.IdempotencyKeyParams{Tenant: string(a.Session.Tenant), Client: a.Session.Client, Key: a.Key}
}

func keyOfStep(step order.Step) sqlitedb.IdempotencyKeyParams {
	of := step.Session
	return sqlitedb.IdempotencyKeyParams{Tenant: string(of.Tenant), Client: step.Client, Key: step.Key}
}

// repeated finds the session that a request with this key made or changed.
func (s *Store) repeated(
	ctx context.Context, q *sqlitedb.Queries, k sqlitedb.IdempotencyKeyParams, fingerprint string, now time.Time,
) (first session.Session, ok bool, err error) {
	row, ok, err := used(ctx, q, k, fingerprint, now)
	if err != nil || !ok {
		return first, false, err
	}
	first, err = s.keyed(ctx, q, row)
	return first, err == nil, err
}

// used reads what is kept with a key, if it was used by the same request.
func used(
	ctx context.Context, q *sqlitedb.Queries, k sqlitedb.IdempotencyKeyParams, fingerprint string, now time.Time,
) (row sqlitedb.IdempotencyKeyRow, ok bool, err error) {
	if k.Key == "" {
		return row, false, nil
	}
	row, err = q.IdempotencyKey(ctx, k)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !fromMicros(row.CreatedAt).Add(keepKeys).After(now)) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("read idempotency key: %w", err)
	}
	if row.Fingerprint != fingerprint {
		return row, false, usedOtherwise()
	}
	return row, true, nil
}

// keyed reads the session that is kept with a key.
func (s *Store) keyed(ctx context.Context, q *sqlitedb.Queries, row sqlitedb.IdempotencyKeyRow) (session.Session, error) {
	of, err := headOf(ctx, q, session.ID(row.SessionID))
	if session.CodeOf(err) == session.NotFound {
		return session.Session{}, session.Errorf(session.Exists, "Idempotency-Key", "was used for a session that is gone")
	}
	if err != nil {
		return session.Session{}, err
	}
	found, err := s.look(ctx, q, []head{of}, func(int64, *kept) {})
	if err != nil {
		return session.Session{}, err
	}
	return s.one(found[0])
}

// rememberNew keeps the key of a create that was admitted.
func (t *tx) rememberNew(ctx context.Context, made session.Session, a order.Admission) error {
	if a.Key == "" {
		return nil
	}
	k := keyOf(a)
	before, was := t.seen.keys[k]
	t.undo = append(t.undo, func() {
		if delete(t.seen.keys, k); was {
			t.seen.keys[k] = before
		}
	})
	t.seen.keys[k] = keyed{a.Fingerprint, made.ID}
	return t.remember(ctx, k, a.Fingerprint, made, a.Answer)
}

// remember keeps a key with the answer, in place of one that has expired.
func (t *tx) remember(
	ctx context.Context, k sqlitedb.IdempotencyKeyParams, fingerprint string, of session.Session, encode func(session.Session) []byte,
) error {
	if k.Key == "" {
		return nil
	}
	return t.insert(ctx, keyRows, k.Tenant, k.Client, k.Key, fingerprint, string(of.ID), micros(t.now), t.answer(of, encode))
}

// repeats is repeated for an admission, which may repeat one that waits.
func (s *Store) repeats(ctx context.Context, t *tx, a order.Admission) (first session.Session, ok bool, err error) {
	waiting, ok := t.seen.keys[keyOf(a)]
	if _, fresh := t.seen.fresh[keyOf(a)]; fresh && !ok {
		return first, false, nil
	}
	if !ok {
		return s.repeated(ctx, t.q, keyOf(a), a.Fingerprint, t.now)
	}
	if waiting.fingerprint != a.Fingerprint {
		return first, false, usedOtherwise()
	}
	return *t.seen.made[waiting.session], true, nil
}

func usedOtherwise() error {
	return session.Errorf(session.Exists, "Idempotency-Key", "was used for another request")
}
