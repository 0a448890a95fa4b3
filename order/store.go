// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Ledger is the admission core's book of arcs. The store calls it inside its
// write transaction, so that what is committed was valid against everything
// committed before, also by other daemons.
type Ledger interface {
	// Known returns the newest number of the log of bookings up to which all
	// are entered.
	Known() uint64
	// CatchUp enters bookings that others committed, in order.
	CatchUp(bookings []pathcomp.Booking) error
	// Reload replaces all that is durable, where the log no longer reaches back
	// to what is known. A booking without owner tells the newest number only.
	Reload(bookings []pathcomp.Booking) error
	// Reserve checks that a fits at every instant and enters it as pending.
	Reserve(owner string, a pathcomp.Admission) error
	// Settle makes pending entries durable: bookings carry their numbers.
	Settle(bookings []pathcomp.Booking)
	// Withdraw drops the pending entries of owner.
	Withdraw(owner string)
	// Uses returns what the bookings of owner in one variant take, all of a
	// session's the same at their times; empty: it has none.
	Uses(owner string, variant uint32) []pathcomp.Use
}

// Admission is one decision to admit: a session, its bandwidth, its pool
// values and its first event become durable together, or none of them.
type Admission struct {
	Session *session.Session // complete but for what Assign fills in
	Secrets []Secret         // that it refers to
	Route   pathcomp.Admission
	Pools   []PoolRequest
	// Assign receives the value of each of Pools before the session is written.
	Assign func(values []uint64)
	// Validate sees what the tenant has, inside the transaction; its error
	// refuses this admission only.
	Validate func(held Holdings) error
	Events   []session.Event // ID and Seq are given by the store
	Due      time.Time       // when provision has to look first
	// Key makes the create repeatable: the same tenant, client and key answer
	// with the session created first if Fingerprint is equal, else with a
	// session.Error of code Exists. Empty: not asked for.
	Key         string
	Fingerprint string
	// Answer encodes, of the session as it is written, what is kept with Key: never
	// after the store has returned, but maybe beside all else. nil: nothing is kept.
	Answer func(written session.Session) []byte
	// Hold is spent by this admission, which takes its room over without
	// letting go of it. A session.Error around ErrHoldUnknown, ErrHoldForeign,
	// ErrHoldSpent or ErrHoldExpired refuses. Empty: none.
	Hold string
	// Offer is the id of what no other admission may be based on until
	// OfferExpires; not with Hold. A session.Error around ErrHoldSpent refuses.
	// Empty: none.
	Offer        string
	OfferExpires time.Time
}

// Holdings is what a tenant holds while an admission is decided.
type Holdings struct {
	Sessions int                // not released
	Kbps     uint64             // sum of the larger direction of each
	VPN      []*session.Session // live sessions of the admission's VPN; not to be changed
}

// PoolRequest asks for a value of a pool. A holder that has one already shares
// it: the session becomes one more owner, and the last owner out frees it.
type PoolRequest struct {
	Pool     string // "vpn", "rd:<pe>", "vlan:<pe>:<port>", "transfer", "tunnel:<gateway>"
	Holder   string // what the value is for: a VPN on a PE, a session ...
	Min, Max uint64 // inclusive
	// Contended asks for ErrConflict instead of a refusal when the pool is
	// exhausted: the caller then looks again at what it based its wish on.
	Contended bool
}

// AdmitResult answers one Admission. Err nil: it is durable. ErrConflict: the
// room found is gone, search again. Repeated: an earlier create with that key.
type AdmitResult struct {
	Session  session.Session
	Repeated bool
	Err      error
}

// Step moves a session on. It is refused with session.Aborted when Session's
// Version is not the stored one; the stored version grows by one.
type Step struct {
	Session session.Session     // as it shall be, with the Version it was read with
	Events  []session.Event     // ID and Seq are given by the store
	Due     time.Time           // when provision has to look again; zero: never
	Reserve *pathcomp.Admission // more to reserve, nil: nothing; its Variant says beside what
	// Like is the variant in which the session has already what Reserve, whose
	// Uses are empty then, is to take; nil: Reserve says it. Error: ErrNotBooked.
	Like *uint32
	// ReleaseBelow returns what is reserved in variants below it, after Reserve
	// and without a moment between; 0: nothing.
	ReleaseBelow uint32
	Return       bool // bandwidth and pool values go back; not with the two above
	// Anew makes what devices hold of the session unknown: they have to follow.
	Anew bool
	// Validate sees what the tenant has, without the VPN, inside the transaction;
	// its error refuses the step. nil: all is well.
	Validate func(held Holdings) error
	// Key makes the step repeatable, as it does an Admission, with Answer: the session
	// is then returned as it is.
	Key, Fingerprint string
	Client           string // whose Key it is
	Answer           func(written session.Session) []byte
}

// Filter selects sessions of one tenant for a list. Zero fields do not filter.
type Filter struct {
	Tenant   session.TenantID // "": all, for operators
	Client   string
	Statuses []session.Status
	Levels   []session.LevelName
	Name     string
	Created  Span
	Starts   Span // that were asked for
	Kept     bool // leave out what is Gone
	Sort     SortKey
	Upward   bool // the smallest first
	Offset   int
	Limit    int // 1..1000
}

// Store is what the use cases need kept.
type Store interface {
	// AdmitBatch decides many admissions in one transaction; a refused one
	// never fails the rest. The error is of the transaction as a whole, and
	// then nothing was admitted.
	AdmitBatch(ctx context.Context, batch []Admission, ledger Ledger) ([]AdmitResult, error)
	// Repeated returns what is known of the request with this Idempotency-Key in the
	// last 24 hours; ok is false for a key that is not known. A session.Error of
	// code Exists: it was another request.
	Repeated(ctx context.Context, tenant session.TenantID, client, key, fingerprint string) (r Repeat, ok bool, err error)
	// Advance carries out one step.
	Advance(ctx context.Context, step Step, ledger Ledger) (session.Session, error)
	// Session returns a session; a session.Error of code NotFound otherwise.
	Session(ctx context.Context, id session.ID) (session.Session, error)
	// Glance returns a session without what is known of its devices, and at most
	// so many of its events, newest first, both as of one moment. The session is
	// not to be changed in depth.
	Glance(ctx context.Context, id session.ID, most int) (session.Session, []session.Event, error)
	// Sessions returns a page and how many match in all, both as of one moment.
	// The order is total: what Sort leaves equal is in order of creation. The
	// sessions are not to be changed in depth.
	Sessions(ctx context.Context, f Filter) ([]session.Session, int, error)
	// Timeline returns the events of a session in order.
	Timeline(ctx context.Context, id session.ID) ([]session.Event, error)
	// Newest returns at most so many events of a session, newest first.
	Newest(ctx context.Context, id session.ID, what EventClass, most int) ([]session.Event, error)
	// VPN returns the live sessions of a VPN.
	VPN(ctx context.Context, id session.VPNID) ([]session.Session, error)
	// VPNsAt returns the VPNs that the tenant's live sessions at one of two
	// access points are in, each once.
	VPNsAt(ctx context.Context, tenant session.TenantID, a, z string) ([]session.VPNID, error)
	// LoadBookings hands out all live bookings in order, for a ledger that
	// starts empty. The last may have no owner: it tells the newest number.
	LoadBookings(ctx context.Context, each func(pathcomp.Booking) error) error
	// Hold keeps room for a tenant: all alternatives together, or nothing.
	// ErrConflict: the room found is gone, search again.
	Hold(ctx context.Context, hold Hold, ledger Ledger) error
	// ExpireHolds ends the holds that expired by now, returns their room and
	// says how many there were.
	ExpireHolds(ctx context.Context, now time.Time, ledger Ledger) (int, error)
	// Spent says whether an admission has used up the hold or offer id.
	Spent(ctx context.Context, id string) (bool, error)
	// SlotKey returns the public key a gateway announced for a tunnel slot;
	// empty: not known yet.
	SlotKey(ctx context.Context, gateway topology.NodeName, port uint16) (string, error)
}
