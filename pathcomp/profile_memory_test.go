// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/s2cd/s2cd/internal/heaptest"
)

// BenchmarkProfileMemory measures what calendars take on the heap, with
// themselves, a breakpoint: reservations with random windows, many calendars of
// them at once, and at last those whose reservations were made and given back
// over and over.
func BenchmarkProfileMemory(b *testing.B) {
	for _, reservations := range []int{0, 1, 2, 8, 64, 512, 4096} {
		b.Run(fmt.Sprintf("grown/%d", reservations), func(b *testing.B) {
			profileMemory(b, reservations, 0)
		})
	}
	for _, reservations := range []int{8, 64, 512, 4096} {
		b.Run(fmt.Sprintf("changed/%d", reservations), func(b *testing.B) {
			profileMemory(b, reservations, 4*reservations)
		})
	}
}

func profileMemory(b *testing.B, reservations, changes int) {
	type reservation struct {
		from, until uint32
		kbps        int64
	}
	r := rand.New(rand.NewPCG(1, 1))
	draw := func() reservation {
		from, until := r.Uint32N(10_000_000), r.Uint32N(10_000_000)
		return reservation{min(from, until), max(from, until) + 1, 1 + r.Int64N(1_000_000)}
	}
	held := make([]reservation, reservations)
	calendars := make([]profile, 1+20_000/(reservations+1))
	for b.Loop() {
		clear(calendars)
		before := heaptest.Now().Octets
		for i := range calendars {
			p := &calendars[i]
			for k := range held {
				held[k] = draw()
				p.add(held[k].from, held[k].until, held[k].kbps)
			}
			for range changes {
				k := r.IntN(len(held))
				p.add(held[k].from, held[k].until, -held[k].kbps)
				held[k] = draw()
				p.add(held[k].from, held[k].until, held[k].kbps)
			}
		}
		octets := heaptest.Now().Octets - before + uint64(len(calendars))*uint64(unsafe.Sizeof(profile{}))
		breakpoints := 0
		for i := range calendars {
			for range calendars[i].from(0) {
				breakpoints++
			}
		}
		b.ReportMetric(float64(octets)/float64(len(calendars)), "B/calendar")
		if breakpoints > 0 {
			b.ReportMetric(float64(octets)/float64(breakpoints), "B/breakpoint")
		}
	}
	runtime.KeepAlive(calendars)
}
