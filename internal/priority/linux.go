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

// Leader is a goroutine that goes before all others at times. The zero value is among
// the others. It is for that one goroutine.
type Leader struct {
	leads bool
	was   int // its niceness before
}

// Lead puts the calling goroutine before all others. It fails where neither
// CAP_SYS_NICE nor RLIMIT_NICE allows it (capabilities(7), getrlimit(2)); the
// priority is then as it was.
func (l *Leader) Lead() error {
	if l.leads {
		return nil
	}
	runtime.LockOSThread()
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err == nil {
		err = set(leading)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	l.leads, l.was = true, 20-raw // as the system call has it
	return nil
}

// Rejoin puts the calling goroutine among the others again. If that fails, it still
// leads.
func (l *Leader) Rejoin() error {
	if !l.leads {
		return nil
	}
	if err := set(l.was); err != nil {
		return err
	}
	runtime.UnlockOSThread()
	l.leads = false
	return nil
}

// GiveWay puts the calling goroutine behind all others, for good: its thread ends
// with it.
func GiveWay() error {
	runtime.LockOSThread()
	return set(givingWay)
}

func set(niceness int) error {
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness); err != nil {
		return fmt.Errorf("niceness %d: %w", niceness, err)
	}
	return nil
}
