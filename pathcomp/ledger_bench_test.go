// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// BenchmarkLoad loads 100,000 sessions of 16 arcs each, on 5,000 arcs of which
// one is everybody's.
func BenchmarkLoad(b *testing.B) {
	const sessions, uses, arcs = 100_000, 16, 5_000
	r := rand.New(rand.NewPCG(1, 1))
	names := make([]topology.ArcName, arcs)
	for i := range names {
		names[i] = topology.LinkArc(fmt.Sprint("l", i), 0)
	}
	all := make([]pathcomp.Booking, sessions)
	for i := range all {
		from := r.IntN(1_000_000)
		all[i] = pathcomp.Booking{
			Seq: uint64(i + 1), Owner: fmt.Sprintf("%036d", i), Class: "gold", Window: window(from, from+86_400),
			Uses: []pathcomp.Use{{Arc: names[0], Kbps: 1}},
		}
		for k := range uses - 1 {
			all[i].Uses = append(all[i].Uses, pathcomp.Use{Arc: names[1+(i*31+k*311)%(arcs-1)], Kbps: 1})
		}
	}
	var took time.Duration
	var bytes uint64
	for range b.N {
		before := heap()
		ledger := pathcomp.NewLedger(clock)
		at := time.Now()
		for _, one := range all {
			if err := ledger.Load(one); err != nil {
				b.Fatal(err)
			}
		}
		took += time.Since(at)
		bytes += heap() - before
		runtime.KeepAlive(ledger)
	}
	b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms-load")
	b.ReportMetric(float64(bytes)/float64(b.N)/sessions/uses, "bytes/use")
}

// heap returns what is in use after a collection.
func heap() uint64 {
	runtime.GC() //nolint:revive // what is garbage must not count
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
