// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math"
	"time"
)

// Calendars count seconds since 2000-01-01 in 32 bits, which lasts to 2136: a
// breakpoint is 12 bytes. Times outside are moved to the nearest that is inside.
const epoch = 946_684_800

// never is the last second a calendar knows.
const never = math.MaxUint32

// floorSecond returns the calendar second t is in.
func floorSecond(t time.Time) uint32 { return clampSecond(t.Unix() - epoch) }

// ceilSecond returns the first calendar second not before t.
func ceilSecond(t time.Time) uint32 {
	s := t.Unix() - epoch
	if t.Nanosecond() > 0 {
		s++
	}
	return clampSecond(s)
}

func clampSecond(s int64) uint32 { return uint32(min(max(s, 0), never)) }

// instant turns a calendar second back into a time.
func instant(s uint32) time.Time { return time.Unix(int64(s)+epoch, 0).UTC() }

// span returns the seconds that hold w: never less than what was asked for.
func (w Window) span() (from, until uint32) {
	return floorSecond(w.From), ceilSecond(w.Until)
}
