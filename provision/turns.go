// SPDX-License-Identifier: Apache-2.0

package provision

import "time"

// Turns bound how much is computed for devices at the same time, and let
// customers' requests go first. What a device of thousands of sessions shall hold,
// is compared with and rendered to takes seconds of a processor; were all devices
// to take them at once, every request would wait behind them. Waiting for a device
// or the store's writer takes no turn. The zero value bounds nothing.
type Turns struct {
	free    chan struct{}
	waiting func() bool
}

// restFor is how many times as long as it worked provision rests while customers
// wait: they then have what the machine can do but for a fifth.
const restFor = 4

// NewTurns lets at most that many compute at the same time. waiting says whether
// customers' requests are under way.
func NewTurns(most int, waiting func() bool) Turns {
	return Turns{make(chan struct{}, most), waiting}
}

// Enter waits for a turn.
func (t Turns) Enter() (leave func()) {
	if t.free == nil {
		return func() {}
	}
	t.free <- struct{}{}
	began := time.Now()
	return func() { time.AfterFunc(t.rest(time.Since(began)), func() { <-t.free }) }
}

// rest says how long to rest after so much work.
func (t Turns) rest(took time.Duration) time.Duration {
	if t.waiting == nil || !t.waiting() {
		return 0
	}
	return restFor * took
}
