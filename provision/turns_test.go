// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/s2cd/s2cd/provision"
)

func TestTurnsBoundHowManyCompute(t *testing.T) {
	t.Parallel()
	const most = 3
	turns := provision.NewTurns(t.Context(), most, func() int64 { return 1 }, func() {})
	var now, peak, done atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			turns.Do(func() {
				n := now.Add(1)
				for was := peak.Load(); n > was && !peak.CompareAndSwap(was, n); was = peak.Load() {
				}
				done.Add(1)
				now.Add(-1)
			})
		})
	}
	wg.Wait() // a turn that is not given back would keep it waiting
	if p := peak.Load(); p < 1 || p > most {
		t.Errorf("%d computed at the same time, at most %d may", p, most)
	}
	for range 10 {
		provision.Turns{}.Do(func() { done.Add(1) }) // bounds nothing
	}
	if n := done.Load(); n != 60 {
		t.Errorf("%d pieces of work were done, want 60", n)
	}
}
