// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Provision is the store as provision sees it: its steps wait behind those of
// customers.
type Provision struct{ *Store }

// Provision returns the store for provision.
func (s *Store) Provision() *Provision { return &Provision{s} }

// Advance implements provision.Store.
func (p *Provision) Advance(ctx context.Context, step order.Step, ledger order.Ledger) (session.Session, error) {
	return p.advance(ctx, background, step, ledger)
}

// Advance implements order.Store. Devices of the step that are new are added;
// what is known of the others is RecordDevice's alone.
func (s *Store) Advance(ctx context.Context, step order.Step, ledger order.Ledger) (session.Session, error) {
	return s.advance(ctx, interactive, step, ledger)
}

func (s *Store) advance(ctx context.Context, l lane, step order.Step, ledger order.Ledger) (session.Session, error) {
	if step.Return && (step.Reserve != nil || step.ReleaseBelow > 0) {
		return session.Session{}, session.Errorf(session.Invalid, "", "a step reserves or releases, or it returns all, not both")
	}
	if step.Like != nil && (step.Reserve == nil || len(step.Reserve.Uses) > 0) {
		return session.Session{}, session.Errorf(session.Invalid, "", "a step that reserves like before says so in place of what it takes")
	}
	j := &job{lane: l}
	if step.Reserve != nil || step.ReleaseBelow > 0 || step.Return {
		j.ledger = ledger
	}
	var out session.Session
	p := &part{
		tenant: string(step.Session.Tenant),
		run: func(ctx context.Context, t *tx) (err error) {
			out, err = s.step(ctx, t, step)
			return err
		},
		landed: func(ctx context.Context, t *tx) (bool, error) {
			row, err := t.q.SessionState(ctx, string(step.Session.ID))
			return err == nil && uint64(row.Version) > step.Session.Version, err //nolint:gosec // counts from 1
		},
	}
	j.parts = []*part{p}
	if err := s.writer.write(ctx, j); err != nil {
		return session.Session{}, err
	}
	if p.err != nil {
		return session.Session{}, p.err
	}
	return out, nil
}

// step carries out one step; whatever it returns as error is undone.
func (s *Store) step(ctx context.Context, t *tx, step order.Step) (session.Session, error) {
	next := asKept(step.Session)
	if first, ok, err := s.repeated(ctx, t.q, keyOfStep(step), step.Fingerprint, t.now); ok || err != nil {
		return first, err
	}
	was, err := t.q.SessionState(ctx, string(next.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return next, notFound(next.ID)
	}
	if err != nil {
		return next, fmt.Errorf("read session %s: %w", next.ID, err)
	}
	if err := mayStep(was, next); err != nil {
		return next, err
	}
	next.Version++
	if step.Validate != nil {
		held, err := t.held(ctx, next.Tenant)
		if err != nil {
			return next, err
		}
		if err := step.Validate(held); err != nil {
			return next, err
		}
	}
	if err := t.move(ctx, was.N, step); err != nil {
		return next, err
	}
	written, err := s.update(ctx, t, was, next, step)
	if err != nil {
		return next, err
	}
	last, err := t.q.LastEvent(ctx, was.N)
	if err != nil {
		return next, fmt.Errorf("read events of session %s: %w", next.ID, err)
	}
	if err := t.tell(ctx, was.N, next, last, step.Events); err != nil {
		return next, err
	}
	if next.Devices, err = devicesOf(ctx, t.q, was.N, next.ID); err != nil {
		return next, err
	}
	written.session.Devices = next.Devices
	t.change(was.N)
	t.keep(was.N, written)
	return next, t.remember(ctx, keyOfStep(step), step.Fingerprint, next, step.Answer)
}

// held is what a tenant has, without any VPN, as this transaction has it by now.
func (t *tx) held(ctx context.Context, name session.TenantID) (order.Holdings, error) {
	row, err := t.q.TenantUse(ctx, string(name))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return order.Holdings{}, fmt.Errorf("read use of tenant %s: %w", name, err)
	}
	return order.Holdings{Sessions: int(row.Sessions), Kbps: uint64(row.Kbps)}, nil //nolint:gosec // sums of what is not negative
}

// move carries out what a step does to bandwidth and pool values.
func (t *tx) move(ctx context.Context, n int64, step order.Step) error {
	owner := string(step.Session.ID)
	if step.Reserve != nil {
		route := *step.Reserve
		if step.Like != nil {
			var err error
			if route.Uses, err = t.booked(ctx, owner, *step.Like); err != nil {
				return err
			}
		}
		if err := t.reserve(ctx, owner, route); err != nil {
			return err
		}
	}
	if step.ReleaseBelow > 0 {
		return t.giveBack(ctx, owner, step.ReleaseBelow)
	}
	if !step.Return {
		return nil
	}
	if err := t.giveBack(ctx, owner, pathcomp.EveryVariant); err != nil {
		return err
	}
	return t.disown(ctx, n)
}

func mayStep(was sqlitedb.SessionStateRow, next session.Session) error {
	if uint64(was.Version) != next.Version { //nolint:gosec // counts from 1
		return session.Errorf(session.Aborted, "", "session %s was changed meanwhile", next.ID)
	}
	if was.Tenant != string(next.Tenant) || was.Vpn != string(next.VPN.ID) {
		return session.Errorf(session.Invalid, "", "session %s cannot change its tenant or VPN", next.ID)
	}
	if !session.CanMove(session.Phase(was.Phase), next.Phase) {
		return session.Errorf(session.Incompatible, "", "session %s cannot go from %s to %s", next.ID, was.Phase, next.Phase)
	}
	return nil
}

// update writes the session as it shall be and ends its claim. It returns what will
// be read of it, but for its devices.
func (s *Store) update(ctx context.Context, t *tx, was sqlitedb.SessionStateRow, next session.Session, step order.Step) (*kept, error) {
	kbps, err := signed("rate", next.HeldKbps())
	if err != nil {
		return nil, err
	}
	written, doc, err := encode(s.seal, next)
	if err != nil {
		return nil, err
	}
	err = t.q.UpdateSession(ctx, sqlitedb.UpdateSessionParams{
		Status: string(next.Status), Phase: string(next.Phase), Decision: string(next.Decision),
		Version: int64(next.Version), //nolint:gosec // counts from 1
		DueAt:   micros(step.Due), NextAt: micros(step.Due), DocSchema: docSchema, Doc: doc, Token: written.token, N: was.N,
		UpdatedAt: micros(next.UpdatedAt),
	})
	if err != nil {
		return nil, fmt.Errorf("write session %s: %w", next.ID, err)
	}
	if err := t.alter(ctx, was, sqlitedb.AlterSessionParams{
		Name: next.Name, Level: string(next.Level), Kbps: kbps, StartAt: micros(next.Start), Gone: flag(order.Gone(next)), N: was.N,
	}); err != nil {
		return nil, err
	}
	for _, d := range next.Devices {
		err := t.q.AddDevice(ctx, sqlitedb.AddDeviceParams{
			SessionN: was.N, Device: string(d.Device), Have: string(d.Have), Reason: d.Reason, At: micros(d.At),
		})
		if err != nil {
			return nil, fmt.Errorf("write device %s of session %s: %w", d.Device, next.ID, err)
		}
	}
	if step.Anew {
		if err := t.q.ForgetDevices(ctx, sqlitedb.ForgetDevicesParams{At: micros(t.now), SessionN: was.N}); err != nil {
			return nil, fmt.Errorf("write devices of session %s: %w", next.ID, err)
		}
	}
	return written, t.account(ctx, was, kbps, next)
}

// alter writes what seldom changes, if it did: an update writes the indexes of all
// columns that it names.
func (t *tx) alter(ctx context.Context, was sqlitedb.SessionStateRow, now sqlitedb.AlterSessionParams) error {
	if now == (sqlitedb.AlterSessionParams{Name: was.Name, Level: was.Level, Kbps: was.Kbps, StartAt: was.StartAt, Gone: was.Gone, N: was.N}) {
		return nil
	}
	if err := t.q.AlterSession(ctx, now); err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// account keeps the tenant's use, and lets a VPN go with its last session.
func (t *tx) account(ctx context.Context, was sqlitedb.SessionStateRow, kbps int64, next session.Session) error {
	live := flag(next.Phase != session.Released)
	use := sqlitedb.AddTenantUseParams{Name: was.Tenant, Sessions: live - was.Live, Kbps: live*kbps - was.Live*was.Kbps}
	if use.Sessions != 0 || use.Kbps != 0 {
		if err := t.q.AddTenantUse(ctx, use); err != nil {
			return fmt.Errorf("write use of tenant %s: %w", was.Tenant, err)
		}
	}
	if live == 1 {
		return nil
	}
	if was.Live == 1 {
		if err := t.q.EndSession(ctx, sqlitedb.EndSessionParams{ReleasedAt: micros(t.now), N: was.N}); err != nil {
			return fmt.Errorf("end session %s: %w", next.ID, err)
		}
		t.lives(stay{session.TenantID(was.Tenant), session.VPNID(was.Vpn), was.APoint, was.ZPoint}, -1)
	}
	if err := t.q.DeleteSecrets(ctx, was.N); err != nil {
		return fmt.Errorf("delete secrets of session %s: %w", next.ID, err)
	}
	holds, err := t.q.HoldsAnything(ctx, sqlitedb.HoldsAnythingParams{ID: string(next.ID), N: was.N})
	if err != nil {
		return fmt.Errorf("read what session %s holds: %w", next.ID, err)
	}
	if holds {
		return session.Errorf(session.Incompatible, "", "session %s still holds bandwidth or pool values", next.ID)
	}
	inUse, err := t.q.VPNInUse(ctx, was.Vpn)
	if err != nil {
		return fmt.Errorf("read sessions of vpn %s: %w", was.Vpn, err)
	}
	if inUse {
		return nil
	}
	if err := t.q.DeleteVPN(ctx, was.Vpn); err != nil {
		return fmt.Errorf("delete vpn %s: %w", was.Vpn, err)
	}
	return nil
}

func notFound(id session.ID) error {
	return session.Errorf(session.NotFound, "", "no session %s", id)
}
