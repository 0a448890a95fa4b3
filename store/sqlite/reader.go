// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

const readerCount = 4

// reader is a connection that only reads.
type reader struct {
	conn *statements
	q    *sqlitedb.Queries
}

func newReaders(ctx context.Context, db *sql.DB) (chan *reader, error) {
	readers := make(chan *reader, readerCount)
	for range readerCount {
		conn, err := db.Conn(ctx)
		if err != nil {
			return readers, fmt.Errorf("open reader: %w", err)
		}
		prepared := newStatements(conn)
		readers <- &reader{conn: prepared, q: sqlitedb.New(prepared)}
	}
	return readers, nil
}

// closeReaders waits for reads under way, which are bounded. The channel stays
// empty, so later reads end with their context.
func closeReaders(readers chan *reader, limit time.Duration) error {
	var errs []error
	for range readerCount {
		select {
		case r := <-readers:
			errs = append(errs, r.conn.close())
		case <-time.After(limit):
			return errors.Join(append(errs, errors.New("a read did not end"))...)
		}
	}
	return errors.Join(errs...)
}

// read runs fn on one snapshot of the store, for Config.ReadLimit at most.
func (s *Store) read(ctx context.Context, fn func(ctx context.Context, r *reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.readLimit)
	defer cancel()
	return s.readLong(ctx, fn)
}

// readOnce runs fn, which reads with one statement, for Config.ReadLimit at most.
func (s *Store) readOnce(ctx context.Context, fn func(ctx context.Context, r *reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.readLimit)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { s.readers <- r }()
	return fn(ctx, r)
}

// reader waits for a reader that nobody has. It is given back to s.readers.
func (s *Store) reader(ctx context.Context) (*reader, error) {
	select {
	case r := <-s.readers:
		return r, nil
	case <-s.writer.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a reader: %w", ctx.Err())
	}
}

// readLong runs fn on one snapshot for as long as ctx allows.
func (s *Store) readLong(ctx context.Context, fn func(ctx context.Context, r *reader) error) error {
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { s.readers <- r }()
	if _, err := r.conn.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin read: %w", err)
	}
	err = fn(ctx, r)
	if _, end := r.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); end != nil && err == nil {
		err = fmt.Errorf("end read: %w", end)
	}
	return err
}
