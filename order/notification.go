// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/session"
)

// DeadLetter is a run of events that were given up: those that the customer
// was to be told of with After < Seq <= Last.
type DeadLetter struct {
	Session     session.ID
	Tenant      session.TenantID
	After, Last uint64
	Reason      string
	At          time.Time // when they were given up
}

// DeadLetterFilter selects dead letters. Zero fields do not filter.
type DeadLetterFilter struct {
	Session session.ID
	Tenant  session.TenantID
	Limit   int // 1..1000
}

// DeadLetters keeps what was given up until it is told after all.
type DeadLetters interface {
	// DeadLetters returns what was given up, oldest sessions first.
	DeadLetters(ctx context.Context, f DeadLetterFilter) ([]DeadLetter, error)
	// Replay takes a session's stream back to the first event that was given up:
	// that one and all behind it are told in order, with the ids they had, also
	// those that were delivered meanwhile, so that the newest is the last word.
	// It returns how many they are. A session.Error of code NotFound: there are
	// no dead letters of that session.
	Replay(ctx context.Context, id session.ID) (events int, err error)
}

// NotificationKey is a secret that the keys are made from with which the
// provider identifies itself to customers' authorization servers.
type NotificationKey struct {
	Secret []byte    // 32 bytes
	From   time.Time // signs from then on; published before
	Until  time.Time // published until then; zero: until another takes over
}

// NotificationKeys keeps them, sealed.
type NotificationKeys interface {
	// NotificationKeys returns all that are not over, oldest first.
	NotificationKeys(ctx context.Context) ([]NotificationKey, error)
	// AddNotificationKey keeps one more; those before it end at until at the latest.
	AddNotificationKey(ctx context.Context, key NotificationKey, until time.Time) error
}
