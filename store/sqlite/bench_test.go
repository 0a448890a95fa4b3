// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/store/storetest"
)

func config(t testing.TB, path string, clock func() time.Time) sqlite.Config {
	t.Helper()
	box, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return sqlite.Config{Path: path, Clock: clock, Logger: slog.New(slog.DiscardHandler), Seal: box, ReadLimit: time.Minute}
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	if err := sqlitetest.Put(path); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), config(t, path, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func admit(t testing.TB, s *sqlite.Store, ledger order.Ledger, batch []order.Admission) {
	t.Helper()
	results, err := s.AdmitBatch(t.Context(), batch, ledger)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

func batchOf(first, n int) []order.Admission {
	batch := make([]order.Admission, n)
	for i := range batch {
		batch[i] = storetest.Admission(first + i)
		batch[i].Validate = func(order.Holdings) error { return nil }
	}
	return batch
}

// BenchmarkAdmit admits full orders in batches of 256.
func BenchmarkAdmit(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store")
	s := open(b, path)
	ledger := storetest.NewLedger(0)
	admit(b, s, ledger, batchOf(1_000_000, 256)) // arcs and pools are there in service
	before := sizeOf(b, s)
	const most = 256
	done, cpu := 0, time.Duration(0)
	b.ResetTimer()
	for done < b.N {
		b.StopTimer()
		batch := batchOf(done, min(most, b.N-done))
		used := cpuTime(b)
		b.StartTimer()
		admit(b, s, ledger, batch)
		cpu += cpuTime(b) - used
		done += len(batch)
	}
	b.StopTimer()
	n := float64(done)
	b.ReportMetric(n/b.Elapsed().Seconds(), "sessions/s")
	b.ReportMetric(float64(cpu.Microseconds())/n, "cpu-us/session") // all cores, what a busy machine cannot distort much
	after := sizeOf(b, s)
	b.ReportMetric(float64(after.Rows-before.Rows)/n, "rows/session")
	b.ReportMetric(float64(after.Bytes-before.Bytes)/n, "bytes/session")
}

// BenchmarkOpen opens a store with 100,000 live sessions and gets it ready.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store")
	const sessions = 100_000
	s := open(b, path)
	ledger := storetest.NewLedger(0)
	for first := 0; first < sessions; first += 500 {
		admit(b, s, ledger, batchOf(first, 500))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var load, busy, claim, begin time.Duration
	for b.Loop() {
		at := time.Now()
		s, err := sqlite.Open(b.Context(), config(b, path, time.Now))
		if err != nil {
			b.Fatal(err)
		}
		begin += time.Since(at)
		at = time.Now()
		before := cpuTime(b)
		entries := 0
		if err := s.LoadBookings(b.Context(), func(pathcomp.Booking) error { entries++; return nil }); err != nil {
			b.Fatal(err)
		}
		load += time.Since(at)
		busy += cpuTime(b) - before
		at = time.Now()
		var due []session.Session
		if due, err = s.ClaimDue(b.Context(), "bench", at, at.Add(time.Microsecond), 500); err != nil || len(due) != 500 {
			b.Fatal(len(due), err)
		}
		claim += time.Since(at)
		b.ReportMetric(float64(entries), "bookings")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(b.N)
	b.ReportMetric(begin.Seconds()*1000/n, "ms-open")
	b.ReportMetric(load.Seconds()*1000/n, "ms-load-bookings")
	b.ReportMetric(busy.Seconds()*1000/n, "cpu-ms-load-bookings")
	b.ReportMetric(claim.Seconds()*1000/n, "ms-claim-500")
}

func sizeOf(b *testing.B, s *sqlite.Store) sqlite.Size {
	b.Helper()
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// cpuTime is what this process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
