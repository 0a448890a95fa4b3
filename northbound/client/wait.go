// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
)

// ErrEnded says that a session has ended before what was waited for.
var ErrEnded = errors.New("the session has ended")

// Polling is how often a session is read that is waited for: after First, then
// less and less often down to every Most, and as at first after each change.
type Polling struct {
	First time.Duration // 500 ms by default
	Most  time.Duration // 10 s by default
}

func (p Polling) complete() Polling {
	p = Polling{First: cmp.Or(max(p.First, 0), 500*time.Millisecond), Most: cmp.Or(max(p.Most, 0), 10*time.Second)}
	p.Most = max(p.First, p.Most)
	return p
}

// Activated reports whether a session is proven and not about to end. It is made for
// Wait.
func Activated(s *Session) bool { return s.Status == api.ACTIVATED && s.StatusInfo == nil }

// Ordered reports whether nothing is left to do for a session until its start:
// it is activated, or scheduled for later. It is made for Wait.
func Ordered(s *Session) bool { return s.Status == api.SCHEDULED || Activated(s) }

// Ended reports whether a session has ended. WaitEnd waits for it.
func Ended(s *Session) bool { return s.Status == api.TERMINATED }

// Wait reads a session until it is as wanted, and returns it. progress, unless
// nil, is called with the first state that is read and with every change of
// status, phase or message. A session that ends otherwise is returned with an
// ErrEnded. Faults that pass (IsTemporary) are outlasted once the session has
// been read; ctx bounds the time.
func (c *Client) Wait(ctx context.Context, id api.SessionId, until func(*Session) bool, progress func(*Session), opts ...CallOption) (*Session, error) {
	var last *Session
	for pause := c.polling.First; ; pause = min(pause*3/2, c.polling.Most) {
		s, err := c.GetSession(ctx, id, opts...)
		switch {
		case err != nil && (last == nil || ctx.Err() != nil || !IsTemporary(err)):
			return last, fmt.Errorf("wait: %w", err)
		case err != nil:
			pause = c.polling.Most
		case last == nil || changed(last, s):
			pause = c.polling.First
			if progress != nil {
				progress(s)
			}
			fallthrough
		default:
			last = s
		}
		if until(last) {
			return last, nil
		}
		if Ended(last) {
			return last, fmt.Errorf("wait: %w: %s, %s", ErrEnded, value(last.StatusInfo, ""), last.StatusMessage)
		}
		if !sleep(ctx, pause) {
			return last, fmt.Errorf("wait: session %s is %s, %s: %w", id, last.Status, last.StatusMessage, gaveUp(ctx))
		}
	}
}

// WaitEnd waits until a session has ended and returns its last state. One that
// was deleted cannot be read once it is gone, and has ended then.
func (c *Client) WaitEnd(ctx context.Context, id api.SessionId, progress func(*Session), opts ...CallOption) (*Session, error) {
	s, err := c.Wait(ctx, id, Ended, progress, opts...)
	if s != nil && IsNotFound(err) {
		return s, nil
	}
	return s, err
}

func changed(was, is *Session) bool {
	return was.Status != is.Status || was.Phase != is.Phase || was.StatusMessage != is.StatusMessage ||
		value(was.StatusInfo, "") != value(is.StatusInfo, "")
}

// gaveUp is why sleep returned early: where the end of ctx is near, it has come.
func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return context.DeadlineExceeded
}
