// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// seen is what admissions have read, as it is with what waits to be written.
type seen struct {
	any     bool // there may be something in it, or waiting
	pools   map[int64]*pool
	tenants map[string]*tenantUse
	vpns    map[session.VPNID]*vpn
	made    map[session.ID]*session.Session
	ids     map[session.ID]bool // whether there is a session, but for those that wait
	keys    map[sqlitedb.IdempotencyKeyParams]keyed
	fresh   map[sqlitedb.IdempotencyKeyParams]struct{} // keys that were not used before
	spent   map[string]struct{}                        // offers
}

// tenantUse is what a tenant had in use when it was read, and what came since.
type tenantUse struct {
	was  sqlitedb.TenantUseRow
	more sqlitedb.AddTenantUseParams
}

// vpn is a VPN's tenant, empty where there is no such VPN, and its live
// sessions once they are asked for.
type vpn struct {
	tenant   string
	whole    bool // sessions are read
	sessions []*session.Session
}

// keyed is a create that waits and has an idempotency key.
type keyed struct {
	fingerprint string
	session     session.ID
}

func newSeen() seen {
	return seen{
		pools: map[int64]*pool{}, tenants: map[string]*tenantUse{}, vpns: map[session.VPNID]*vpn{},
		made: map[session.ID]*session.Session{}, ids: map[session.ID]bool{},
		keys: map[sqlitedb.IdempotencyKeyParams]keyed{}, fresh: map[sqlitedb.IdempotencyKeyParams]struct{}{},
		spent: map[string]struct{}{},
	}
}

// writeSeen writes what changed of rows that admissions share.
func (t *tx) writeSeen(ctx context.Context) error {
	if err := t.writePools(ctx); err != nil {
		return err
	}
	for name, use := range t.seen.tenants {
		if use.more.Sessions == 0 {
			continue
		}
		if err := t.q.AddTenantUse(ctx, use.more); err != nil {
			return fmt.Errorf("write use of tenant %s: %w", name, err)
		}
	}
	return nil
}

// tenant returns what a tenant has in use.
func (t *tx) tenant(ctx context.Context, name session.TenantID) (*tenantUse, error) {
	if use := t.seen.tenants[string(name)]; use != nil {
		return use, nil
	}
	was, err := t.q.TenantUse(ctx, string(name))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read use of tenant %s: %w", name, err)
	}
	use := &tenantUse{was: was, more: sqlitedb.AddTenantUseParams{Name: string(name)}}
	t.seen.tenants[string(name)] = use
	return use, nil
}

// addUse counts one more session of a tenant.
func (t *tx) addUse(ctx context.Context, name session.TenantID, kbps int64) error {
	use, err := t.tenant(ctx, name)
	if err != nil {
		return err
	}
	before := use.more
	t.undo = append(t.undo, func() { use.more = before })
	use.more.Sessions++
	use.more.Kbps += kbps
	return nil
}

// vpn returns a VPN as admissions see it.
func (t *tx) vpn(ctx context.Context, id session.VPNID) (*vpn, error) {
	if v := t.seen.vpns[id]; v != nil {
		return v, nil
	}
	tenant, err := t.q.VPNTenant(ctx, string(id))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read vpn %s: %w", id, err)
	}
	v := &vpn{tenant: tenant, whole: err != nil}
	t.seen.vpns[id] = v
	return v, nil
}

// sessionsOf returns the live sessions of a VPN, also those that wait. They are
// not to be changed.
func (s *Store) sessionsOf(ctx context.Context, t *tx, id session.VPNID) ([]*session.Session, error) {
	v, err := t.vpn(ctx, id)
	if err != nil || v.whole {
		return v.sessions, err
	}
	live, err := headsOfVPN(ctx, t.q, string(id))
	if err != nil {
		return nil, err
	}
	found, err := s.look(ctx, t.q, live, t.keep)
	if err != nil {
		return nil, err
	}
	written, err := shared(found)
	if err != nil {
		return nil, err
	}
	v.sessions, v.whole = append(written, v.sessions...), true
	return v.sessions, nil
}

// addToVPN makes one more session a VPN's.
func (t *tx) addToVPN(ctx context.Context, in *session.Session) error {
	v, err := t.vpn(ctx, in.VPN.ID)
	if err != nil {
		return err
	}
	tenant := v.tenant
	t.undo = append(t.undo, func() { v.tenant, v.sessions = tenant, v.sessions[:len(v.sessions)-1] })
	v.tenant, v.sessions = string(in.Tenant), append(v.sessions, in)
	if tenant != "" {
		return nil // its row is there, or waits
	}
	return t.insert(ctx, vpnRows, string(in.VPN.ID), string(in.Tenant), int64(in.VPN.Number), in.VPN.VRF, in.VPN.RouteTarget)
}

// sessionNumber returns the number of a new session: one that none ever had.
func (t *tx) sessionNumber(ctx context.Context) (int64, error) {
	if t.lastSession == 0 {
		err := t.w.conn.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name = 'session'").Scan(&t.lastSession)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("read the last session's number: %w", err)
		}
	}
	t.lastSession++
	return t.lastSession, nil
}
