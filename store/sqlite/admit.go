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

// AdmitBatch implements order.Store. Calls that wait at the same time with the
// same ledger share one transaction, in which tenants take turns.
func (s *Store) AdmitBatch(ctx context.Context, batch []order.Admission, ledger order.Ledger) ([]order.AdmitResult, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	results := make([]order.AdmitResult, len(batch))
	j := &job{lane: interactive, ledger: ledger, parts: make([]*part, len(batch))}
	for i := range batch {
		id := batch[i].Session.ID
		j.parts[i] = &part{
			tenant: string(batch[i].Session.Tenant), admits: true,
			run: func(ctx context.Context, t *tx) (err error) {
				results[i], err = s.admit(ctx, t, batch[i])
				return err
			},
			landed: func(ctx context.Context, t *tx) (bool, error) {
				if results[i].Repeated {
					return false, errors.New("an answer from before cannot tell")
				}
				return exists(ctx, t, id)
			},
		}
	}
	if err := s.writer.write(ctx, j); err != nil {
		return nil, err
	}
	for i, p := range j.parts {
		if p.err != nil {
			results[i] = order.AdmitResult{Err: p.err}
		}
	}
	return results, nil
}

// admit decides one admission. Whatever it returns as error is undone.
func (s *Store) admit(ctx context.Context, t *tx, a order.Admission) (order.AdmitResult, error) {
	if first, ok, err := s.repeated(ctx, t.q, keyOf(a), a.Fingerprint, t.now); ok || err != nil {
		return order.AdmitResult{Session: first, Repeated: ok}, err
	}
	if err := s.mayAdmit(ctx, t, a); err != nil {
		return order.AdmitResult{}, err
	}
	if err := t.reserve(ctx, a.Session.ID, a.Route); err != nil {
		return order.AdmitResult{}, err
	}
	numbers := make([]int64, len(a.Pools))
	values := make([]uint64, len(a.Pools))
	for i, r := range a.Pools {
		n, value, err := t.value(ctx, r)
		if err != nil {
			return order.AdmitResult{}, err
		}
		numbers[i], values[i] = n, uint64(value) //nolint:gosec // never negative
	}
	if a.Assign != nil {
		a.Assign(values)
	}
	kept := asKept(*a.Session)
	kept.Version = 1
	n, err := s.insert(ctx, t, kept, a.Due)
	if err != nil {
		return order.AdmitResult{}, err
	}
	if err := t.own(ctx, n, numbers); err != nil {
		return order.AdmitResult{}, err
	}
	if err := t.book(ctx, n, kept.ID, kept.Version, a.Route); err != nil {
		return order.AdmitResult{}, err
	}
	if err := t.tell(ctx, n, kept, 0, a.Events); err != nil {
		return order.AdmitResult{}, err
	}
	return order.AdmitResult{Session: kept}, s.remember(ctx, t, a)
}

// mayAdmit refuses what is wrong before anything is taken.
func (s *Store) mayAdmit(ctx context.Context, t *tx, a order.Admission) error {
	in := a.Session
	if in.ID == "" || in.Tenant == "" || in.VPN.ID == "" {
		return session.Errorf(session.Invalid, "", "a session needs id, tenant and VPN")
	}
	there, err := exists(ctx, t, in.ID)
	if err != nil {
		return err
	}
	if there {
		return session.Errorf(session.Exists, "", "session %s exists", in.ID)
	}
	owner, err := t.q.VPNTenant(ctx, string(in.VPN.ID))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read vpn %s: %w", in.VPN.ID, err)
	}
	if err == nil && owner != string(in.Tenant) {
		return session.Errorf(session.Forbidden, "", "VPN %s belongs to somebody else", in.VPN.ID)
	}
	if a.Validate == nil {
		return nil
	}
	held, err := s.holdings(ctx, t, in)
	if err != nil {
		return err
	}
	return a.Validate(held)
}

func (s *Store) holdings(ctx context.Context, t *tx, in *session.Session) (order.Holdings, error) {
	use, err := t.q.TenantUse(ctx, string(in.Tenant))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return order.Holdings{}, fmt.Errorf("read use of tenant %s: %w", in.Tenant, err)
	}
	rows, err := rowsOfVPN(ctx, t.q, string(in.VPN.ID))
	if err != nil {
		return order.Holdings{}, err
	}
	held := order.Holdings{Sessions: int(use.Sessions), Kbps: uint64(use.Kbps)} //nolint:gosec // sums of what is not negative
	held.VPN, err = s.several(rows)
	return held, err
}

// insert writes a new session with its devices, its VPN and the tenant's use.
func (s *Store) insert(ctx context.Context, t *tx, in session.Session, due time.Time) (int64, error) {
	kbps, err := signed("rate", in.Rate.Larger())
	if err != nil {
		return 0, err
	}
	doc, token, err := encode(s.seal, in)
	if err != nil {
		return 0, err
	}
	p := sqlitedb.InsertSessionParams{
		ID: string(in.ID), Tenant: string(in.Tenant), Client: in.Client, Name: in.Name, Vpn: string(in.VPN.ID),
		APoint: in.A.AccessPoint, ZPoint: in.Z.AccessPoint,
		Level: string(in.Level), Status: string(in.Status), Phase: string(in.Phase), Decision: string(in.Decision),
		Kbps: kbps, Live: flag(in.Phase != session.Released), DueAt: micros(due), NextAt: micros(due),
		DocSchema: docSchema, Doc: doc, Token: token,
	}
	if p.Live == 0 {
		p.ReleasedAt = micros(t.now)
	}
	n, err := t.q.InsertSession(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("write session %s: %w", in.ID, err)
	}
	err = t.q.SetVPN(ctx, sqlitedb.SetVPNParams{
		ID: string(in.VPN.ID), Tenant: string(in.Tenant), Number: int64(in.VPN.Number),
		Vrf: in.VPN.VRF, RouteTarget: in.VPN.RouteTarget,
	})
	if err != nil {
		return 0, fmt.Errorf("write vpn %s: %w", in.VPN.ID, err)
	}
	if p.Live == 1 {
		err = t.q.AddTenantUse(ctx, sqlitedb.AddTenantUseParams{Name: p.Tenant, Sessions: 1, Kbps: kbps})
		if err != nil {
			return 0, fmt.Errorf("write use of tenant %s: %w", in.Tenant, err)
		}
	}
	rows := make([]any, 0, len(in.Devices)*5)
	for _, d := range in.Devices {
		rows = append(rows, n, string(d.Device), string(d.Have), d.Reason, micros(d.At))
	}
	return n, t.many.insert(ctx, "session_device (session_n, device, have, reason, at)", 5, rows)
}

// own makes a session an owner of pool values; the same one twice counts once.
func (t *tx) own(ctx context.Context, n int64, values []int64) error {
	rows := make([]any, 0, len(values)*2)
	seen := make(map[int64]struct{}, len(values))
	for _, v := range values {
		if _, ok := seen[v]; !ok {
			seen[v] = struct{}{}
			rows = append(rows, n, v)
		}
	}
	return t.insert(ctx, "pool_owner (session_n, value_n)", 2, rows)
}

func exists(ctx context.Context, t *tx, id session.ID) (bool, error) {
	_, err := t.q.SessionNumber(ctx, string(id))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session %s: %w", id, err)
	}
	return true, nil
}
