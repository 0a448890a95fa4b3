// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// notificationKey is what notification keys are sealed about.
const notificationKey = "s2cd notification key"

// NotificationKeys implements order.NotificationKeys.
func (s *Store) NotificationKeys(ctx context.Context) ([]order.NotificationKey, error) {
	var out []order.NotificationKey
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.NotificationKeys(ctx, micros(s.clock()))
		if err != nil {
			return fmt.Errorf("read notification keys: %w", err)
		}
		for _, row := range rows {
			secret, err := s.seal.Open(row.Sealed, []byte(notificationKey))
			if err != nil {
				return fmt.Errorf("open notification key %d: %w", row.N, err)
			}
			out = append(out, order.NotificationKey{Secret: secret, From: fromMicros(row.FromAt), Until: fromMicros(row.UntilAt)})
		}
		return nil
	})
	return out, err
}

// AddNotificationKey implements order.NotificationKeys.
func (s *Store) AddNotificationKey(ctx context.Context, key order.NotificationKey, until time.Time) error {
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		if err := t.q.EndNotificationKeys(ctx, micros(until)); err != nil {
			return fmt.Errorf("end notification keys: %w", err)
		}
		if err := t.q.DeleteNotificationKeys(ctx, micros(t.now)); err != nil {
			return fmt.Errorf("delete notification keys: %w", err)
		}
		err := t.q.AddNotificationKey(ctx, sqlitedb.AddNotificationKeyParams{
			FromAt: micros(key.From), UntilAt: micros(key.Until), Sealed: s.seal.Seal(key.Secret, []byte(notificationKey)),
		})
		if err != nil {
			return fmt.Errorf("write notification key: %w", err)
		}
		return nil
	})
}
