// SPDX-License-Identifier: Apache-2.0

package priority

import (
	"fmt"
	"runtime"
	"syscall"
)

// The nicenesses of threads (setpriority(2): on Linux it is a thread's own). Where
// both processors of two are wanted by others too, one that leads has nine tenths of
// one, and one that gives way a tenth.
const (
	leading   = -10
	givingWay = 10
)

// Lead raises the priority of the calling goroutine. It fails where neither
// CAP_SYS_NICE nor RLIMIT_NICE allows it (capabilities(7), getrlimit(2)); the
// priority is then as it was.
func Lead() error { return set(leading) }

// GiveWay lowers the priority of the calling goroutine.
func GiveWay() error { return set(givingWay) }

func set(niceness int) error {
	runtime.LockOSThread()
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness); err != nil {
		return fmt.Errorf("niceness %d: %w", niceness, err)
	}
	return nil
}
