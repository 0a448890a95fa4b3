// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Freezes implements provision.Store.
func (s *Store) Freezes(ctx context.Context) ([]provision.Freeze, error) {
	var out []provision.Freeze
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.Freezes(ctx)
		if err != nil {
			return fmt.Errorf("read freezes: %w", err)
		}
		for _, f := range rows {
			out = append(out, provision.Freeze{
				Scope: provision.FreezeScope(f.Scope), Name: f.Name, Reason: f.Reason, Since: fromMicros(f.Since),
			})
		}
		return nil
	})
	return out, err
}

// SetFreeze implements provision.Store.
func (s *Store) SetFreeze(ctx context.Context, f provision.Freeze, on bool) error {
	return s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) (err error) {
		if on {
			err = t.q.SetFreeze(ctx, sqlitedb.SetFreezeParams{
				Scope: string(f.Scope), Name: f.Name, Reason: f.Reason, Since: micros(f.Since),
			})
		} else {
			err = t.q.DeleteFreeze(ctx, sqlitedb.DeleteFreezeParams{Scope: string(f.Scope), Name: f.Name})
		}
		if err != nil {
			return fmt.Errorf("write freeze of %s %s: %w", f.Scope, f.Name, err)
		}
		return nil
	})
}

// Epoch implements provision.Store: the second in which the store was made, so
// that a store made anew is newer than the one it replaces.
func (s *Store) Epoch(ctx context.Context) (uint64, error) {
	var epoch int64
	err := s.read(ctx, func(ctx context.Context, r *reader) (err error) {
		if epoch, err = r.q.Meta(ctx, "epoch"); err != nil {
			return fmt.Errorf("read epoch: %w", err)
		}
		return nil
	})
	return uint64(epoch), err //nolint:gosec // seconds since 1970
}

func (s *Store) makeEpoch(ctx context.Context) error {
	return s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		if err := t.q.SetMeta(ctx, sqlitedb.SetMetaParams{Name: "epoch", Value: t.now.Unix()}); err != nil {
			return fmt.Errorf("write epoch: %w", err)
		}
		return nil
	})
}
