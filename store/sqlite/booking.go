// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// bookLog is the log of bookings as a transaction found it and goes on with it.
type bookLog struct {
	open    bool   // the two below are read, and the book has caught up
	newest  uint64 // committed seq
	added   []pathcomp.Booking
	pending []string                   // owners of pending entries
	arcs    map[topology.ArcName]int64 // that have got their number here
}

// openLog reads where the log is and feeds the book what it missed.
func (t *tx) openLog(ctx context.Context) error {
	if t.log.open {
		return nil
	}
	newest, err := t.q.NewestBooking(ctx)
	if err != nil {
		return fmt.Errorf("read the newest booking: %w", err)
	}
	t.log.newest, t.log.open = uint64(newest), true //nolint:gosec // counts from 1
	known := t.ledger.Known()
	if known == t.log.newest {
		return nil
	}
	if known > t.log.newest {
		return session.Errorf(session.Internal, "", "the book knows booking %d, the store only %d", known, t.log.newest)
	}
	missed, err := bookingsSince(ctx, t.q, t.w.arcs, known)
	if err != nil {
		return err
	}
	if uint64(len(missed)) != t.log.newest-known {
		return t.reload(ctx, known)
	}
	if err := t.ledger.CatchUp(missed); err != nil {
		return fmt.Errorf("catch up with bookings from %d: %w", known, err)
	}
	return nil
}

// reload feeds the book anew where the log does not reach back far enough.
func (t *tx) reload(ctx context.Context, known uint64) error {
	var live []pathcomp.Booking
	err := eachLive(ctx, t.w.conn, t.q, t.w.arcs, func(b pathcomp.Booking) error {
		live = append(live, b)
		return nil
	})
	if err == nil {
		err = t.ledger.Reload(live)
	}
	if err != nil {
		return fmt.Errorf("reload the book, which knows booking %d: %w", known, err)
	}
	return nil
}

// arc returns the number of an arc, given if it has none.
func (t *tx) arc(ctx context.Context, name topology.ArcName) (int64, error) {
	if n, ok := t.w.arcs.number(name); ok {
		return n, nil
	}
	if n, ok := t.log.arcs[name]; ok {
		return n, nil
	}
	n, err := t.q.InsertArc(ctx, string(name))
	if err != nil {
		return 0, fmt.Errorf("write arc %s: %w", name, err)
	}
	t.log.arcs[name] = n
	if t.saved {
		t.undo = append(t.undo, func() { delete(t.log.arcs, name) })
	}
	return n, nil
}

// reserve asks the book, which enters route as pending when it fits, and writes
// the booking. A route that takes nothing and ends nothing is not written.
func (t *tx) reserve(ctx context.Context, owner string, route pathcomp.Admission) error {
	if len(route.Uses) == 0 && route.Replaces == "" {
		return nil
	}
	if route.Variant == pathcomp.EveryVariant {
		return session.Errorf(session.OutOfRange, "", "variant %d is beyond what can be kept", route.Variant)
	}
	if err := t.openLog(ctx); err != nil {
		return err
	}
	route.Window = pathcomp.Window{From: fromMicros(micros(route.Window.From)), Until: fromMicros(micros(route.Window.Until))}
	blob, err := t.encodeUses(ctx, route.Uses)
	if err != nil {
		return err
	}
	if err := t.ledger.Reserve(owner, route); err != nil {
		return fmt.Errorf("reserve for %s: %w: %w", owner, order.ErrConflict, err)
	}
	t.log.pending = append(t.log.pending, owner)
	return t.append(ctx, pathcomp.Booking{
		Owner: owner, Variant: route.Variant, Replaces: route.Replaces,
		Class: route.Class, Window: route.Window, Uses: route.Uses,
	}, blob)
}

// booked returns what owner takes in a variant, which it has.
func (t *tx) booked(ctx context.Context, owner string, variant uint32) ([]pathcomp.Use, error) {
	if err := t.openLog(ctx); err != nil {
		return nil, err
	}
	uses := t.ledger.Uses(owner, variant)
	if len(uses) == 0 {
		return nil, fmt.Errorf("variant %d of session %s: %w", variant, owner, order.ErrNotBooked)
	}
	return uses, nil
}

func (t *tx) encodeUses(ctx context.Context, uses []pathcomp.Use) ([]byte, error) {
	blob := make([]byte, 0, 6*len(uses))
	numbers := make([]int64, 0, len(uses))
	for _, u := range uses {
		kbps, err := signed("rate", u.Kbps)
		if err != nil {
			return nil, err
		}
		n, err := t.arc(ctx, u.Arc)
		if err != nil {
			return nil, err
		}
		if slices.Contains(numbers, n) {
			return nil, session.Errorf(session.Invalid, "", "arc %s is used twice in one admission", u.Arc)
		}
		numbers = append(numbers, n)
		blob = appendPair(blob, n, kbps)
	}
	return blob, nil
}

// giveBack ends what owner has booked in variants below.
func (t *tx) giveBack(ctx context.Context, owner string, below uint32) error {
	if err := t.openLog(ctx); err != nil {
		return err
	}
	n, err := t.q.EndBookings(ctx, sqlitedb.EndBookingsParams{Owner: owner, Below: int64(below)})
	if err != nil {
		return fmt.Errorf("end bookings of %s: %w", owner, err)
	}
	if n == 0 {
		return nil
	}
	return t.append(ctx, pathcomp.Booking{Owner: owner, Release: true, Variant: below}, []byte{})
}

// append gives b the next seq, writes it and keeps it for the book.
func (t *tx) append(ctx context.Context, b pathcomp.Booking, uses []byte) error {
	b.Seq = t.log.newest + uint64(len(t.log.added)) + 1
	t.log.added = append(t.log.added, b)
	return t.insert(ctx, bookingRows, int64(b.Seq), b.Owner, int64(b.Variant), flag(b.Release), b.Replaces, b.Class, //nolint:gosec // counts from 1
		micros(b.Window.From), micros(b.Window.Until), uses, flag(!b.Release), micros(t.now))
}

// settle tells the book, and what is kept in memory, what became durable.
func (t *tx) settle() {
	t.w.known.committed(t.changed, t.read, t.told) // before anybody is told
	t.w.roster.committed(t.turnover)
	if len(t.log.arcs) > 0 {
		t.w.arcs.add(t.log.arcs)
	}
	maps.Copy(t.w.pools, t.pools)
	if len(t.log.added) > 0 {
		t.ledger.Settle(t.log.added)
	}
}

// withdraw tells the book that what pends from the first on never was.
func (t *tx) withdraw(first int) {
	for _, owner := range t.log.pending[first:] {
		t.ledger.Withdraw(owner)
	}
	t.log.pending = t.log.pending[:first]
}

// LoadBookings implements order.Store. It is the one read without a time
// limit: nothing is admitted before it ends.
func (s *Store) LoadBookings(ctx context.Context, each func(pathcomp.Booking) error) error {
	return s.readLong(ctx, func(ctx context.Context, r *reader) error {
		return eachLive(ctx, r.conn, r.q, s.writer.arcs, each)
	})
}

// eachLive hands out live bookings in order, then the newest seq if that is of
// none of them. It streams, where the generated queries would first collect.
func eachLive(ctx context.Context, conn *statements, q *sqlitedb.Queries, arcs *arcNames, each func(pathcomp.Booking) error) error {
	newest, err := q.NewestBooking(ctx)
	if err != nil {
		return fmt.Errorf("read the newest booking: %w", err)
	}
	rows, err := conn.QueryContext(ctx, `SELECT seq, owner, variant, releases, replaces, class, from_at, until_at, uses
		FROM booking WHERE live = 1 ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read bookings: %w", err)
	}
	defer rows.Close()
	name, last := arcs.of(ctx, q), int64(0)
	for rows.Next() {
		var row sqlitedb.BookingsSinceRow
		err := rows.Scan(&row.Seq, &row.Owner, &row.Variant, &row.Releases, &row.Replaces, &row.Class, &row.FromAt, &row.UntilAt, &row.Uses)
		if err != nil {
			return fmt.Errorf("read booking: %w", err)
		}
		b, err := booking(row, name)
		if err != nil {
			return err
		}
		if err := each(b); err != nil {
			return err
		}
		last = row.Seq
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read bookings: %w", err)
	}
	if last == newest {
		return nil
	}
	return each(pathcomp.Booking{Seq: uint64(newest)}) //nolint:gosec // counts from 1
}

// Bookings returns what is left of the log after a seq, in order.
func (s *Store) Bookings(ctx context.Context, after uint64) ([]pathcomp.Booking, error) {
	var out []pathcomp.Booking
	err := s.read(ctx, func(ctx context.Context, r *reader) (err error) {
		out, err = bookingsSince(ctx, r.q, s.writer.arcs, after)
		return err
	})
	return out, err
}

func bookingsSince(ctx context.Context, q *sqlitedb.Queries, arcs *arcNames, after uint64) ([]pathcomp.Booking, error) {
	rows, err := q.BookingsSince(ctx, int64(after)) //nolint:gosec // counts from 1
	if err != nil {
		return nil, fmt.Errorf("read bookings after %d: %w", after, err)
	}
	name := arcs.of(ctx, q)
	out := make([]pathcomp.Booking, len(rows))
	for i, row := range rows {
		if out[i], err = booking(row, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// booking returns a row of the log as it is used.
func booking(row sqlitedb.BookingsSinceRow, name func(int64) (topology.ArcName, error)) (pathcomp.Booking, error) {
	uses, err := decodeUses(row.Uses, name)
	if err != nil {
		return pathcomp.Booking{}, fmt.Errorf("read booking %d of %s: %w", row.Seq, row.Owner, err)
	}
	return pathcomp.Booking{
		Seq: uint64(row.Seq), Owner: row.Owner, Variant: uint32(row.Variant), Release: row.Releases != 0, //nolint:gosec // as they were written
		Replaces: row.Replaces, Class: row.Class,
		Window: pathcomp.Window{From: fromMicros(row.FromAt), Until: fromMicros(row.UntilAt)}, Uses: uses,
	}, nil
}
