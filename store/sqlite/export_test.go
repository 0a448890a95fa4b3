// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// LimitPages lets the file grow to so many pages and no further.
func (s *Store) LimitPages(ctx context.Context, pages int) error {
	return s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		_, err := t.w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	})
}

// FailCommits makes the next commit answer with err, after it took place or
// instead.
func (s *Store) FailCommits(ctx context.Context, after bool, failure error) error {
	return s.writer.one(ctx, interactive, func(context.Context, *tx) error {
		commit := s.writer.commit
		first := true
		s.writer.commit = func(ctx context.Context) error {
			if first { // of the transaction that sets this up
				first = false
				return commit(ctx)
			}
			s.writer.commit = commit
			if after {
				if err := commit(ctx); err != nil {
					return err
				}
			}
			return failure
		}
		return nil
	})
}

// MigrateDownUp takes the schema down to nothing and up again.
func (s *Store) MigrateDownUp(ctx context.Context) error {
	p, err := migrator(s.writeDB)
	if err != nil {
		return err
	}
	if _, err := p.DownTo(ctx, 0); err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// MigrateTo brings an empty file to an older schema.
func MigrateTo(ctx context.Context, db *sql.DB, version int64) error {
	p, err := migrator(db)
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}
