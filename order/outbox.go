// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/session"
)

// Stream is what waits to be told to the sink of one session, or of one hold:
// one delivery at a time, oldest event first.
type Stream struct {
	Session session.ID
	Tenant  session.TenantID
	Sink    session.Sink
	Event   session.Event    // the head of the line
	Account *session.Account // with the event that tells of the end; else nil
	Tries   int              // of the head so far
	Since   time.Time        // of the head's first try; zero: none yet
	Fence   uint64           // of the lease, to be handed back

	Expiring *Expiring // the hold that the event tells of, and no session; nil: a session
}

// Outbox hands out streams under a lease.
type Outbox interface {
	// ClaimStream leases the stream that is due longest, of a hold before those of
	// sessions; ok is false without one.
	ClaimStream(ctx context.Context, holder string, now, until time.Time) (s Stream, ok bool, err error)
	// Delivered ends the head and makes the next one due now.
	Delivered(ctx context.Context, s Stream, now time.Time) error
	// RetryAt keeps the head and says why it failed.
	RetryAt(ctx context.Context, s Stream, at time.Time, reason string) error
	// Postpone keeps the head, which was not tried.
	Postpone(ctx context.Context, s Stream, at time.Time) error
	// GiveUp keeps the head and all behind it as dead letters. Unless it is
	// final, the session's next event is tried again. Of a hold nothing is kept.
	GiveUp(ctx context.Context, s Stream, now time.Time, reason string, final bool) error
}
