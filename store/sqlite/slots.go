// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"sync"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// slots keeps the public keys of gateways' tunnels as they are in the store: every
// session at a gateway is shown with one, and they hardly ever change.
type slots struct {
	mu      sync.RWMutex // guards all below
	changes uint64       // counts what may have changed
	keys    map[topology.NodeName]map[uint16]string
}

func newSlots() *slots { return &slots{keys: map[topology.NodeName]map[uint16]string{}} }

// of returns the keys of a gateway, which are not to be changed; changes goes to
// learn with what is read if they are not known.
func (s *slots) of(gateway topology.NodeName) (keys map[uint16]string, changes uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys[gateway], s.changes
}

// learn keeps what was read, unless something may have changed meanwhile.
func (s *slots) learn(gateway topology.NodeName, keys map[uint16]string, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changes == s.changes {
		s.keys[gateway] = keys
	}
}

func (s *slots) forget(gateway topology.NodeName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.keys, gateway)
}

// RecordSlots implements provision.Store: slots replace what was known of the
// gateway's.
func (s *Store) RecordSlots(ctx context.Context, gateway topology.NodeName, slots []southbound.TunnelSlot) error {
	defer s.slots.forget(gateway)
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
	keys, changes := s.slots.of(gateway)
	if keys != nil {
		return keys[port], nil
	}
	keys = map[uint16]string{}
	err := s.readOnce(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.SlotKeys(ctx, string(gateway))
		if err != nil {
			return fmt.Errorf("read slots of %s: %w", gateway, err)
		}
		for _, row := range rows {
			keys[uint16(row.Port)] = row.PublicKey //nolint:gosec // was one
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	s.slots.learn(gateway, keys, changes)
	return keys[port], nil
}
