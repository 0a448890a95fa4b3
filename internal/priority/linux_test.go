// SPDX-License-Identifier: Apache-2.0

package priority

import (
	"errors"
	"syscall"
	"testing"
)

// getpriority(2) as a system call returns 20 less the niceness.
func niceness(t *testing.T) int {
	t.Helper()
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	return 20 - raw
}

func TestThreadsOfTheirOwn(t *testing.T) {
	before := niceness(t)
	type seen struct {
		niceness int
		err      error
	}
	on := func(change func() error) seen {
		done := make(chan seen)
		go func() {
			err := change()
			done <- seen{niceness(t), err}
		}()
		return <-done
	}
	if got := on(GiveWay); got.niceness != givingWay || got.err != nil {
		t.Errorf("GiveWay: niceness %d, error %v; want %d", got.niceness, got.err, givingWay)
	}
	got := on(Lead)
	switch {
	case got.err == nil && got.niceness != leading:
		t.Errorf("Lead: niceness %d, want %d", got.niceness, leading)
	case got.err != nil && (got.niceness != before || !errors.Is(got.err, syscall.EACCES) && !errors.Is(got.err, syscall.EPERM)):
		t.Errorf("Lead was refused: niceness %d, error %v; want %d as before and a lack of privilege", got.niceness, got.err, before)
	}
	if after := niceness(t); after != before {
		t.Errorf("the caller's thread has niceness %d, had %d", after, before)
	}
}
