// SPDX-License-Identifier: Apache-2.0

package provision

import "time"

// Turns bound how much is computed for devices at the same time. What a device of
// thousands of sessions shall hold, is compared with and rendered to takes seconds
// of a processor; were all devices to take them at once, every customer's request
// would wait behind them. Waiting for a device or the store's writer takes no
// turn. The zero value bounds nothing.
type Turns struct{ free chan struct{} }

// NewTurns lets at most that many compute at the same time.
func NewTurns(most int) Turns { return Turns{make(chan struct{}, most)} }

// Enter waits for a turn. After leave it rests as long as it was used, so that in
// the long run half of what the turns could take is for requests.
func (t Turns) Enter() (leave func()) {
	if t.free == nil {
		return func() {}
	}
	t.free <- struct{}{}
	began := time.Now()
	return func() { time.AfterFunc(time.Since(began), func() { <-t.free }) }
}
