// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// LeaseDevice implements provision.Store.
func (s *Store) LeaseDevice(ctx context.Context, device topology.NodeName, holder string, now, until time.Time) (provision.Lease, error) {
	lease := provision.Lease{Device: device, Holder: holder, Until: fromMicros(micros(until))}
	err := s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		row, err := t.q.DeviceLease(ctx, string(device))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read lease of device %s: %w", device, err)
		}
		if err != nil || row.Holder != holder {
			if err == nil && row.UntilAt > micros(now) {
				return fmt.Errorf("lease device %s: %w", device, provision.ErrLeased)
			}
			row.Fence++
		}
		lease.Fence = uint64(row.Fence) //nolint:gosec // counts from 1
		err = t.q.SetDeviceLease(ctx, sqlitedb.SetDeviceLeaseParams{
			Device: string(device), Holder: holder, Fence: row.Fence, UntilAt: micros(until),
		})
		if err != nil {
			return fmt.Errorf("write lease of device %s: %w", device, err)
		}
		return nil
	})
	if err != nil {
		return provision.Lease{}, err
	}
	return lease, nil
}

// RecordDevice implements provision.Store. A session's version grows, so
// that a step decided before is refused with session.Aborted. Sessions that are gone are passed over.
func (s *Store) RecordDevice(ctx context.Context, lease provision.Lease, found []provision.Finding, now time.Time) error {
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		row, err := t.q.DeviceLease(ctx, string(lease.Device))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read lease of device %s: %w", lease.Device, err)
		}
		if err != nil || row.Holder != lease.Holder || uint64(row.Fence) != lease.Fence { //nolint:gosec // counts from 1
			return fmt.Errorf("record device %s: %w", lease.Device, provision.ErrFenced)
		}
		for _, f := range found {
			if err := s.record(ctx, t, lease.Device, f, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) record(ctx context.Context, t *tx, device topology.NodeName, f provision.Finding, now time.Time) error {
	row, err := headOf(ctx, t.q, f.Session)
	if session.CodeOf(err) == session.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := s.look(ctx, t.q, []head{row}, t.keep)
	if err != nil {
		return err
	}
	of, unreadable := s.one(found[0])
	if unreadable == nil && of.Change != f.Change {
		return nil // of what it was to be before
	}
	err = t.q.SetDevice(ctx, sqlitedb.SetDeviceParams{
		SessionN: row.N, Device: string(device), Have: string(f.Have), Reason: f.Reason, At: micros(now),
	})
	if err != nil {
		return fmt.Errorf("write device %s of session %s: %w", device, f.Session, err)
	}
	if unreadable != nil {
		s.reportUnreadable(ctx, row, unreadable)
	} else if f.Refused && of.Decision != session.DecideAbsent {
		if err := s.decideAbsent(ctx, t, row.N, of, device, f.Reason); err != nil {
			return err
		}
	}
	if unreadable != nil || of.Phase == session.Released {
		err = t.q.TouchSession(ctx, row.N)
	} else {
		err = t.q.WakeSession(ctx, sqlitedb.WakeSessionParams{Due: micros(now), N: row.N})
	}
	if err != nil {
		return fmt.Errorf("wake session %s: %w", f.Session, err)
	}
	t.change(row.N)
	if unreadable == nil && !f.Refused {
		t.keep(row.N, found[0].with(session.DeviceState{Device: device, Have: f.Have, Reason: f.Reason, At: now}))
	}
	return nil
}

// with is a session after a finding.
func (k kept) with(state session.DeviceState) *kept {
	state.At = fromMicros(micros(state.At))
	devices := slices.Clone(k.session.Devices)
	i, there := slices.BinarySearchFunc(devices, state.Device, func(d session.DeviceState, name topology.NodeName) int {
		return strings.Compare(string(d.Device), string(name))
	})
	if there {
		devices[i] = state
	} else {
		devices = slices.Insert(devices, i, state)
	}
	k.session.Version++
	k.session.Devices = devices
	return &k
}

// decideAbsent writes that a device refused the session for good.
func (s *Store) decideAbsent(ctx context.Context, t *tx, n int64, of session.Session, device topology.NodeName, reason string) error {
	of.Decision = session.DecideAbsent
	of.Reason = fmt.Sprintf("%s: %s", device, reason)
	_, doc, err := encode(s.seal, of)
	if err != nil {
		return err
	}
	err = t.q.DecideSession(ctx, sqlitedb.DecideSessionParams{
		Decision: string(of.Decision), DocSchema: docSchema, Doc: doc, N: n,
	})
	if err != nil {
		return fmt.Errorf("write decision of session %s: %w", of.ID, err)
	}
	return nil
}
