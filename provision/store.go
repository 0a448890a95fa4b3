// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Store is what provision needs kept.
type Store interface {
	// ClaimDue leases sessions that are due, oldest first. A claim that is not
	// given back by Advance ends at until.
	ClaimDue(ctx context.Context, holder string, now, until time.Time, limit int) ([]session.Session, error)
	// Advance carries out one step and gives the claim back.
	Advance(ctx context.Context, step order.Step, ledger order.Ledger) (session.Session, error)
	// LookLater gives the holder's claims on sessions back, to be looked at again
	// later. One that has got another version meanwhile is due as that says.
	LookLater(ctx context.Context, holder string, list []Later) error
	// Session returns a session; a session.Error of code NotFound otherwise.
	Session(ctx context.Context, id session.ID) (session.Session, error)
	// LeaseDevice gives one holder the device until the given time, or renews
	// its lease with the same fence. ErrLeased: somebody else has it.
	LeaseDevice(ctx context.Context, device topology.NodeName, holder string, now, until time.Time) (Lease, error)
	// OnDevice returns the sessions that are not released and touch the device. They
	// are shared with others and not to be changed, and may lack the secrets of sinks.
	OnDevice(ctx context.Context, device topology.NodeName) ([]*session.Session, error)
	// RecordDevice writes what was found on the device and makes the sessions
	// it names due at once; their versions grow. ErrFenced: the lease is not the newest.
	RecordDevice(ctx context.Context, lease Lease, found []Finding, now time.Time) error
	// RecordSlots keeps the public keys a gateway announces.
	RecordSlots(ctx context.Context, gateway topology.NodeName, slots []southbound.TunnelSlot) error
	// Freezes returns the brakes that are on.
	Freezes(ctx context.Context) ([]Freeze, error)
	// SetFreeze puts a brake on, or takes it off.
	SetFreeze(ctx context.Context, f Freeze, on bool) error
	// Epoch returns the store epoch, part of every mark on a device.
	Epoch(ctx context.Context) (uint64, error)
}

// Later says when a session is to be looked at again. It stays as it is.
type Later struct {
	Session session.ID
	Version uint64 // that it was decided on
	Due     time.Time
}

// Lease is one daemon's right to change one device.
type Lease struct {
	Device topology.NodeName
	Holder string
	Fence  uint64 // grows with every new holder
	Until  time.Time
}

// Finding is what a device was seen to hold of a session.
type Finding struct {
	Session session.ID
	Have    session.Presence
	Reason  string // why it is not as decided; empty: nothing wrong
	Change  uint32 // of the session that was looked for; a finding of another is passed over
	// Refused asks that the session's decision becomes absent: the device said
	// no for good.
	Refused bool
}

// Freeze is a brake that an operator put on: no change reaches what it covers.
type Freeze struct {
	Scope  FreezeScope
	Name   string // device or tenant; empty for FreezeAll
	Reason string
	Since  time.Time
}

// FreezeScope says what a Freeze covers.
type FreezeScope string

// The scopes.
const (
	FreezeAll    FreezeScope = "all"
	FreezeDevice FreezeScope = "device"
	FreezeTenant FreezeScope = "tenant"
)
