// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
)

// Size is what the store takes.
type Size struct {
	Rows  int64 // that sessions, holds and their events have
	Bytes int64 // of the file, as soon as the write-ahead log is emptied into it
}

const sizeQuery = `SELECT
	(SELECT count(*) FROM vpn) + (SELECT count(*) FROM session) + (SELECT count(*) FROM session_device) +
	(SELECT count(*) FROM event) + (SELECT count(*) FROM stream) + (SELECT count(*) FROM idempotency) +
	(SELECT count(*) FROM arc) + (SELECT count(*) FROM booking) + (SELECT count(*) FROM hold) +
	(SELECT count(*) FROM pool_gap) + (SELECT count(*) FROM pool_value),
	(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)`

// Size counts rows and bytes, for benchmarks: it reads all tables.
func (s *Store) Size(ctx context.Context) (Size, error) {
	var size Size
	err := s.readLong(ctx, func(ctx context.Context, r *reader) error {
		if err := r.conn.QueryRowContext(ctx, sizeQuery).Scan(&size.Rows, &size.Bytes); err != nil {
			return fmt.Errorf("size of store: %w", err)
		}
		return nil
	})
	return size, err
}
