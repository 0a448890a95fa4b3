// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestWrongSealKey opens a store with a key that is not its own.
func TestWrongSealKey(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"new store":                          "SELECT 1",
		"a store from before the seal check": "DELETE FROM seal_check",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store")
			s := open(t, path)
			admit(t, s, storetest.NewLedger(0), batchOf(0, 1))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			run(t, path, spoil)
			cfg := config(t, path, time.Now)
			var err error
			if cfg.Seal, err = seal.New(bytes.Repeat([]byte{8}, seal.KeySize)); err != nil {
				t.Fatal(err)
			}
			if s, err := sqlite.Open(t.Context(), cfg); err == nil {
				t.Error("opened", s.Close())
			} else if !strings.Contains(err.Error(), "sealing key is not the one") {
				t.Error(err)
			}
			open(t, path) // its own still does
		})
	}
}

// TestUnreadableRows has sessions that cannot be read among others.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	cfg := config(t, path, time.Now)
	var log bytes.Buffer // written while calls of the test wait
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	batch := batchOf(0, 6) // the first four are one VPN
	ledger := storetest.NewLedger(0)
	var all []session.ID
	before := open(t, path)
	for _, a := range batch {
		admit(t, before, ledger, []order.Admission{a})
		all = append(all, a.Session.ID)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	run(t, path, "UPDATE session SET doc_schema = 99 WHERE n = 1")
	run(t, path, "UPDATE session SET token = (SELECT token FROM session WHERE n = 1) WHERE n = 2")
	now := batch[0].Due.Add(24 * time.Hour)

	bad, err := s.Unreadable(t.Context())
	if d := cmp.Diff(all[:2], bad); err != nil || d != "" {
		t.Errorf("unreadable: %v (-want +got):\n%s", err, d)
	}
	for range 2 { // the second time all that is left rests
		due, err := s.ClaimDue(t.Context(), "d", now, now.Add(time.Millisecond), 2)
		if err != nil || len(due) != 2 || due[0].ID == all[0] || due[0].ID == all[1] {
			t.Errorf("claimed %v: %v", idsOf(due), err)
		}
	}
	var onDevice []session.ID
	on, err := s.OnDevice(t.Context(), "gw1")
	for _, one := range on {
		onDevice = append(onDevice, one.ID)
	}
	if d := cmp.Diff(all[4:], onDevice); err != nil || d != "" {
		t.Errorf("on the device: %v (-want +got):\n%s", err, d)
	}
	var told []session.ID
	for {
		st, ok, err := s.ClaimStream(t.Context(), "d", time.Now(), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		told = append(told, st.Session)
	}
	if d := cmp.Diff(all[2:], told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	lease, err := s.LeaseDevice(t.Context(), "gw1", "d", now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var found []provision.Finding
	for _, id := range all {
		found = append(found, provision.Finding{Session: id, Have: session.Present})
	}
	if err := s.RecordDevice(t.Context(), lease, found, now); err != nil {
		t.Error(err)
	}
	for _, id := range all[:2] {
		if n := strings.Count(log.String(), "session="+string(id)); n != 1 {
			t.Errorf("session %s is in the log %d times:\n%s", id, n, log.String())
		}
	}
}

// TestDeadLettersStay gives a stream up, lets it go on, and ends it for good.
func TestDeadLettersStay(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store"))
	ledger := storetest.NewLedger(0)
	batch := batchOf(0, 1)
	admit(t, s, ledger, batch)
	at := time.Now().UTC().Truncate(time.Microsecond)
	for _, end := range []struct {
		reason string
		final  bool
	}{{"too old", false}, {"410", true}} {
		st, ok, err := s.ClaimStream(t.Context(), "d", time.Now(), time.Now().Add(time.Hour))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if err := s.GiveUp(t.Context(), st, at, end.reason, end.final); err != nil {
			t.Fatal(err)
		}
		one, err := s.Session(t.Context(), st.Session)
		if err != nil {
			t.Fatal(err)
		}
		step := order.Step{Session: one, Events: []session.Event{{Notify: true}}}
		if _, err := s.Advance(t.Context(), step, ledger); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.DeadLetters(t.Context(), order.DeadLetterFilter{Limit: 9})
	id := batch[0].Session.ID
	of := batch[0].Session.Tenant
	want := []order.DeadLetter{
		{Session: id, Tenant: of, After: 0, Last: 1, Reason: "too old", At: at},
		{Session: id, Tenant: of, After: 1, Last: 2, Reason: "410", At: at},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func idsOf(sessions []session.Session) []session.ID {
	var out []session.ID
	for _, s := range sessions {
		out = append(out, s.ID)
	}
	return out
}
