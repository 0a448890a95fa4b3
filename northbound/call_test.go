// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A call ends as a context.WithDeadline does, whoever looks at it and however.
func TestCallEnds(t *testing.T) {
	t.Parallel()
	const look = 10 * time.Millisecond // every so often
	type wait func(ctx context.Context) error
	done := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	waits := map[string]wait{
		"done": done,
		"err": func(ctx context.Context) error {
			for ctx.Err() == nil {
				time.Sleep(look)
			}
			return ctx.Err()
		},
		"child": func(ctx context.Context) error {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			return done(child)
		},
	}
	parents := map[string]struct {
		after time.Duration // when the connection is lost; 0: never
		want  error
		at    time.Duration
	}{
		"in time":         {want: context.DeadlineExceeded, at: 10 * time.Second},
		"connection lost": {after: 3 * time.Second, want: context.Canceled, at: 3 * time.Second},
	}
	for how, w := range waits {
		for name, p := range parents {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					parent, lose := context.WithCancel(t.Context())
					defer lose()
					if p.after > 0 {
						time.AfterFunc(p.after, lose)
					}
					c := &call{Context: parent}
					defer c.over()
					begin := time.Now()
					c.end(begin.Add(10 * time.Second))
					if at, ok := c.Deadline(); !ok || !at.Equal(begin.Add(10*time.Second)) {
						t.Errorf("deadline %v, %v", at, ok)
					}
					err := w(c)
					if late := time.Since(begin) - p.at; !errors.Is(err, p.want) || late < 0 || late > look {
						t.Errorf("ended %v late with %v; want %v", late, err, p.want)
					}
				})
			})
		}
	}
}

func TestCallIsItsRequestsContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	parent, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Hour)
	defer cancel()
	c := &call{Context: parent, correlator: "mine"}
	defer c.over()
	soon, _ := parent.Deadline()
	c.end(soon.Add(time.Hour))
	if at, ok := c.Deadline(); !ok || !at.Equal(soon) {
		t.Errorf("deadline %v, %v; want the connection's, %v", at, ok, soon)
	}
	for _, ctx := range []context.Context{c, context.WithoutCancel(c)} {
		if got := callOf(ctx); got != c {
			t.Errorf("callOf(%v) = %p, want %p", ctx, got, c)
		}
		if got := ctx.Value(key{}); got != "kept" {
			t.Errorf("value %v, want the request's own", got)
		}
	}
	if got := callOf(t.Context()); got.correlator != "" || got.Err() != nil {
		t.Errorf("callOf a foreign context: %v, %v", got.correlator, got.Err())
	}
	cancel()
	if err := c.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("after its request: %v", err)
	}
}
