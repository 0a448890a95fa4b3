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
	"github.com/s2cd/s2cd/topology"
)

const (
	intoReservation = "reservation (session_n, arc_n, part, class, kbps, from_at, until_at)"
	intoChange      = "arc_change (arc_n, version, session_n, class, kbps, from_at, until_at, at)"
)

// arc returns the row of an arc, made if there is none.
func (t *tx) arc(ctx context.Context, name topology.ArcName) (*arcRow, error) {
	if a := t.arcs[name]; a != nil {
		return a, nil
	}
	row, err := t.q.Arc(ctx, string(name))
	if errors.Is(err, sql.ErrNoRows) {
		row.N, err = t.q.InsertArc(ctx, string(name))
	}
	if err != nil {
		return nil, fmt.Errorf("read arc %s: %w", name, err)
	}
	version := uint64(row.Version) //nolint:gosec // counts from 1
	a := &arcRow{n: row.N, base: version, version: version}
	t.arcs[name] = a
	t.undo = append(t.undo, func() { delete(t.arcs, name) })
	if err := t.catchUp(ctx, name, a); err != nil {
		return nil, err
	}
	return a, nil
}

// catchUp feeds the book what others committed on an arc.
func (t *tx) catchUp(ctx context.Context, name topology.ArcName, a *arcRow) error {
	if t.ledger == nil {
		return nil
	}
	known := t.ledger.Known(name)
	if known == a.base {
		return nil
	}
	if known > a.base {
		return session.Errorf(session.Internal, "", "the book knows version %d of arc %s, the store only %d", known, name, a.base)
	}
	missed, err := changes(ctx, t.q, name, a.n, known, a.base)
	if err != nil {
		return err
	}
	if uint64(len(missed)) != a.base-known {
		return session.Errorf(session.Unavailable, "", "the log of arc %s does not reach back to version %d, load the book anew", name, known)
	}
	if err := t.ledger.CatchUp(missed); err != nil {
		return fmt.Errorf("catch up with arc %s: %w", name, err)
	}
	return nil
}

// reserve asks the book, which enters route as pending when it fits.
func (t *tx) reserve(ctx context.Context, id session.ID, route pathcomp.Admission) error {
	seen := make(map[topology.ArcName]struct{}, len(route.Uses))
	for _, u := range route.Uses {
		if _, twice := seen[u.Arc]; twice {
			return session.Errorf(session.Invalid, "", "arc %s is used twice in one admission", u.Arc)
		}
		seen[u.Arc] = struct{}{}
		if _, err := t.arc(ctx, u.Arc); err != nil {
			return err
		}
	}
	if err := t.ledger.Reserve(string(id), route); err != nil {
		return fmt.Errorf("reserve session %s: %w: %w", id, order.ErrConflict, err)
	}
	t.pending = append(t.pending, string(id))
	return nil
}

// book writes what reserve entered.
func (t *tx) book(ctx context.Context, n int64, id session.ID, part uint64, route pathcomp.Admission) error {
	from, until := micros(route.Window.From), micros(route.Window.Until)
	rows := make([]any, 0, len(route.Uses)*7)
	log := make([]any, 0, len(route.Uses)*8)
	for _, u := range route.Uses {
		kbps, err := signed("rate", u.Kbps)
		if err != nil {
			return err
		}
		a := t.arcs[u.Arc]
		version := t.change(a, pathcomp.Change{
			Arc: u.Arc, Owner: string(id), Class: route.Class, Kbps: kbps, Window: asKeptWindow(route.Window),
		})
		rows = append(rows, n, a.n, int64(part), route.Class, kbps, from, until) //nolint:gosec // counts from 1
		log = append(log, a.n, version, n, route.Class, kbps, from, until, micros(t.now))
	}
	if err := t.insert(ctx, intoReservation, 7, rows); err != nil {
		return err
	}
	return t.insert(ctx, intoChange, 8, log)
}

// giveBack returns all that a session holds of the arcs.
func (t *tx) giveBack(ctx context.Context, n int64, id session.ID) error {
	held, err := t.q.ReservationsOf(ctx, n)
	if err != nil {
		return fmt.Errorf("read reservations of session %s: %w", id, err)
	}
	log := make([]any, 0, len(held)*8)
	for _, r := range held {
		known, err := t.q.ArcByNumber(ctx, r.ArcN)
		if err != nil {
			return fmt.Errorf("read arc %d: %w", r.ArcN, err)
		}
		name := topology.ArcName(known.Name)
		a, err := t.arc(ctx, name)
		if err != nil {
			return err
		}
		version := t.change(a, pathcomp.Change{
			Arc: name, Owner: string(id), Class: r.Class, Kbps: -r.Kbps,
			Window: pathcomp.Window{From: fromMicros(r.FromAt), Until: fromMicros(r.UntilAt)},
		})
		log = append(log, a.n, version, n, r.Class, -r.Kbps, r.FromAt, r.UntilAt, micros(t.now))
	}
	if err := t.insert(ctx, intoChange, 8, log); err != nil {
		return err
	}
	if err := t.q.DeleteReservations(ctx, n); err != nil {
		return fmt.Errorf("delete reservations of session %s: %w", id, err)
	}
	return nil
}

// change gives c the arc's next version and keeps it for the book.
func (t *tx) change(a *arcRow, c pathcomp.Change) int64 {
	a.version++
	t.undo = append(t.undo, func() { a.version-- })
	c.Version = a.version
	t.changes = append(t.changes, c)
	return int64(a.version) //nolint:gosec // counts from 1
}

func asKeptWindow(w pathcomp.Window) pathcomp.Window {
	return pathcomp.Window{From: fromMicros(micros(w.From)), Until: fromMicros(micros(w.Until))}
}

// LoadArcs returns every arc's live reservations, each at its arc's newest
// version, from one snapshot. An arc that has a version and nothing reserved
// gets a change of 0 kbit/s without owner, so that its version is known. It is
// the one read without a time limit: nothing is admitted before it ends.
func (s *Store) LoadArcs(ctx context.Context, each func(pathcomp.Change) error) error {
	return s.readLong(ctx, func(ctx context.Context, r *reader) error {
		arcs, err := r.q.Arcs(ctx)
		if err != nil {
			return fmt.Errorf("read arcs: %w", err)
		}
		return loadReservations(ctx, r.conn, arcs, each)
	})
}
