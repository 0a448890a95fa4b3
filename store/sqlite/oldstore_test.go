// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// old makes a store of schema version 3 with what testdata says.
func old(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := sqlite.MigrateTo(t.Context(), db, 3); err != nil {
		t.Fatal(err)
	}
	fill, err := os.ReadFile(filepath.Join("testdata", "store_v3.sql"))
	if err != nil {
		t.Fatal(err)
	}
	doc := `{"Tenant":"t1","VPN":{"ID":"v1"},"Phase":"active","Decision":"present","Rate":{"Forward":10,"Reverse":10}}`
	if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(string(fill), ":doc", "'"+doc+"'")); err != nil {
		t.Fatal(err)
	}
}

// TestOldStore opens a store that has logs of arcs: every reservation is there
// as a booking, every pool value has its owners, and both can be given back.
func TestOldStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	old(t, path)
	s := open(t, path)
	ledger := storetest.NewLedger(1 << 40)
	at := func(us int64) time.Time { return time.UnixMicro(us).UTC() }
	uses := []pathcomp.Use{{Arc: "link:a>", Kbps: 10}, {Arc: "link:b>", Kbps: 300}}
	want := []pathcomp.Booking{
		{Seq: 1, Owner: "s-1", Class: "gold", Window: pathcomp.Window{From: at(1_000_000), Until: at(2_000_000)}, Uses: uses},
		{Seq: 2, Owner: "s-1", Class: "gold", Window: pathcomp.Window{From: at(2_000_000), Until: at(3_000_000)}, Uses: uses},
		{
			Seq: 3, Owner: "s-2", Class: "best", Window: pathcomp.Window{From: at(1_500_000), Until: at(2_500_000)},
			Uses: []pathcomp.Use{{Arc: "link:b>", Kbps: 7}},
		},
	}
	var got []pathcomp.Booking
	err := s.LoadBookings(t.Context(), func(b pathcomp.Booking) error {
		got = append(got, b)
		return ledger.Load(b)
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	audit(t, s)
	for i, id := range []session.ID{"s-1", "s-2"} {
		one, err := s.Session(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if len(one.Ways()) != 1 || one.Route.Second != nil {
			t.Errorf("%s: an old session has two ways: %+v", id, one)
		}
		one.ID, one.Phase = id, session.Releasing
		if one, err = s.Advance(t.Context(), order.Step{Session: one}, ledger); err != nil {
			t.Fatal(err)
		}
		one.Phase = session.Released
		if _, err := s.Advance(t.Context(), order.Step{Session: one, Return: true}, ledger); err != nil {
			t.Fatal(err)
		}
		audit(t, s)
		if log, err := s.Bookings(t.Context(), 3); err != nil || len(log) != i+1 || !log[i].Release || log[i].Owner != string(id) {
			t.Errorf("bookings after the release of %s: %+v, %v", id, log, err)
		}
	}
	admit(t, s, ledger, batchOf(0, 3))
	audit(t, s)
	if f := ledger.Faults(); len(f) > 0 {
		t.Error(f)
	}
	if _, ok, err := s.Repeated(t.Context(), "t1", "c", "k", "f"); !ok || err != nil {
		t.Errorf("the key of a create: %v, %v", ok, err)
	}
}

func audit(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if faults, err := s.Audit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("audit: %v %v", faults, err)
	}
}
