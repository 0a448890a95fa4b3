// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/bits"
	"time"
)

// Verdict says whether a service level was kept.
type Verdict string

// The verdicts. What was not measured is unknown and never counts as met.
const (
	VerdictMet      Verdict = "met"
	VerdictBreached Verdict = "breached"
	VerdictUnknown  Verdict = "unknown"
)

// Guarantee is a bound of a service level.
type Guarantee string

// The guarantees, and what their values count.
const (
	GuaranteedLatency      Guarantee = "latency"      // round trip, µs
	GuaranteedLoss         Guarantee = "loss"         // packets lost in a million
	GuaranteedAvailability Guarantee = "availability" // parts in a million of the time that is known
)

// SLAWindow is what was measured of a session from From to before Until. Met,
// Breached and Unknown add up to its length. The windows of a session tile its
// service: each begins where the one before ended.
type SLAWindow struct {
	From, Until    time.Time
	Met            time.Duration
	Breached       time.Duration
	Unknown        time.Duration // nothing or nobody measured
	Down           time.Duration // of Breached: no packet came back
	Slow           time.Duration // of Breached: the round trip was beyond the bound
	Sent           uint64        // probe packets
	Received       uint64        // of these, answered
	Lost           uint64        // of these, given up
	RTTSumMicros   uint64        // over Received
	WorstRTTMicros uint32        // mean of the slowest look
	SentOctets     uint64        // towards the cloud or second end
	RecvOctets     uint64
	Counted        time.Duration // that the octets cover; 0: nothing counts the session alone
	Verdict        Verdict       // given by Judge
}

// Add appends the window that follows.
func (w *SLAWindow) Add(next SLAWindow) {
	if w.From.IsZero() {
		w.From = next.From
	}
	w.Until = next.Until
	w.Met += next.Met
	w.Breached += next.Breached
	w.Unknown += next.Unknown
	w.Down += next.Down
	w.Slow += next.Slow
	w.Sent += next.Sent
	w.Received += next.Received
	w.Lost += next.Lost
	w.RTTSumMicros += next.RTTSumMicros
	w.WorstRTTMicros = max(w.WorstRTTMicros, next.WorstRTTMicros)
	w.SentOctets += next.SentOctets
	w.RecvOctets += next.RecvOctets
	w.Counted += next.Counted
}

// MeanRTTMicros is the mean round trip; ok is false when no packet came back.
func (w SLAWindow) MeanRTTMicros() (us uint32, ok bool) {
	if w.Received == 0 {
		return 0, false
	}
	return uint32(w.RTTSumMicros / w.Received), true //nolint:gosec // a mean of uint32
}

// LossPPM is the share of packets lost, in a million; ok is false when none was sent.
func (w SLAWindow) LossPPM() (ppm uint32, ok bool) { return share(w.Lost, w.Sent) }

// AvailabilityPPM is the share of the known time in which the level was kept,
// in a million; ok is false when no time is known.
func (w SLAWindow) AvailabilityPPM() (ppm uint32, ok bool) {
	return share(uint64(w.Met), uint64(w.Met+w.Breached)) //nolint:gosec // durations of what was measured are not negative
}

// share is part in a million of whole.
func share(part, whole uint64) (ppm uint32, ok bool) {
	if whole == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(min(part, whole), 1_000_000)
	quo, _ := bits.Div64(hi, lo, whole)
	return uint32(quo), true //nolint:gosec // at most 10^6
}

// Judge gives the finished window its verdict by the bounds of l, and returns
// what was not kept. A window whose loss is beyond the bound is breached as a
// whole; within each window availability leaves the tolerance it has in all.
func (w *SLAWindow) Judge(l Level) []BrokenGuarantee {
	loss, _ := w.LossPPM()
	lossy := l.MaxLossPPM > 0 && loss > l.MaxLossPPM
	if lossy {
		w.Met, w.Breached = 0, w.Met+w.Breached
	}
	kept, known := w.AvailabilityPPM()
	switch {
	case !known:
		w.Verdict = VerdictUnknown
		return nil
	case kept >= l.AvailabilityPPM:
		w.Verdict = VerdictMet
		return nil
	}
	w.Verdict = VerdictBreached
	var broken []BrokenGuarantee
	if w.Slow > 0 {
		broken = append(broken, BrokenGuarantee{GuaranteedLatency, uint64(l.MaxRTTMicros), uint64(w.WorstRTTMicros)})
	}
	if lossy {
		broken = append(broken, BrokenGuarantee{GuaranteedLoss, uint64(l.MaxLossPPM), uint64(loss)})
	}
	if w.Down > 0 {
		broken = append(broken, BrokenGuarantee{GuaranteedAvailability, uint64(l.AvailabilityPPM), uint64(kept)})
	}
	return broken
}

// BrokenGuarantee is by how much a guarantee was not kept: of several windows
// the worst.
type BrokenGuarantee struct {
	Guarantee Guarantee
	Promised  uint64 // in the unit of the guarantee
	Delivered uint64
}

// worse returns the worse of two of the same guarantee.
func (b BrokenGuarantee) worse(other BrokenGuarantee) BrokenGuarantee {
	if (b.Guarantee == GuaranteedAvailability) == (other.Delivered < b.Delivered) {
		return other
	}
	return b
}

// Breach is a time in which a service level was not kept.
type Breach struct {
	From   time.Time
	Until  time.Time `json:",omitzero"` // zero: it goes on
	Broken []BrokenGuarantee
}

// Merge adds what was broken later.
func (b *Breach) Merge(more []BrokenGuarantee) {
	for _, one := range more {
		known := false
		for i := range b.Broken {
			if b.Broken[i].Guarantee == one.Guarantee {
				b.Broken[i], known = b.Broken[i].worse(one), true
			}
		}
		if !known {
			b.Broken = append(b.Broken, one)
		}
	}
}
