// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestFullDisk fills the store up to a page limit, which SQLite answers as it
// answers a full disk, and gives it room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store"))
	ledger := storetest.NewLedger(1 << 40)
	admit(t, s, ledger, batchOf(0, 10))
	if err := s.LimitPages(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	admitted, refused := 10, error(nil)
	for refused == nil && admitted < 100_000 {
		r, err := s.AdmitBatch(t.Context(), batchOf(admitted, 10), ledger)
		if refused = err; err == nil {
			for _, one := range r {
				if one.Err != nil {
					t.Fatal(one.Err)
				}
			}
			admitted += 10
		}
	}
	if session.CodeOf(refused) != session.Unavailable || !strings.Contains(refused.Error(), "the store's disk is full") {
		t.Fatalf("a full disk: %v", refused)
	}
	if _, total, err := s.Sessions(t.Context(), order.Filter{Limit: 1}); err != nil || total != admitted {
		t.Errorf("%d sessions, want %d: %v", total, admitted, err)
	}
	if f := ledger.Faults(); len(f) > 0 {
		t.Errorf("book: %v", f)
	}
	if err := s.LimitPages(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
	admit(t, s, ledger, batchOf(admitted, 10))
	if faults, err := s.Audit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("audit: %v %v", faults, err)
	}
}
