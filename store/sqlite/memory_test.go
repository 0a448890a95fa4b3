// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/heaptest"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// BenchmarkKnown measures what a store keeps in memory of 10,000 sessions that it
// admitted, and of the same when it has read them.
func BenchmarkKnown(b *testing.B) {
	const many = 10_000
	path := filepath.Join(b.TempDir(), "store")
	s := open(b, path)
	before := heaptest.Now()
	for first := 0; first < many; first += 500 {
		admit(b, s, storetest.NewLedger(0), batchOf(first, 500))
	}
	admitted := heaptest.Now()
	runtime.KeepAlive(s)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var empty, read heaptest.InUse
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), config(b, path, time.Now))
		if err != nil {
			b.Fatal(err)
		}
		empty = heaptest.Now()
		for offset := 0; offset < many; offset += 1000 {
			if _, _, err := s.Sessions(b.Context(), order.Filter{Limit: 1000, Offset: offset}); err != nil {
				b.Fatal(err)
			}
		}
		read = heaptest.Now()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	report := func(name string, before, after heaptest.InUse) {
		b.ReportMetric(float64(after.Octets-before.Octets)/many, "bytes/"+name)
		b.ReportMetric(float64(after.Scanned-before.Scanned)/many, "scanned/"+name)
		b.ReportMetric(float64(after.Objects-before.Objects)/many, "objects/"+name)
	}
	report("admitted", before, admitted)
	report("read", empty, read)
}
