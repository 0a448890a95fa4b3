// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Span is a stretch of time, both ends included; a zero end leaves it open.
type Span struct{ From, Until time.Time }

// SortKey says by what a list is sorted. Columns are named as the API has them.
type SortKey string

// The keys.
const (
	ByOrder   SortKey = ""          // in the order in which they were admitted
	ByCreated SortKey = "createdAt" // when they were ordered
	ByStart   SortKey = "startTime" // that was asked for
	ByName    SortKey = "name"
	ByStatus  SortKey = "status" // by its name
)

// Slot is a place for a tunnel on a gateway.
type Slot struct {
	Gateway topology.NodeName
	Port    uint16
}

// keyOf returns the public key of a slot; empty: not known yet.
type keyOf func(ctx context.Context, gateway topology.NodeName, port uint16) (string, error)

// keysOf reads the keys of all tunnels of sessions at once.
func (s *Service) keysOf(ctx context.Context, sessions []session.Session) (keyOf, error) {
	var slots []Slot
	for _, one := range sessions {
		for _, e := range slices.Concat(one.A.Both(), one.Z.Both()) {
			if e.Tunnel != nil {
				slots = append(slots, Slot{e.Gateway(), e.Tunnel.Port})
			}
		}
	}
	keys, err := s.store.SlotKeys(ctx, slots)
	if err != nil {
		return nil, fmt.Errorf("public keys of gateways: %w", err)
	}
	return func(_ context.Context, gateway topology.NodeName, port uint16) (string, error) {
		return keys[Slot{gateway, port}], nil
	}, nil
}
