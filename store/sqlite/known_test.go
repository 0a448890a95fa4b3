// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestReadsFollowWrites: whoever has been told that a session changed reads it so,
// and nobody sees it go back, while readers and writers race.
func TestReadsFollowWrites(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store"))
	ledger := storetest.NewLedger(0)
	batch := batchOf(0, 4)
	admit(t, s, ledger, batch)
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for i := range batch {
		id := batch[i].Session.ID
		readers.Go(func() {
			version, seen := uint64(0), 0
			for {
				one, events, err := s.Glance(t.Context(), id, 50)
				if err != nil || one.Version < version || len(events) < seen {
					t.Errorf("version %d after %d, %d events after %d: %v", one.Version, version, len(events), seen, err)
					return
				}
				version, seen = one.Version, len(events)
				select {
				case <-done:
					return
				default:
				}
			}
		})
		writers.Go(func() { changeAndRead(t, s, id, ledger) })
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if diffs, err := s.CheckKnown(t.Context()); err != nil || len(diffs) > 0 {
		t.Error(err, diffs)
	}
}

func changeAndRead(t *testing.T, s interface {
	order.Store
	provision.Store
}, id session.ID, ledger order.Ledger,
) {
	t.Helper()
	now := time.Now()
	for range 8 {
		one, err := s.Session(t.Context(), id)
		if err != nil {
			t.Error(err)
			return
		}
		step := order.Step{Session: one, Events: []session.Event{{Cause: "changed"}}}
		next, err := s.Advance(t.Context(), step, ledger)
		if session.CodeOf(err) == session.Aborted {
			continue // a device was faster
		}
		got, events, gone := s.Glance(t.Context(), id, 50)
		if err != nil || gone != nil || got.Version < next.Version || events[0].Cause != "changed" {
			t.Errorf("written %d, read %d: %v, %v", next.Version, got.Version, err, gone)
		}
		lease, err := s.LeaseDevice(t.Context(), "gw1", "d", now, now.Add(time.Hour))
		if err != nil {
			t.Error(err)
			return
		}
		found := []provision.Finding{{Session: id, Have: session.Present, Reason: fmt.Sprint("look ", len(events))}}
		if err := s.RecordDevice(t.Context(), lease, found, now); err != nil {
			t.Error(err)
		}
	}
}
