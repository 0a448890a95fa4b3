// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// writer is the one goroutine that writes.
type writer struct {
	queue  *queue
	conn   *statements
	q      *sqlitedb.Queries
	many   *many
	arcs   *arcNames
	known  *known
	roster *roster
	pools  map[string]int64 // numbers, which never change
	clock  func() time.Time
	log    *slog.Logger

	checkpointer *checkpointer
	lead         func(first bool)

	done chan struct{}
	// commit is replaced by tests of commits with unknown outcome.
	commit func(context.Context) error
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open writer: %w", err)
	}
	prepared := newStatements(conn)
	w := &writer{
		queue: newQueue(), conn: prepared, q: sqlitedb.New(prepared), many: newMany(prepared), arcs: newArcNames(), known: s.known, roster: &roster{}, pools: map[string]int64{},
		clock: s.clock, log: s.log, checkpointer: s.checkpointer, lead: s.lead, done: make(chan struct{}),
	}
	w.commit = func(ctx context.Context) error { return w.exec(ctx, "COMMIT") }
	if err := w.roster.count(ctx, w.q); err != nil {
		return nil, errors.Join(err, prepared.close())
	}
	go w.loop() //nolint:contextcheck // a transaction outlives the callers it serves
	return w, nil
}

// write queues parts and waits until they are durable or refused. The error is
// that of the transaction; a refused part has its own.
func (w *writer) write(ctx context.Context, j *job) error {
	j.ctx, j.done = ctx, make(chan error, 1)
	if !w.queue.put(j) {
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if w.queue.drop(j) {
			return fmt.Errorf("wait to write: %w", ctx.Err())
		}
		return <-j.done // begun: what it came to must be known
	}
}

// one queues a single part.
func (w *writer) one(ctx context.Context, l lane, run func(context.Context, *tx) error) error {
	p := &part{run: run}
	if err := w.write(ctx, &job{lane: l, parts: []*part{p}}); err != nil {
		return err
	}
	return p.err
}

func (w *writer) close() error {
	for _, j := range w.queue.close() {
		j.done <- ErrClosed
	}
	<-w.done
	return w.conn.close()
}

// gather is how long a transaction waits for more to do when the one before had
// more than one job: each costs a wait for the disk and the same pages written
// again, whatever it does. Who writes alone never waits. PostgreSQL has the same
// as commit_delay and commit_siblings.
const gather = 3 * time.Millisecond

func (w *writer) loop() {
	defer close(w.done)
	company := false
	for range w.queue.wake {
		if company {
			time.Sleep(gather)
		}
		jobs := w.queue.take()
		company = len(jobs) > 1
		if len(jobs) > 0 {
			w.lead(slices.ContainsFunc(jobs, func(j *job) bool { return j.lane == interactive }))
			err := w.transaction(jobs)
			for _, j := range jobs {
				j.done <- err
			}
			continue
		}
		if w.queue.isClosed() {
			return
		}
	}
}

// transaction carries jobs out together. It is not torn by a caller that
// leaves: its context never ends, each statement is short.
func (w *writer) transaction(jobs []*job) error {
	ctx := context.Background()
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return unavailable("begin transaction", err)
	}
	if w.roster.unsure {
		if err := w.roster.count(ctx, w.q); err != nil {
			w.rollback(ctx)
			return unavailable("count", err)
		}
	}
	t := newTx(w, jobs)
	defer t.behind.encoding.Wait() // it reads what is the callers' again then
	good, err := t.all(ctx, inTurn(jobs))
	if err != nil {
		t.withdraw(0)
		w.rollback(ctx)
		return unavailable("write", err)
	}
	if good == nil {
		w.rollback(ctx)
		return nil
	}
	if len(t.changed)+len(t.told) > 0 {
		w.known.committing()
	}
	if err := w.commit(ctx); err != nil {
		return w.afterFailedCommit(ctx, t, good, err)
	}
	t.settle()
	w.checkpointer.committed()
	return nil
}

// afterFailedCommit finds out whether a commit that failed took place after
// all. While that cannot be known the book keeps its entries pending: room is
// then missing until a restart, and never sold twice.
func (w *writer) afterFailedCommit(ctx context.Context, t *tx, good *part, cause error) error {
	w.rollback(ctx)
	for n := range t.read {
		t.change(n)
	}
	w.known.forget(t.changed, t.told)
	landed, err := false, errors.New("nothing to tell it by")
	if good.landed != nil {
		landed, err = good.landed(ctx, t)
	}
	switch {
	case err == nil && landed:
		w.log.WarnContext(ctx, "commit failed and took place", "error", cause)
		t.settle()
		return nil
	case err == nil:
		t.withdraw(0)
		return unavailable("commit", cause)
	}
	w.roster.unsure = true
	w.log.ErrorContext(ctx, "outcome of a commit is unknown", "error", cause, "read", err)
	return unavailable("commit, outcome unknown", errors.Join(cause, err))
}

// exec runs a step of a transaction.
func (w *writer) exec(ctx context.Context, statement string) error {
	_, err := w.conn.ExecContext(ctx, statement)
	return err
}

// rollback ends the transaction if SQLite has not ended it already.
func (w *writer) rollback(ctx context.Context) {
	if err := w.exec(ctx, "ROLLBACK"); err != nil {
		w.log.DebugContext(ctx, "transaction had ended", "error", err)
	}
}

// unavailable tells callers that not their request is at fault; what is wrong
// with the store is for operators.
func unavailable(step string, err error) error {
	cause := "the store cannot write now"
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			cause = "the store's disk is full"
		case sqlite3.SQLITE_READONLY:
			cause = "the store cannot be written"
		case sqlite3.SQLITE_CORRUPT:
			cause = "the store is damaged"
		}
	}
	return &session.Error{Code: session.Unavailable, Detail: "nothing can be changed at this moment", Err: fmt.Errorf("%s: %s: %w", cause, step, err)}
}
