// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// TestCheckpointCarriesTheLogOver holds that what was committed is in the file
// itself soon after, though nobody asks for a checkpoint.
func TestCheckpointCarriesTheLogOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", dsn(path, "&_pragma=wal_autocheckpoint(0)"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c, err := newCheckpointer(t.Context(), db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE a (b); INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	c.committed()
	c.committed()         // a second wish is the same wish
	const twoPages = 8192 // the table's list and the table
	for size := int64(0); size < twoPages; {
		info, err := os.Stat(path) // the test's time limit ends it
		if err != nil {
			t.Fatal(err)
		}
		size = info.Size()
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}
