// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"
)

// run is what came of the calls of one phase, by their place in it.
type run struct {
	calls   []call
	took    []time.Duration // from the time it was due to its answer; negative: not sent
	answers []answer
	errs    []error
	lasted  time.Duration // from the first arrival to the last answer
}

// ahead is how long before the first arrival all is ready.
const ahead = 100 * time.Millisecond

// drive sends calls at rate a second, each at its time whatever the answers to
// those before it: the load is open. A call that finds all connections busy
// waits, and that counts, as it is timed from when it was due. Connections are
// made before and kept.
func (t *target) drive(ctx context.Context, calls []call, rate, connections int) (*run, error) {
	conns := make([]*conn, connections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = t.dial(ctx); err != nil {
			return nil, err
		}
	}
	r := &run{calls: calls, took: make([]time.Duration, len(calls)), answers: make([]answer, len(calls)), errs: make([]error, len(calls))}
	start := time.Now().Add(ahead)
	due := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second / time.Duration(rate)) }
	ready := make(chan int, len(calls)) // holds them all: arrivals never wait
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			for n := range ready {
				conns[i] = t.send(ctx, conns[i], r, n)
				r.took[n] = time.Since(due(n))
			}
		})
	}
	sent := arrive(ctx, ready, due, len(calls))
	wg.Wait()
	r.lasted = time.Since(start)
	r.calls, r.took = calls[:sent], r.took[:sent]
	if err := ctx.Err(); err != nil {
		return r, fmt.Errorf("stopped after %d of %d calls: %w", sent, len(calls), err)
	}
	return r, nil
}

// arrive lets calls in at their times and returns how many there were.
func arrive(ctx context.Context, ready chan<- int, due func(int) time.Time, n int) int {
	defer close(ready)
	for i := range n {
		if wait := time.Until(due(i)); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return i
		}
		ready <- i
	}
	return n
}

// send makes one call and returns the connection for the next one: another when
// this one failed.
func (t *target) send(ctx context.Context, c *conn, r *run, n int) *conn {
	if c == nil {
		if c, r.errs[n] = t.dial(ctx); r.errs[n] != nil {
			return nil
		}
	}
	if r.answers[n], r.errs[n] = c.do(r.calls[n]); r.errs[n] != nil {
		c.close()
		return nil
	}
	return c
}

// made returns the sessions that creates were answered with.
func (r *run) made() []made {
	var all []made
	for i, c := range r.calls {
		if r.errs[i] == nil && r.answers[i].status == c.want {
			all = append(all, made{tenant: c.tenant, id: path.Base(r.answers[i].location)})
		}
	}
	return all
}
