// SPDX-License-Identifier: Apache-2.0

package provision

import "time"

// Brakes bound what one mistake can do to a device.
type Brakes struct {
	ObserveOnly        bool // devices are read, nothing is changed
	ChangesPerMinute   int  // sessions brought to one device; 0: no bound
	DeletionsPerMinute int  // sessions taken off one device; 0: no bound
}

// brake lets at most limit things through in any minute.
type brake struct {
	limit  int
	passed []time.Time // the newest limit passages, oldest first
}

// take returns how many of n may pass now.
func (b *brake) take(n int, now time.Time) int {
	if b.limit <= 0 {
		return n
	}
	for len(b.passed) > 0 && now.Sub(b.passed[0]) >= time.Minute {
		b.passed = b.passed[1:]
	}
	n = min(n, b.limit-len(b.passed))
	for range n {
		b.passed = append(b.passed, now)
	}
	return n
}
