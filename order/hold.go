// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"strings"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Why a hold, or an offer without one, cannot be spent: an Error of the session's
// codes OfferExpired (also for one that is not known), OfferForeign, OfferUsed.
var (
	ErrHoldUnknown = errors.New("no such hold")
	ErrHoldForeign = errors.New("hold of another tenant")
	ErrHoldSpent   = errors.New("hold spent")
	ErrHoldExpired = errors.New("hold expired")
)

// Hold keeps room that was found for a tenant until an order spends it or it
// expires. Of its alternatives one at most is ever used: they take the most of
// any of them, not the sum.
type Hold struct {
	ID           string // never used before
	Tenant       session.TenantID
	Expires      time.Time
	Alternatives []pathcomp.Admission // the store numbers their variants
	Warning      *Warning             // nil: nobody is told that it is about to end
	// Validate sees the tenant's live holds without their alternatives, inside
	// the transaction; its error refuses this hold.
	Validate func(live []Hold) error
}

// HoldOwner is who a hold's bookings belong to in the log and in ledgers. It is
// no session's id.
func HoldOwner(id string) string { return holdPrefix + id }

const holdPrefix = "hold:"

// IsHold says whether an owner of bookings is a hold's, by HoldOwner.
func IsHold(owner string) bool { return strings.HasPrefix(owner, holdPrefix) }
