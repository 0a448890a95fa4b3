// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// crowded opens a store with many sessions on device gw1, copies of one.
func crowded(t testing.TB, many int) *sqlite.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	admit(t, s, storetest.NewLedger(0), batchOf(0, 1))
	if _, err := raw(t, path).ExecContext(t.Context(), `
		WITH RECURSIVE copy (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM copy WHERE i < ?)
		INSERT INTO session (id, tenant, client, name, vpn, a_point, z_point, level, status, phase, decision, kbps, live,
			released_at, version, due_at, claim_holder, claim_until, next_at, doc_schema, doc, token)
		SELECT 'copy-' || i, tenant, client, name, vpn, a_point, z_point, level, status, phase, decision, kbps, live,
			released_at, version, due_at, claim_holder, claim_until, next_at, doc_schema, replace(doc, id, 'copy-' || i), x''
		FROM session, copy;
		INSERT INTO session_device SELECT s.n, d.device, d.have, d.reason, d.at
		FROM session s JOIN session_device d ON d.session_n = 1 WHERE s.n > 1`, many); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCrowdedDevice reads a device over several pages.
func TestCrowdedDevice(t *testing.T) {
	t.Parallel()
	const many = 1000 // two pages to the full, and an empty one
	s := crowded(t, many)
	for range 2 {
		got, err := s.OnDevice(t.Context(), "gw1")
		if err != nil || len(got) != many {
			t.Fatalf("%d sessions, want %d: %v", len(got), many, err)
		}
		seen := map[string]bool{}
		for _, one := range got {
			seen[string(one.ID)] = true
			if len(one.Devices) != 3 {
				t.Fatalf("session %s has devices %v", one.ID, one.Devices)
			}
		}
		if len(seen) != many {
			t.Errorf("%d different sessions, want %d", len(seen), many)
		}
	}
	if got, err := s.VPN(t.Context(), "vpn-0"); err != nil || len(got) != many {
		t.Errorf("%d sessions in the VPN, want %d: %v", len(got), many, err)
	}
}

// BenchmarkOnDevice reads 20,000 sessions of one device.
func BenchmarkOnDevice(b *testing.B) {
	const many = 20_000
	s := crowded(b, many)
	for b.Loop() {
		if got, err := s.OnDevice(b.Context(), "gw1"); err != nil || len(got) != many {
			b.Fatalf("%d sessions: %v", len(got), err)
		}
	}
	b.ReportMetric(float64(b.N*many)/b.Elapsed().Seconds(), "sessions/s")
}
