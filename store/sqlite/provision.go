// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// RecordSlots implements provision.Store: slots replace what was known of the
// gateway's.
func (s *Store) RecordSlots(ctx context.Context, gateway topology.NodeName, slots []southbound.TunnelSlot) error {
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		if err := t.q.DeleteSlotKeys(ctx, string(gateway)); err != nil {
			return fmt.Errorf("delete slots of %s: %w", gateway, err)
		}
		for _, slot := range slots {
			err := t.q.SetSlotKey(ctx, sqlitedb.SetSlotKeyParams{
				Gateway: string(gateway), Port: int64(slot.Port), PublicKey: slot.PublicKey,
			})
			if err != nil {
				return fmt.Errorf("write slot %d of %s: %w", slot.Port, gateway, err)
			}
		}
		return nil
	})
}

// SlotKey implements order.Store.
func (s *Store) SlotKey(ctx context.Context, gateway topology.NodeName, port uint16) (string, error) {
	var key string
	err := s.readOnce(ctx, func(ctx context.Context, r *reader) (err error) {
		key, err = r.q.SlotKey(ctx, sqlitedb.SlotKeyParams{Gateway: string(gateway), Port: int64(port)})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read slot %d of %s: %w", port, gateway, err)
		}
		return nil
	})
	return key, err
}

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
