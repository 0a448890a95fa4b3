// SPDX-License-Identifier: Apache-2.0

package sla

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

const (
	columns   = "from_at, until_at, met, breached, unknown, down, slow, sent, received, lost, rtt_sum, rtt_worst, octets_tx, octets_rx, counted"
	places    = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
	ofSubject = "n, id, first_seq, last_seq, " + columns
)

// addUp adds a window to the sum of its session, and returns both numbers. It
// returns none for a window that is there.
const addUp = "INSERT INTO subject (id, first_seq, last_seq, " + columns + ") VALUES (?, 1, 1, " + places + ")" + `
ON CONFLICT (id) DO UPDATE SET last_seq = last_seq + 1, until_at = excluded.until_at,
    met = met + excluded.met, breached = breached + excluded.breached, unknown = unknown + excluded.unknown,
    down = down + excluded.down, slow = slow + excluded.slow,
    sent = sent + excluded.sent, received = received + excluded.received, lost = lost + excluded.lost,
    rtt_sum = rtt_sum + excluded.rtt_sum, rtt_worst = max(rtt_worst, excluded.rtt_worst),
    octets_tx = octets_tx + excluded.octets_tx, octets_rx = octets_rx + excluded.octets_rx, counted = counted + excluded.counted
WHERE excluded.from_at >= until_at RETURNING n, last_seq`

// queries are the statements, prepared.
type queries struct {
	begin, commit, rollback, addUp, addWindow                *sql.Stmt
	nextSubject, untilOf, dropWindows, setFirst, dropSubject *sql.Stmt
	subject, subjects, fromOf, windows                       *sql.Stmt
}

// preparer is a connection, or all of them.
type preparer interface {
	PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
}

func (q *queries) prepare(ctx context.Context, write, read preparer) error {
	for _, one := range []struct {
		at   **sql.Stmt
		db   preparer
		text string
	}{
		{&q.begin, write, "BEGIN IMMEDIATE"},
		{&q.commit, write, "COMMIT"},
		{&q.rollback, write, "ROLLBACK"},
		{&q.addUp, write, addUp},
		{&q.addWindow, write, "INSERT INTO sla_window (" + columns + ", subject_n, seq, verdict) VALUES (" + places + ", ?, ?, ?)"},
		{&q.nextSubject, write, "SELECT " + ofSubject + " FROM subject s WHERE n > ? AND EXISTS (SELECT 1 FROM sla_window w" +
			" WHERE w.subject_n = s.n AND w.seq = s.first_seq AND w.until_at < ?) ORDER BY n LIMIT 1"},
		{&q.untilOf, write, "SELECT until_at FROM sla_window WHERE subject_n = ? AND seq = ?"},
		{&q.dropWindows, write, "DELETE FROM sla_window WHERE subject_n = ? AND seq < ?"},
		{&q.setFirst, write, "UPDATE subject SET first_seq = ? WHERE n = ?"},
		{&q.dropSubject, write, "DELETE FROM subject WHERE n = ?"},
		{&q.subject, read, "SELECT " + ofSubject + " FROM subject WHERE id = ?"},
		{&q.subjects, read, "SELECT " + ofSubject + " FROM subject"},
		{&q.fromOf, read, "SELECT from_at FROM sla_window WHERE subject_n = ? AND seq = ?"},
		{&q.windows, read, "SELECT " + columns + ", verdict FROM sla_window WHERE subject_n = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC"},
	} {
		var err error
		if *one.at, err = one.db.PrepareContext(ctx, one.text); err != nil { //nolint:sqlclosecheck // close does, for all
			return fmt.Errorf("prepare %.40s: %w", one.text, err)
		}
	}
	return nil
}

func (q *queries) close() []error {
	var errs []error
	for _, s := range []*sql.Stmt{
		q.begin, q.commit, q.rollback, q.addUp, q.addWindow, q.nextSubject, q.untilOf, q.dropWindows, q.setFirst, q.dropSubject,
		q.subject, q.subjects, q.fromOf, q.windows,
	} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errs
}

// subject is a session here, and the sum of its windows.
type subject struct {
	n           int64
	id          session.ID
	first, last int64 // windows that are kept
	sum         session.SLAWindow
}

type scanner interface{ Scan(into ...any) error }

func subjectOf(row scanner) (subject, error) {
	var of subject
	var w scanned
	if err := row.Scan(append([]any{&of.n, &of.id, &of.first, &of.last}, w.into()...)...); err != nil {
		return of, fmt.Errorf("read sum: %w", err)
	}
	of.sum = w.window()
	return of, nil
}

// scanned is a window as it is kept.
type scanned [15]int64

func (s *scanned) into() []any {
	all := make([]any, len(s))
	for i := range s {
		all[i] = &s[i]
	}
	return all
}

//nolint:gosec // what was kept was not negative
func (s *scanned) window() session.SLAWindow {
	us := func(i int) time.Duration { return time.Duration(s[i]) * time.Microsecond }
	return session.SLAWindow{
		From: time.UnixMicro(s[0]).UTC(), Until: time.UnixMicro(s[1]).UTC(),
		Met: us(2), Breached: us(3), Unknown: us(4), Down: us(5), Slow: us(6),
		Sent: uint64(s[7]), Received: uint64(s[8]), Lost: uint64(s[9]), RTTSumMicros: uint64(s[10]), WorstRTTMicros: uint32(s[11]),
		SentOctets: uint64(s[12]), RecvOctets: uint64(s[13]), Counted: us(14),
	}
}

// values is the inverse of window.
func values(w session.SLAWindow) []any {
	return []any{
		w.From.UnixMicro(), w.Until.UnixMicro(), w.Met.Microseconds(), w.Breached.Microseconds(), w.Unknown.Microseconds(),
		w.Down.Microseconds(), w.Slow.Microseconds(), signed(w.Sent), signed(w.Received), signed(w.Lost), signed(w.RTTSumMicros),
		int64(w.WorstRTTMicros), signed(w.SentOctets), signed(w.RecvOctets), w.Counted.Microseconds(),
	}
}

// signed stops a counter at what can be kept.
func signed(v uint64) int64 { return int64(min(v, 1<<63-1)) }

// firstAt returns the first of a session's windows from seq on whose time, by
// stmt, is not before a moment; one behind the last without any. It halves: the
// times grow with seq.
func firstAt(ctx context.Context, stmt *sql.Stmt, of subject, from, moment int64) (int64, error) {
	var failed error
	n := sort.Search(int(of.last-from+1), func(i int) bool {
		var at int64
		if err := stmt.QueryRowContext(ctx, of.n, from+int64(i)).Scan(&at); err != nil {
			failed = errors.Join(failed, fmt.Errorf("read window: %w", err))
		}
		return at >= moment
	})
	return from + int64(n), failed
}

// Windows implements order.Records.
func (s *Store) Windows(ctx context.Context, id session.ID, begin order.Span, offset, limit int) ([]session.SLAWindow, int, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, 0, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()                                                    // it only read
	of, err := subjectOf(tx.StmtContext(ctx, s.q.subject).QueryRowContext(ctx, string(id))) //nolint:sqlclosecheck // ends with the transaction
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	first, last, at := of.first, of.last, tx.StmtContext(ctx, s.q.fromOf)
	if !begin.Until.IsZero() {
		if last, err = firstAt(ctx, at, of, first, begin.Until.UnixMicro()+1); err != nil {
			return nil, 0, err
		}
		last--
	}
	if !begin.From.IsZero() {
		if first, err = firstAt(ctx, at, of, first, begin.From.UnixMicro()); err != nil {
			return nil, 0, err
		}
	}
	total := max(0, last-first+1)
	if int64(offset) >= total {
		return nil, int(total), nil
	}
	last -= int64(offset)
	out, err := readWindows(ctx, tx.StmtContext(ctx, s.q.windows), of.n, max(first, last-int64(limit)+1), last)
	return out, int(total), err
}

func readWindows(ctx context.Context, stmt *sql.Stmt, n, first, last int64) ([]session.SLAWindow, error) {
	rows, err := stmt.QueryContext(ctx, n, first, last)
	if err != nil {
		return nil, fmt.Errorf("read windows: %w", err)
	}
	defer rows.Close()
	var out []session.SLAWindow
	for rows.Next() {
		var w scanned
		var verdict session.Verdict
		if err := rows.Scan(append(w.into(), &verdict)...); err != nil {
			return nil, fmt.Errorf("read window: %w", err)
		}
		one := w.window()
		one.Verdict = verdict
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read windows: %w", err)
	}
	return out, nil
}
