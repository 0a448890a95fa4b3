// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

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
	before := heap()
	for first := 0; first < many; first += 500 {
		admit(b, s, storetest.NewLedger(0), batchOf(first, 500))
	}
	admitted := heap()
	runtime.KeepAlive(s)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var empty, read inUse
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), config(b, path, time.Now))
		if err != nil {
			b.Fatal(err)
		}
		empty = heap()
		for offset := 0; offset < many; offset += 1000 {
			if _, _, err := s.Sessions(b.Context(), order.Filter{Limit: 1000, Offset: offset}); err != nil {
				b.Fatal(err)
			}
		}
		read = heap()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	report := func(name string, before, after inUse) {
		b.ReportMetric(float64(after.octets-before.octets)/many, "bytes/"+name)
		b.ReportMetric(float64(after.scanned-before.scanned)/many, "scanned/"+name)
		b.ReportMetric(float64(after.objects-before.objects)/many, "objects/"+name)
	}
	report("admitted", before, admitted)
	report("read", empty, read)
}

// inUse is what is on the heap: octets, how many of them the garbage collector reads
// for pointers, and objects.
type inUse struct{ octets, scanned, objects uint64 }

// heap says what is left after a garbage collection.
func heap() inUse {
	for range 2 { // what pools keep goes with the second
		runtime.GC() //nolint:revive // what is left after it is measured
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/objects:objects"},
	}
	metrics.Read(samples)
	return inUse{octets: samples[0].Value.Uint64(), scanned: samples[1].Value.Uint64(), objects: samples[2].Value.Uint64()}
}
