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
	var leader Leader
	var again, rejoined seen
	got := on(func() error {
		err := leader.Lead()
		again = seen{niceness(t), leader.Lead()}
		return err
	})
	on(func() error {
		var second Leader
		_ = second.Lead() // may be refused
		rejoined = seen{err: errors.Join(second.Rejoin(), second.Rejoin()), niceness: niceness(t)}
		return nil
	})
	switch {
	case got.err == nil && (got.niceness != leading || again != got):
		t.Errorf("Lead: niceness %d, then %+v; want %d", got.niceness, again, leading)
	case got.err != nil && (got.niceness != before || !errors.Is(got.err, syscall.EACCES) && !errors.Is(got.err, syscall.EPERM)):
		t.Errorf("Lead was refused: niceness %d, error %v; want %d as before and a lack of privilege", got.niceness, got.err, before)
	}
	if rejoined != (seen{before, nil}) {
		t.Errorf("after Rejoin: %+v, want niceness %d", rejoined, before)
	}
	if after := niceness(t); after != before {
		t.Errorf("the caller's thread has niceness %d, had %d", after, before)
	}
}
