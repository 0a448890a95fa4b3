// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkProfile measures a calendar of so many reservations of a day each,
// starting within so many days that some forty run at once.
func BenchmarkProfile(b *testing.B) {
	for _, reservations := range []int{8, 64, 512, 4096} {
		r := rand.New(rand.NewPCG(1, 1))
		const day = 86_400
		within := uint32(max(1, reservations/40) * day)
		var p profile
		for range reservations {
			from := r.Uint32N(within)
			p.add(from, from+day, 1+r.Int64N(1000))
		}
		froms := make([]uint32, 1024)
		for i := range froms {
			froms[i] = r.Uint32N(within)
		}
		b.Run(fmt.Sprintf("max-of-a-day/%d", reservations), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				from := froms[i%len(froms)]
				_ = p.max(from, from+day)
			}
		})
		b.Run(fmt.Sprintf("max-of-half-of-all/%d", reservations), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				from := froms[i%len(froms)] / 2
				_ = p.max(from, from+within/2)
			}
		})
		b.Run(fmt.Sprintf("add-and-remove/%d", reservations), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				from := froms[i%len(froms)]
				p.add(from, from+day, 7)
				p.add(from, from+day, -7)
			}
		})
	}
}
