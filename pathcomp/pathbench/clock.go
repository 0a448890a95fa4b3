// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"time"

	"golang.org/x/sys/unix"
)

// ThreadTime returns what the calling thread has used of a processor. On a
// shared machine the clock on the wall says little. It means something to a
// goroutine that is locked to its thread.
func ThreadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic("thread CPU clock: " + err.Error()) // every Linux has it
	}
	return time.Duration(t.Nano())
}
