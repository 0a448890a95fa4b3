// SPDX-License-Identifier: Apache-2.0

// Package storetest is the one suite that every store has to pass: what the
// ports' comments promise, and what a crash may not break. It knows no store.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

// Backend is a store: the ports, and what the suite looks behind with.
type Backend interface {
	order.Store
	order.Outbox
	order.DeadLetters
	order.NotificationKeys
	provision.Store
	// TellVerdicts appends SLABreached and SLARestored events, each change once.
	TellVerdicts(ctx context.Context, events []session.Event) error
	// OpenBreaches returns the breaches that were told and are not over.
	OpenBreaches(ctx context.Context) (map[session.ID]session.Breach, error)
	// Secret returns what a reference of a session that is not released stands for.
	Secret(ctx context.Context, ref string) (string, error)
	// SaveTopology keeps an inventory unless it is the newest already.
	SaveTopology(ctx context.Context, digest string, body []byte) (revision uint64, changed bool, err error)
	// Purge forgets what was released before.
	Purge(ctx context.Context, before time.Time) (int, error)
	// Audit says what should never be, in words.
	Audit(ctx context.Context) ([]string, error)
	// Bookings returns what is left of the log of bookings after a number.
	Bookings(ctx context.Context, after uint64) ([]pathcomp.Booking, error)
	Close() error
}

// Maker makes a place for a store and returns what opens it: empty first, then
// with what it holds.
type Maker func(t *testing.T) (open func(clock func() time.Time) Backend)

// tests are the tests of a group by what they show.
type tests map[string]func(*testing.T, *bundle)

// Run runs the suite.
func Run(t *testing.T, at Maker) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests tests
	}{
		{"Admit", admitTests()},
		{"Answers", answerTests()},
		{"Read", readTests()},
		{"List", listTests()},
		{"Verdicts", verdictTests()},
		{"Advance", advanceTests()},
		{"Modify", modifyTests()},
		{"Provision", provisionTests()},
		{"Outbox", outboxTests()},
		{"Dead letters", deadLetterTests()},
		{"Notification keys", notificationKeyTests()},
		{"Book", bookTests()},
		{"Pools", poolTests()},
		{"Holds", holdTests()},
		{"Warnings", warningTests()},
		{"Secrets", secretTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for name, test := range group.tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, newBundle(t, at))
				})
			}
		})
	}
}
