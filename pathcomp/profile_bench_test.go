// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkProfile measures a calendar of so many reservations: of a day each,
// starting within so many days that some forty run at once, and with random
// windows, of which a third run at once.
func BenchmarkProfile(b *testing.B) {
	const day = 86_400
	for _, reservations := range []int{8, 64, 512, 4096} {
		within := uint32(max(1, reservations/40) * day)
		b.Run(fmt.Sprintf("day/%d", reservations), func(b *testing.B) {
			benchmarkProfile(b, reservations, func(r *rand.Rand) (from, until uint32) {
				from = r.Uint32N(within)
				return from, from + day
			})
		})
		b.Run(fmt.Sprintf("random/%d", reservations), func(b *testing.B) {
			benchmarkProfile(b, reservations, func(r *rand.Rand) (from, until uint32) {
				x, y := r.Uint32N(100*day), r.Uint32N(100*day)
				return min(x, y), max(x, y) + 1
			})
		})
	}
}

func benchmarkProfile(b *testing.B, reservations int, draw func(*rand.Rand) (from, until uint32)) {
	r := rand.New(rand.NewPCG(1, 1))
	var p profile
	for range reservations {
		from, until := draw(r)
		p.add(from, until, 1+r.Int64N(1000))
	}
	windows := make([][2]uint32, 8192)
	for i := range windows {
		windows[i][0], windows[i][1] = draw(r)
	}
	each := func(name string, do func(from, until uint32)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w := &windows[i%len(windows)]
				do(w[0], w[1])
			}
		})
	}
	room := p.peak() * 9 / 10
	each("max", func(from, until uint32) { _ = p.max(from, until) })
	each("earliest", func(from, until uint32) { _, _ = p.earliest(from, until-from, room) })
	each("add-and-remove", func(from, until uint32) {
		p.add(from, until, 7)
		p.add(from, until, -7)
	})
}
