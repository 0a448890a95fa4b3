// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/heaptest"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// BenchmarkLoad loads 100,000 sessions of 16 or 20 arcs each, on 5,000 arcs of
// which one is everybody's: arcs by themselves, and links in both directions. It
// says what a session takes of the heap, and how much of that the collector reads.
func BenchmarkLoad(b *testing.B) {
	b.Run("one-way", func(b *testing.B) { load(b, 16, false) })
	b.Run("both-ways", func(b *testing.B) { load(b, 20, true) })
}

func load(b *testing.B, uses int, bothWays bool) {
	const sessions = 100_000
	all := bookings(sessions, uses, bothWays)
	var took time.Duration
	var grown heaptest.InUse
	for range b.N {
		before := heaptest.Now()
		ledger := pathcomp.NewLedger(clock)
		at := time.Now()
		for _, one := range all {
			if err := ledger.Load(one); err != nil {
				b.Fatal(err)
			}
		}
		took += time.Since(at)
		after := heaptest.Now()
		grown.Octets += after.Octets - before.Octets
		grown.Scanned += after.Scanned - before.Scanned
		grown.Objects += after.Objects - before.Objects
		runtime.KeepAlive(ledger)
	}
	each := float64(b.N) * sessions
	b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms-load")
	b.ReportMetric(float64(grown.Octets)/each, "B/session")
	b.ReportMetric(float64(grown.Octets)/each/float64(uses), "B/use")
	b.ReportMetric(float64(grown.Scanned)/each, "scanned-B/session")
	b.ReportMetric(float64(grown.Objects)/each, "objects/session")
}

// bookings are of sessions with so many uses each.
func bookings(sessions, uses int, bothWays bool) []pathcomp.Booking {
	const arcs = 5_000
	r := rand.New(rand.NewPCG(1, 1))
	names := make([]topology.ArcName, arcs)
	for i := range names {
		names[i] = topology.LinkArc(fmt.Sprint("l", i), 0)
		if bothWays {
			names[i] = topology.LinkArc(fmt.Sprint("l", i/2), 1-i%2) // in the order of their names
		}
	}
	all := make([]pathcomp.Booking, sessions)
	for i := range all {
		from := r.IntN(1_000_000)
		all[i] = pathcomp.Booking{
			Seq: uint64(i + 1), Owner: fmt.Sprintf("%036d", i), Class: "gold", Window: window(from, from+86_400),
			Uses: make([]pathcomp.Use, uses),
		}
		for k := range all[i].Uses {
			at := 0
			if k > 0 {
				at = 1 + (i*31+k*311)%(arcs-1)
			}
			if bothWays {
				at = k % 2
				if k > 1 {
					at += 2 + 2*((i*31+k/2*311)%(arcs/2-1))
				}
			}
			all[i].Uses[k] = pathcomp.Use{Arc: names[at], Kbps: 1}
		}
	}
	return all
}
