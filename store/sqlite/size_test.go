// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/s2cd/s2cd/store/storetest"
)

// TestSize compares with the file, and with the tables by name: a table that is
// new has to be counted, or be one of those that do not grow with sessions.
func TestSize(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	admit(t, s, storetest.NewLedger(0), batchOf(0, 20))
	size, err := s.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkpoint(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	tables, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
		AND name NOT IN ('goose_db_version', 'meta', 'seal_check', 'topology_revision', 'tenant', 'pool', 'freeze', 'listed', 'phase_count', 'device_lease', 'slot_key', 'dead_letter')`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tables.Close() }()
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil {
		t.Fatal(err)
	}
	var rows int64
	for _, name := range names {
		var n int64
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		rows += n
	}
	if size.Rows != rows || size.Bytes != info.Size() || rows < 100 {
		t.Errorf("%+v, want %d rows, %d bytes", size, rows, info.Size())
	}
}
