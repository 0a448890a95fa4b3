// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"
)

// checkpointEvery is how often the write-ahead log is carried over into the file
// while there are commits.
const checkpointEvery = 250 * time.Millisecond

// checkpointer carries the write-ahead log over beside the writer (a passive
// checkpoint, which neither waits for anybody nor is waited for). SQLite would do
// so within a commit, once in wal_autocheckpoint pages, and all orders would wait;
// it still does, and finds little left.
type checkpointer struct {
	conn *sql.Conn
	log  *slog.Logger
	due  chan struct{} // holds one token after a commit
	end  chan struct{} // closed to end it
	done chan struct{} // closed when it has ended
}

func newCheckpointer(ctx context.Context, db *sql.DB, log *slog.Logger) (*checkpointer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open checkpointer: %w", err)
	}
	c := &checkpointer{conn: conn, log: log, due: make(chan struct{}, 1), end: make(chan struct{}), done: make(chan struct{})}
	go c.loop() //nolint:contextcheck // ends with the store
	return c, nil
}

// committed says that there is something to carry over; it never blocks.
func (c *checkpointer) committed() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	for {
		select {
		case <-c.end:
			return
		case <-c.due:
		}
		c.carry()
		select {
		case <-c.end:
			return
		case <-time.After(checkpointEvery):
		}
	}
}

// carry makes one checkpoint; one that fails is left to the writer.
func (c *checkpointer) carry() {
	ctx := context.Background()
	if _, err := c.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		c.log.DebugContext(ctx, "checkpoint failed", "error", err)
	}
}

// close waits for the checkpoint under way.
func (c *checkpointer) close() error {
	close(c.end)
	<-c.done
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("close checkpointer: %w", err)
	}
	return nil
}
