// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// away is a store that cannot be reached.
type away struct {
	Store

	asked int
}

func (a *away) LeaseDevice(context.Context, topology.NodeName, string, time.Time, time.Time) (Lease, error) {
	a.asked++
	return Lease{}, errors.New("away")
}

// TestKicksDoNotShortenTheRest: what fails is not tried again more often than
// once in Timing.Retry, however many sessions ask for it.
func TestKicksDoNotShortenTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &away{}
		x := &executor{
			device: "PE1", store: store, now: time.Now, log: slog.New(slog.DiscardHandler), kick: make(chan struct{}, 1),
			timing: Timing{Retry: time.Second, Resync: time.Minute, Lease: time.Minute},
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go x.run(ctx)
		const kicks, every = 1000, 10 * time.Millisecond // for 10 s
		for range kicks {
			time.Sleep(every)
			x.Kick()
		}
		synctest.Wait()
		if store.asked < 5 || store.asked > 11 {
			t.Errorf("tried %d times in 10 s", store.asked)
		}
	})
}
