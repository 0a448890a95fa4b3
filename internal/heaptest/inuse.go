// SPDX-License-Identifier: Apache-2.0

// Package heaptest measures what is on the heap, for benchmarks of memory.
package heaptest

import (
	"runtime"
	"runtime/metrics"
)

// InUse is what is on the heap: octets, how many of them the garbage collector reads
// for pointers, and objects.
type InUse struct{ Octets, Scanned, Objects uint64 }

// Now says what is left after a garbage collection.
func Now() InUse {
	for range 2 { // what pools keep goes with the second
		runtime.GC() //nolint:revive // what is left after it is measured
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/objects:objects"},
	}
	metrics.Read(samples)
	return InUse{Octets: samples[0].Value.Uint64(), Scanned: samples[1].Value.Uint64(), Objects: samples[2].Value.Uint64()}
}
