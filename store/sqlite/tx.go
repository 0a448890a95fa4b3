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
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// tx is one write transaction and what it must do to the book when it ends.
type tx struct {
	w      *writer
	q      *sqlitedb.Queries
	many   *many
	now    time.Time
	ledger order.Ledger

	arcs    map[topology.ArcName]*arcRow
	pools   map[string]int64
	changes []pathcomp.Change // in order of version
	pending []string          // owners of pending entries
	undo    []func()          // what the part under way did to all this

	waits  bool     // the part under way only admits: its rows may wait
	behind []*later // rows that wait to be written with those of other parts
}

// later is rows for one table that are written together.
type later struct {
	into   string
	width  int
	values []any
}

// arcRow is an arc as the transaction found it and as it will leave it.
type arcRow struct {
	n       int64
	base    uint64 // committed version
	version uint64
}

func newTx(w *writer, jobs []*job) *tx {
	t := &tx{
		w: w, q: w.q, many: w.many, now: w.clock(),
		arcs: map[topology.ArcName]*arcRow{}, pools: map[string]int64{},
	}
	for _, j := range jobs {
		if j.ledger != nil {
			t.ledger = j.ledger
		}
	}
	return t
}

// do runs a part in a savepoint. What the part itself refuses is kept in
// p.err; the error says that the transaction as a whole is lost.
func (t *tx) do(ctx context.Context, p *part) error {
	t.waits = p.admits
	if err := t.catchRows(ctx); err != nil {
		return err
	}
	if err := t.w.exec(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	t.undo = t.undo[:0]
	changes, pending := len(t.changes), len(t.pending)
	p.err = p.run(ctx, t)
	if p.err == nil {
		if err := t.w.exec(ctx, "RELEASE part"); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
		return nil
	}
	for _, owner := range t.pending[pending:] {
		t.ledger.Withdraw(owner)
	}
	t.changes, t.pending = t.changes[:changes], t.pending[:pending]
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	if broken(p.err) {
		return p.err
	}
	// Were the transaction gone, this would fail too and end it for all.
	if err := t.w.exec(ctx, "ROLLBACK TO part"); err != nil {
		return fmt.Errorf("undo: %w", errors.Join(p.err, err))
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

// flush writes what was kept back to the end of the transaction.
func (t *tx) flush(ctx context.Context) error {
	t.waits = false
	if err := t.catchRows(ctx); err != nil {
		return err
	}
	for _, a := range t.arcs {
		if a.version == a.base {
			continue
		}
		err := t.q.SetArcVersion(ctx, sqlitedb.SetArcVersionParams{Version: int64(a.version), N: a.n}) //nolint:gosec // counts from 1
		if err != nil {
			return fmt.Errorf("write version of arc %d: %w", a.n, err)
		}
	}
	return nil
}

// insert writes rows of width values each, now or with those of other parts.
// Rows that wait are of tables that no admission reads.
func (t *tx) insert(ctx context.Context, into string, width int, values []any) error {
	if !t.waits {
		return t.many.insert(ctx, into, width, values)
	}
	for _, l := range t.behind {
		if l.into == into {
			before := len(l.values)
			t.undo = append(t.undo, func() { l.values = l.values[:before] })
			l.values = append(l.values, values...)
			return nil
		}
	}
	l := &later{into: into, width: width, values: values}
	t.undo = append(t.undo, func() { l.values = l.values[:0] })
	t.behind = append(t.behind, l)
	return nil
}

// catchRows writes the rows that wait: all before a part that may read them,
// else where enough have come together.
func (t *tx) catchRows(ctx context.Context) error {
	for _, l := range t.behind {
		if t.waits && len(l.values) < mostRows*l.width {
			continue
		}
		if err := t.many.insert(ctx, l.into, l.width, l.values); err != nil {
			return err
		}
		l.values = l.values[:0]
	}
	return nil
}

// settle tells the book what became durable.
func (t *tx) settle() {
	if t.ledger != nil && len(t.changes) > 0 {
		t.ledger.Settle(t.changes)
	}
}

// withdraw tells the book that nothing did.
func (t *tx) withdraw() {
	for _, owner := range t.pending {
		t.ledger.Withdraw(owner)
	}
	t.pending = nil
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
