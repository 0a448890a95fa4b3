// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"time"
)

// Turns bound how much is computed for devices at the same time, and let
// customers' requests go first. What a device of thousands of sessions shall hold,
// is compared with and rendered to takes seconds of a processor; were all devices
// to take them at once, every request would wait behind them. Waiting for a device
// or the store's writer takes no turn. The zero value bounds nothing.
type Turns struct {
	work     chan func()
	ended    <-chan struct{}
	underWay func() int64
}

// Provision rests restEach times as long as it worked for each request but one that
// customers had under way beside it, at most restMost times: where many wait it has
// no more of the time than a quarter of one of them, and still goes on, and it is not
// kept up by one customer who only asks how far things are.
const (
	restEach = 4
	restMost = 24
)

// NewTurns lets at most that many compute at the same time, until ctx ends. underWay
// says how many customers' requests are, or were since it was asked last. Each that
// computes first calls giveWay: to have the kernel give its thread what others leave.
func NewTurns(ctx context.Context, most int, underWay func() int64, giveWay func()) Turns {
	t := Turns{make(chan func()), ctx.Done(), underWay}
	for range most {
		go func() {
			giveWay()
			t.take()
		}()
	}
	return t
}

// Do waits for a turn and does the work. When turns have ended it waits for none.
func (t Turns) Do(work func()) {
	if t.work == nil {
		work()
		return
	}
	done := make(chan struct{})
	select {
	case t.work <- func() { defer close(done); work() }:
		<-done
	case <-t.ended:
		work()
	}
}

// take takes one turn after the other.
func (t Turns) take() {
	for {
		select {
		case <-t.ended:
			return
		case work := <-t.work:
			began := time.Now()
			work()
			time.Sleep(t.rest(time.Since(began)))
		}
	}
}

// rest says how long to rest after so much work.
func (t Turns) rest(took time.Duration) time.Duration {
	return time.Duration(min(restEach*max(t.underWay()-1, 0), restMost)) * took
}
