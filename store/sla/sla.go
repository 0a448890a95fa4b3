// SPDX-License-Identifier: Apache-2.0

// Package sla keeps what was measured of sessions: their windows for a while,
// and the sum of each session for as long as it is measured. It is a SQLite
// file of its own, so that measurements never wait for orders nor orders for
// them. It is written in batches and not synced at each: what a power failure
// takes was not told to anybody and is unknown time afterwards.
package sla

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/internal/schema"
)

//go:embed migrations/*.sql
var migrations embed.FS

var _ order.Records = (*Store)(nil)

// Store is safe for concurrent use.
type Store struct {
	writing sync.Mutex // held by whoever writes
	write   *sql.DB
	writer  *sql.Conn
	read    *sql.DB
	q       queries
	sums    sums
}

// readers is how many may read at the same time.
const readers = 4

// Open opens the store in a file, or makes it.
func Open(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("open measurements: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open measurements: %w", err)
	}
	s := &Store{}
	if err := s.open(ctx, path); err != nil {
		return nil, fmt.Errorf("open measurements %s: %w", path, errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	if s.write, err = sql.Open("sqlite", dsn(path, "")); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	p, err := schema.Migrator(s.write, migrations)
	if err != nil {
		return err
	}
	if err := schema.Up(ctx, p); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)")); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if s.writer, err = s.write.Conn(ctx); err != nil {
		return fmt.Errorf("open writer: %w", err)
	}
	return s.q.prepare(ctx, s.writer, s.read)
}

func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)" + more
}

// Close lets the file go.
func (s *Store) Close() error {
	errs := s.q.close()
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Keep adds finished windows in one transaction, those of a session in order. A
// window that begins before the last one of its session ended is there already
// and is left out, so that a batch may be repeated.
func (s *Store) Keep(ctx context.Context, windows []order.SessionWindow) error {
	changed := make([]session.ID, 0, len(windows))
	err := s.transaction(ctx, func() error {
		for _, w := range windows {
			if err := s.keep(ctx, w); err != nil {
				return fmt.Errorf("keep window of session %s: %w", w.Session, err)
			}
			changed = append(changed, w.Session)
		}
		return nil
	})
	s.sums.drop(changed)
	return err
}

// transaction runs what writes.
func (s *Store) transaction(ctx context.Context, run func() error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.q.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := run()
	if err == nil {
		if _, err = s.q.commit.ExecContext(ctx); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	_, _ = s.q.rollback.ExecContext(context.WithoutCancel(ctx)) // SQLite may have done so already
	return err
}

func (s *Store) keep(ctx context.Context, w order.SessionWindow) error {
	var n, seq int64
	row := values(w.SLAWindow)
	err := s.q.addUp.QueryRowContext(ctx, append([]any{string(w.Session)}, row...)...).Scan(&n, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // it is there
	}
	if err != nil {
		return fmt.Errorf("add up: %w", err)
	}
	if _, err := s.q.addWindow.ExecContext(ctx, append(row, n, seq, string(w.Verdict))...); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// Sums returns the sums of all sessions.
func (s *Store) Sums(ctx context.Context) (map[session.ID]session.SLAWindow, error) {
	rows, err := s.q.subjects.QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sums: %w", err)
	}
	defer rows.Close()
	sums := map[session.ID]session.SLAWindow{}
	for rows.Next() {
		of, err := subjectOf(rows)
		if err != nil {
			return nil, err
		}
		sums[of.id] = of.sum
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sums: %w", err)
	}
	return sums, nil
}

// Delivered implements order.Records.
func (s *Store) Delivered(ctx context.Context, id session.ID) (session.SLAWindow, bool, error) {
	if one, ok := s.sums.get(id); ok {
		return one.sum, one.there, nil
	}
	at := s.sums.moment()
	of, err := subjectOf(s.q.subject.QueryRowContext(ctx, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		s.sums.learn(at, id, sum{})
		return session.SLAWindow{}, false, nil
	}
	if err != nil {
		return session.SLAWindow{}, false, err
	}
	s.sums.learn(at, id, sum{of.sum, true})
	return of.sum, true, nil
}

// purgeAtOnce bounds what one transaction of Purge deletes.
const purgeAtOnce = 5000

// Purge forgets windows that ended before a moment, and sessions whose last one
// did. It returns how many windows are gone.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for after := int64(0); ; {
		n, gone, more, err := s.purgeNext(ctx, after, before)
		total += gone
		if err != nil || n == 0 {
			return total, err
		}
		if !more {
			after = n
		}
	}
}

// purgeNext purges windows of the first session after a number; n is 0 without
// one, more is true when it may have more.
func (s *Store) purgeNext(ctx context.Context, after int64, before time.Time) (n int64, gone int, more bool, err error) {
	var changed []session.ID
	err = s.transaction(ctx, func() error {
		of, err := subjectOf(s.q.nextSubject.QueryRowContext(ctx, after, before.UnixMicro()))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		keep, err := firstAt(ctx, s.q.untilOf, of, of.first, before.UnixMicro())
		if err != nil {
			return err
		}
		to := min(keep, of.first+purgeAtOnce)
		if _, err := s.q.dropWindows.ExecContext(ctx, of.n, to); err != nil {
			return fmt.Errorf("drop windows: %w", err)
		}
		end, args := s.q.setFirst, []any{to, of.n}
		if to > of.last {
			end, args = s.q.dropSubject, []any{of.n}
		}
		if _, err := end.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("drop windows: %w", err)
		}
		n, gone, more, changed = of.n, int(to-of.first), to < keep, []session.ID{of.id}
		return nil
	})
	s.sums.drop(changed)
	return n, gone, more, err
}
