// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestProfileIsSmall(t *testing.T) {
	t.Parallel()
	for _, reservations := range []int{8, 64, 512, 4096} {
		grown := newCrowd(reservations)
		if got := grown.octetsPerBreakpoint(); got > 18 {
			t.Errorf("%d reservations take %.1f octets a breakpoint", reservations, got)
		}
		grown.change(4 * reservations)
		if got := grown.octetsPerBreakpoint(); got > 20 {
			t.Errorf("%d reservations take %.1f octets a breakpoint after many came and went", reservations, got)
		}
		grown.releaseAllBut(max(8, reservations/10))
		if got := grown.octetsPerBreakpoint(); got > 24 {
			t.Errorf("a tenth of %d reservations takes %.1f octets a breakpoint", reservations, got)
		}
	}
}

// crowd is a profile of reservations with random windows.
type crowd struct {
	profile profile
	held    []reservation
	random  *rand.Rand
}

func newCrowd(reservations int) *crowd {
	c := &crowd{random: rand.New(rand.NewPCG(1, 1))}
	for range reservations {
		c.hold()
	}
	return c
}

func (c *crowd) draw() reservation {
	from, until := c.random.Uint32N(100_000_000), c.random.Uint32N(100_000_000)
	return reservation{min(from, until), max(from, until) + 1, 1 + c.random.Int64N(1_000_000)}
}

func (c *crowd) hold() {
	r := c.draw()
	c.profile.add(r.from, r.until, r.kbps)
	c.held = append(c.held, r)
}

// release gives back one at random.
func (c *crowd) release() {
	i, last := c.random.IntN(len(c.held)), len(c.held)-1
	c.profile.add(c.held[i].from, c.held[i].until, -c.held[i].kbps)
	c.held[i] = c.held[last]
	c.held = c.held[:last]
}

func (c *crowd) change(times int) {
	for range times {
		c.release()
		c.hold()
	}
}

func (c *crowd) releaseAllBut(few int) {
	for len(c.held) > few {
		c.release()
	}
}

// octetsPerBreakpoint counts the profile itself, and rows and blocks with their
// room to grow. Rows have the sizes that the allocator gives.
func (c *crowd) octetsPerBreakpoint() float64 {
	octets, breakpoints := unsafe.Sizeof(c.profile), 0
	octets += uintptr(cap(c.profile.blocks)) * unsafe.Sizeof(block{})
	for i := range c.profile.blocks {
		row := c.profile.blocks[i].row
		octets += uintptr(cap(row)) * unsafe.Sizeof(breakpoint{})
		breakpoints += len(row)
	}
	return float64(octets) / float64(breakpoints)
}
