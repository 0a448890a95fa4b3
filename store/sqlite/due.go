// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// onePage is how many sessions are read before others get their turn.
const onePage = 500

// ClaimDue implements provision.Store. A session that becomes due while it is
// claimed waits until its claim ends. The sessions are not to be changed in
// depth.
func (s *Store) ClaimDue(ctx context.Context, holder string, now, until time.Time, limit int) ([]session.Session, error) {
	var out []session.Session
	err := s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		out = make([]session.Session, 0, limit)
		for len(out) < limit {
			got, skipped, err := s.claimSome(ctx, t, holder, now, until, limit-len(out))
			if err != nil {
				return err
			}
			out = append(out, got...)
			if skipped == 0 {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// claimSome claims due sessions and postpones those that cannot be read.
func (s *Store) claimSome(ctx context.Context, t *tx, holder string, now, until time.Time, limit int) (
	got []session.Session, skipped int, err error,
) {
	due, err := heads(t.q.DueSessions(ctx, sqlitedb.DueSessionsParams{Now: micros(now), Most: int64(limit)}))
	if err != nil {
		return nil, 0, fmt.Errorf("read due sessions: %w", err)
	}
	all, err := s.look(ctx, t.q, due, t.keep)
	if err != nil {
		return nil, 0, err
	}
	good, bad := s.readable(ctx, all)
	got, err = s.several(good)
	if err != nil {
		return nil, 0, err
	}
	err = t.q.ClaimSessions(ctx, sqlitedb.ClaimSessionsParams{
		ClaimHolder: holder, ClaimUntil: micros(until), NextAt: micros(until), Numbers: numbersOf(good),
	})
	if err != nil {
		return nil, 0, fmt.Errorf("claim sessions: %w", err)
	}
	if len(bad) == 0 {
		return got, 0, nil
	}
	err = t.q.ClaimSessions(ctx, sqlitedb.ClaimSessionsParams{NextAt: micros(now.Add(restUnreadable)), Numbers: numbersOf(bad)})
	if err != nil {
		return nil, 0, fmt.Errorf("postpone sessions: %w", err)
	}
	return got, len(bad), nil
}

// LookLater implements provision.Store: no version grows by it.
func (s *Store) LookLater(ctx context.Context, holder string, list []provision.Later) error {
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		for _, l := range list {
			err := t.q.PostponeSession(ctx, sqlitedb.PostponeSessionParams{
				Due: micros(l.Due), ID: string(l.Session), Holder: holder, Version: int64(l.Version), //nolint:gosec // counts from 1
			})
			if err != nil {
				return fmt.Errorf("postpone session %s: %w", l.Session, err)
			}
		}
		return nil
	})
}

// OnDevice implements provision.Store. It reads page by page, so that however
// many there are nobody waits for it. Where a session cannot be read its whole
// VPN is left out: the device then keeps what it has of that VPN, where a VPN
// with a session less would lose that session's part.
func (s *Store) OnDevice(ctx context.Context, device topology.NodeName) ([]*session.Session, error) {
	var out []*session.Session
	spoilt := map[session.VPNID]struct{}{}
	for after, more := int64(0), true; more; {
		found, err := s.pageOnDevice(ctx, device, after)
		if err != nil {
			return nil, err
		}
		if more = len(found) == onePage; more {
			after = found[onePage-1].N
		}
		good, bad := s.readable(ctx, found)
		for _, row := range bad {
			spoilt[session.VPNID(row.Vpn)] = struct{}{}
		}
		for _, row := range good {
			out = append(out, &row.session)
		}
	}
	if len(spoilt) == 0 {
		return out, nil
	}
	return slices.DeleteFunc(out, func(one *session.Session) bool {
		_, ok := spoilt[one.VPN.ID]
		return ok
	}), nil
}

func (s *Store) pageOnDevice(ctx context.Context, device topology.NodeName, after int64) ([]looked, error) {
	return s.find(ctx, func(ctx context.Context, r *reader) ([]head, error) {
		all, err := heads(r.q.SessionsOnDevice(ctx, sqlitedb.SessionsOnDeviceParams{Device: string(device), After: after, Most: onePage}))
		if err != nil {
			return nil, fmt.Errorf("read sessions on device %s: %w", device, err)
		}
		return all, nil
	})
}
