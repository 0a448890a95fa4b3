// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"sync"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

const (
	windowSize = 100 // small packets
	fullWindow = 16  // full-size packets that may be under way
	// lostAfter is how long an answer may take before the packet counts as
	// lost; a later answer still counts, as long as the window remembers it.
	lostAfter = time.Second
)

// totals counts one probe.
type totals struct {
	mu    sync.Mutex // guards all below
	res   southbound.ProbeResult
	small [windowSize]packet
	full  [fullWindow]packet
}

// packet is one echo on its way or answered.
type packet struct {
	seq      uint16
	sent     time.Time // zero: the place is empty
	rtt      time.Duration
	answered bool
}

func newTotals(now time.Time) *totals {
	return &totals{res: southbound.ProbeResult{Started: now}}
}

func (t *totals) sent(seq uint16, full bool, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.res.Error = ""
	if full {
		t.res.FullSent++
		t.full[int(seq)%fullWindow] = packet{seq: seq, sent: at}
		return
	}
	t.res.Sent++
	t.small[int(seq)%windowSize] = packet{seq: seq, sent: at}
}

// answered counts an echo once, however often it comes back.
func (t *totals) answered(seq uint16, full bool, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.small[int(seq)%windowSize]
	if full {
		p = &t.full[int(seq)%fullWindow]
	}
	if p.seq != seq || p.sent.IsZero() || p.answered {
		return
	}
	p.answered, p.rtt = true, at.Sub(p.sent)
	t.res.LastReply = at
	if full {
		t.res.FullReceived++
		return
	}
	t.res.Received++
	t.res.LastRTTMicros = micros(p.rtt)
}

// failed notes why a packet cannot be sent.
func (t *totals) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.res.Error = err.Error()
}

// result returns the totals; packets that are still under way are in no window.
func (t *totals) result(now time.Time) southbound.ProbeResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	res := t.res
	var sum uint64
	var answered uint32
	for _, p := range t.small {
		switch {
		case p.answered:
			us := micros(p.rtt)
			if answered == 0 || us < res.MinRTTMicros {
				res.MinRTTMicros = us
			}
			res.MaxRTTMicros = max(res.MaxRTTMicros, us)
			sum += uint64(us)
			answered++
		case !p.sent.IsZero() && now.Sub(p.sent) >= lostAfter:
			res.WindowLost++
		}
	}
	res.Window = answered + res.WindowLost
	if answered > 0 {
		res.MeanRTTMicros = uint32(sum / uint64(answered)) //nolint:gosec // a mean of uint32
	}
	return res
}

func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 1), 1<<32-1))
}
