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

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
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
			tenant: string(batch[i].Session.Tenant), admits: &batch[i],
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
	if first, ok, err := s.repeats(ctx, t, a); ok || err != nil {
		return order.AdmitResult{Session: first, Repeated: ok}, err
	}
	// What is used already says so before what was made of it stands in the way.
	if err := t.spend(ctx, a); err != nil {
		return order.AdmitResult{}, err
	}
	if err := s.mayAdmit(ctx, t, a); err != nil {
		return order.AdmitResult{}, err
	}
	route := a.Route
	if a.Hold != "" {
		route.Replaces = order.HoldOwner(a.Hold)
	}
	if err := t.reserve(ctx, string(a.Session.ID), route); err != nil {
		return order.AdmitResult{}, err
	}
	owned := make([]*poolValue, len(a.Pools))
	values := make([]uint64, len(a.Pools))
	for i, r := range a.Pools {
		var err error
		if owned[i], err = t.value(ctx, r); err != nil {
			return order.AdmitResult{}, err
		}
		values[i] = uint64(owned[i].value) //nolint:gosec // never negative
	}
	if a.Assign != nil {
		a.Assign(values)
	}
	kept := asKept(*a.Session)
	kept.Version = 1
	n, err := s.insert(ctx, t, kept, a.Due, t.own(owned))
	if err != nil {
		return order.AdmitResult{}, err
	}
	if err := s.keepSecrets(ctx, t, n, a.Secrets); err != nil {
		return order.AdmitResult{}, err
	}
	if err := t.tell(ctx, n, kept, 0, a.Events); err != nil {
		return order.AdmitResult{}, err
	}
	return order.AdmitResult{Session: kept}, t.rememberNew(ctx, kept, a)
}

// mayAdmit refuses what is wrong before anything is taken.
func (s *Store) mayAdmit(ctx context.Context, t *tx, a order.Admission) error {
	in := a.Session
	if in.ID == "" || in.Tenant == "" || in.VPN.ID == "" {
		return session.Errorf(session.Invalid, "", "a session needs id, tenant and VPN")
	}
	if err := mayKeep(*in); err != nil {
		return err
	}
	there, err := t.exists(ctx, in.ID)
	if err != nil {
		return err
	}
	if there {
		return session.Errorf(session.Exists, "", "session %s exists", in.ID)
	}
	v, err := t.vpn(ctx, in.VPN.ID)
	if err != nil {
		return err
	}
	if v.tenant != "" && v.tenant != string(in.Tenant) {
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
	use, err := t.tenant(ctx, in.Tenant)
	if err != nil {
		return order.Holdings{}, err
	}
	held := order.Holdings{
		Sessions: int(use.was.Sessions + use.more.Sessions), Kbps: uint64(use.was.Kbps + use.more.Kbps), //nolint:gosec // sums of what is not negative
	}
	all, err := s.sessionsOf(ctx, t, in.VPN.ID)
	held.VPN = slices.Clip(all)
	return held, err
}

// insert writes a new session with its devices, its VPN and the tenant's use.
func (s *Store) insert(ctx context.Context, t *tx, in session.Session, due time.Time, values []byte) (int64, error) {
	kbps, err := signed("rate", in.HeldKbps())
	if err != nil {
		return 0, err
	}
	in.Devices = slices.Clone(in.Devices)
	slices.SortFunc(in.Devices, func(a, b session.DeviceState) int { // as they are read
		return strings.Compare(string(a.Device), string(b.Device))
	})
	n, err := t.sessionNumber(ctx)
	if err != nil {
		return 0, err
	}
	live, releasedAt := flag(in.Phase != session.Released), int64(0)
	if live == 0 {
		releasedAt = micros(t.now)
	}
	t.addSession(s, n, &in,
		n, string(in.ID), string(in.Tenant), in.Client, in.Name, string(in.VPN.ID), in.A.AccessPoint, in.Z.AccessPoint,
		string(in.Level), string(in.Status), string(in.Phase), string(in.Decision), kbps, live, releasedAt,
		int64(1), micros(due), "", int64(0), micros(due), int64(docSchema), values,
		micros(in.CreatedAt), micros(in.Start))
	t.seen.made[in.ID] = &in
	t.undo = append(t.undo, func() { delete(t.seen.made, in.ID) })
	for _, d := range in.Devices {
		if err := t.insert(ctx, deviceRows, n, string(d.Device), string(d.Have), d.Reason, micros(d.At)); err != nil {
			return 0, err
		}
	}
	if live == 0 {
		return n, nil
	}
	t.lives(stay{in.Tenant, in.VPN.ID, in.A.AccessPoint, in.Z.AccessPoint}, 1)
	if err := t.addToVPN(ctx, &in); err != nil {
		return 0, err
	}
	return n, t.addUse(ctx, in.Tenant, kbps)
}

// exists says whether there is a session, also one that waits.
func (t *tx) exists(ctx context.Context, id session.ID) (bool, error) {
	if _, waits := t.seen.made[id]; waits {
		return true, nil
	}
	if there, known := t.seen.ids[id]; known {
		return there, nil
	}
	return exists(ctx, t, id)
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
