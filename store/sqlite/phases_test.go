// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestPhases counts sessions as they go from phase to phase, and after a restart.
func TestPhases(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	ledger := storetest.NewLedger(1 << 40)
	batch := batchOf(0, 4)
	batch[0].Session.Sink = nil // one that waits to be told is not purged
	admit(t, s, ledger, batch)
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	look := func(wait time.Time, want map[session.Phase]int) {
		t.Helper()
		got, waits, err := s.Phases(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" || !waits.Equal(wait) {
			t.Errorf("since %s, want %s: %v (-want +got):\n%s", waits, wait, err, diff)
		}
		audit(t, s)
	}
	move := func(i int, to session.Phase, after time.Duration) {
		t.Helper()
		one, err := s.Session(t.Context(), batch[i].Session.ID)
		if err != nil {
			t.Fatal(err)
		}
		one.Phase, one.UpdatedAt = to, at.Add(after)
		if _, err := s.Advance(t.Context(), order.Step{Session: one, Return: to == session.Released}, ledger); err != nil {
			t.Fatal(err)
		}
	}
	look(time.Time{}, map[session.Phase]int{session.Admitted: 4})
	for i := range 3 {
		move(i, session.Applying, time.Duration(i)*time.Second)
	}
	look(at, map[session.Phase]int{session.Admitted: 1, session.Applying: 3})
	move(0, session.Releasing, time.Minute)
	move(1, session.Verifying, time.Hour)
	move(1, session.Active, time.Hour)
	look(at.Add(2*time.Second), map[session.Phase]int{session.Admitted: 1, session.Applying: 1, session.Active: 1, session.Releasing: 1})
	move(0, session.Released, 2*time.Hour)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	look(at.Add(2*time.Second), map[session.Phase]int{session.Admitted: 1, session.Applying: 1, session.Active: 1})
	if n, err := s.Purge(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d purged: %v", n, err)
	}
	look(at.Add(2*time.Second), map[session.Phase]int{session.Admitted: 1, session.Applying: 1, session.Active: 1})
}

// TestPhasesWait has a session wait in each phase that passes, and in no other.
func TestPhasesWait(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	admit(t, s, storetest.NewLedger(0), batchOf(0, 1))
	for _, p := range session.Phases() {
		live := 1
		if p == session.Released {
			live = 0
		}
		run(t, path, fmt.Sprintf("UPDATE session SET phase = '%s', live = %d, updated_at = 7", p, live))
		phases, waits, err := s.Phases(t.Context())
		passes := p != session.Admitted && p != session.Active && p != session.Released
		if err != nil || waits.IsZero() == passes || phases[p] != live || len(phases) != live {
			t.Errorf("%s: %v, waits since %s: %v", p, phases, waits, err)
		}
	}
	var plan strings.Builder
	rows, err := raw(t, path).QueryContext(t.Context(),
		"EXPLAIN QUERY PLAN SELECT min(updated_at) FROM session WHERE live = 1 AND phase NOT IN ('admitted', 'active')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail)
	}
	if rows.Err() != nil || !strings.Contains(plan.String(), "session_waits") {
		t.Errorf("the longest wait is not read from its index: %s", plan.String())
	}
}

// BenchmarkPhases counts 100,000 sessions.
func BenchmarkPhases(b *testing.B) {
	const many = 100_000
	s := crowded(b, many)
	for b.Loop() {
		if got, _, err := s.Phases(b.Context()); err != nil || got[session.Admitted] != many {
			b.Fatalf("%v: %v", got, err)
		}
	}
}
