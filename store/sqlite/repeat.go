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
) (first session.Session, ok bool, err error) {
	// A key that is not known, the usual case, is one statement.
	err = s.readOnce(ctx, func(ctx context.Context, r *reader) (err error) {
		k := sqlitedb.IdempotencyKeyParams{Tenant: string(tenant), Client: client, Key: key}
		first, ok, err = s.repeated(ctx, r.q, k, fingerprint, s.clock())
		return err
	})
	if err != nil {
		return session.Session{}, false, err
	}
	return first, ok, nil
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
	if k.Key == "" {
		return first, false, nil
	}
	key, err := q.IdempotencyKey(ctx, k)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !fromMicros(key.CreatedAt).Add(keepKeys).After(now)) {
		return first, false, nil
	}
	if err != nil {
		return first, false, fmt.Errorf("read idempotency key: %w", err)
	}
	if key.Fingerprint != fingerprint {
		return first, false, usedOtherwise()
	}
	of, err := headOf(ctx, q, session.ID(key.SessionID))
	if session.CodeOf(err) == session.NotFound {
		return first, false, session.Errorf(session.Exists, "Idempotency-Key", "was used for a session that is gone")
	}
	if err != nil {
		return first, false, err
	}
	found, err := s.look(ctx, q, []head{of}, func(int64, *kept) {})
	if err != nil {
		return first, false, err
	}
	first, err = s.one(found[0])
	return first, err == nil, err
}

// remember keeps the key of a create that was admitted.
func (s *Store) remember(ctx context.Context, t *tx, a order.Admission) error {
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
	t.seen.keys[k] = keyed{a.Fingerprint, a.Session.ID}
	return t.remember(ctx, k, a.Fingerprint, a.Session.ID)
}

// remember keeps a key, in place of one that has expired.
func (t *tx) remember(ctx context.Context, k sqlitedb.IdempotencyKeyParams, fingerprint string, id session.ID) error {
	if k.Key == "" {
		return nil
	}
	return t.insert(ctx, keyRows, k.Tenant, k.Client, k.Key, fingerprint, string(id), micros(t.now))
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
