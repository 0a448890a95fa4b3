// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"sync"
	"time"
)

type callKey struct{}

// call is what the front of the server knows of a request, and the context that the
// request has from there on.
//
// Like one of context.WithDeadline it can end at a time; but its timer is set only
// for somebody who waits for it. Most requests are answered from memory, and nobody
// does.
type call struct {
	context.Context // the request's own

	correlator string
	operation  string
	tenant     string
	client     string
	failure    error

	mu    sync.Mutex // guards the rest
	until time.Time  // zero: no end of its own
	timed context.Context
	stop  context.CancelFunc // with timed
}

// callOf returns the call that a context is part of.
func callOf(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return &call{Context: ctx}
	}
	return c
}

// end has the call end at a time. Who waits for its end already is not told.
func (c *call) end(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = at
}

// over releases what the call holds.
func (c *call) over() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop()
	}
}

// Deadline implements context.Context.
func (c *call) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.Context.Deadline()
	if c.until.IsZero() || ok && at.Before(c.until) {
		return at, ok
	}
	return c.until, true
}

// Done implements context.Context.
func (c *call) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil && !c.until.IsZero() {
		c.timed, c.stop = context.WithDeadline(c.Context, c.until)
	}
	return c.inner().Done()
}

// Err implements context.Context.
func (c *call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil && !c.until.IsZero() && !time.Now().Before(c.until) && c.Context.Err() == nil {
		return context.DeadlineExceeded
	}
	return c.inner().Err() //nolint:wrapcheck // it is what ends the context
}

// Value implements context.Context.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner().Value(key)
}

func (c *call) inner() context.Context {
	if c.timed != nil {
		return c.timed
	}
	return c.Context
}
