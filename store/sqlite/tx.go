// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// tx is one write transaction and what it must do to the book when it ends.
//
// An admission only reads, and puts down what is to be written: the rows of many
// go into a table together. So it needs no savepoint, and one that is refused
// undoes in memory what it put down.
type tx struct {
	w      *writer
	q      *sqlitedb.Queries
	now    time.Time
	ledger order.Ledger

	log         bookLog
	turnover    turnover
	behind      behind             // what waits to be written
	seen        seen               // what admissions have read, with what waits
	read        map[int64]*kept    // sessions as they will be if this is committed
	changed     map[int64]struct{} // sessions that are not as they were, or are gone
	told        map[int64]told     // new events
	undo        []func()           // what the part under way did to all this
	pools       map[string]int64   // that have got their number here
	lastSession int64
	waits       bool // the part under way only admits
	saved       bool // the part under way has a savepoint
}

func newTx(w *writer, jobs []*job) *tx {
	t := &tx{w: w, q: w.q, now: w.clock(), seen: newSeen(), read: map[int64]*kept{}, changed: map[int64]struct{}{}, told: map[int64]told{}, pools: map[string]int64{}, turnover: newTurnover(), log: bookLog{arcs: map[topology.ArcName]int64{}}}
	for _, j := range jobs {
		if j.ledger != nil {
			t.ledger = j.ledger
		}
	}
	return t
}

// all carries out parts, admissions first, and returns one that was not refused;
// nil: all were.
func (t *tx) all(ctx context.Context, parts []*part) (good *part, err error) {
	var admissions []*order.Admission
	for _, p := range parts {
		if p.admits != nil {
			admissions = append(admissions, p.admits)
		}
	}
	if err := t.readAhead(ctx, admissions); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := t.do(ctx, p); err != nil {
			return nil, err
		}
		if p.err == nil {
			good = p
		}
	}
	return good, t.flush(ctx)
}

// do runs a part, so that it leaves nothing if it is refused. Why it was is
// kept in p.err; the error says that the transaction as a whole is lost.
func (t *tx) do(ctx context.Context, p *part) error {
	t.undo, t.waits, t.saved = t.undo[:0], p.admits != nil, false
	if !t.waits { // it may read what waits
		if err := t.flush(ctx); err != nil {
			return err
		}
		if err := t.save(ctx); err != nil {
			return err
		}
	}
	t.seen.any = t.seen.any || t.waits
	added, pending := len(t.log.added), len(t.log.pending)
	p.err = p.run(ctx, t)
	if p.err == nil {
		return t.release(ctx)
	}
	t.withdraw(pending)
	t.log.added = t.log.added[:added]
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	if broken(p.err) {
		return p.err
	}
	if !t.saved {
		return nil
	}
	// Were the transaction gone, this would fail too and end it for all.
	if err := t.w.exec(ctx, "ROLLBACK TO part"); err != nil {
		return fmt.Errorf("undo: %w", errors.Join(p.err, err))
	}
	return t.release(ctx)
}

// keep notes a session as it is by now in this transaction.
func (t *tx) keep(n int64, one *kept) {
	was, had := t.read[n]
	t.undo = append(t.undo, func() {
		if delete(t.read, n); had {
			t.read[n] = was
		}
	})
	t.read[n] = one
}

// change notes that a session gets another version, or goes: what was read of it
// is no longer so.
func (t *tx) change(n int64) {
	t.changed[n] = struct{}{}
	delete(t.read, n)
}

// save makes a savepoint for the part under way if it has none: it is going to
// write what may have to be undone.
func (t *tx) save(ctx context.Context) error {
	if t.saved {
		return nil
	}
	if err := t.w.exec(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	t.saved = true
	return nil
}

// release ends the savepoint of the part under way, if it has one.
func (t *tx) release(ctx context.Context) error {
	if !t.saved {
		return nil
	}
	if err := t.w.exec(ctx, "RELEASE part"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

// broken says whether err is the store's trouble, which every part shares.
func broken(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff != sqlite3.SQLITE_CONSTRAINT
}

// micros returns t as the store keeps times: 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the inverse of micros.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// signed returns v as the store keeps numbers; those beyond are refused.
func signed(what string, v uint64) (int64, error) {
	if v > math.MaxInt64 {
		return 0, session.Errorf(session.OutOfRange, "", "%s %d is beyond what can be kept", what, v)
	}
	return int64(v), nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
