// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Operator is what the operators' API shows and does, for all tenants.
type Operator interface {
	OperatorSessions
	OperatorNetwork
	OperatorBrakes
	OperatorDoctor
}

// OperatorDoctor says what is wrong now.
type OperatorDoctor interface {
	// Findings lists what is wrong with devices, sessions, store and
	// certificates, worst first; empty: nothing is.
	Findings(ctx context.Context) ([]Finding, error)
}

// Finding is one thing that is wrong.
type Finding struct {
	Severity string `json:"severity"` // "fault" or "warning"
	Subject  string `json:"subject"`  // "device PE1", "session ...", "store", "certificate ..."
	Detail   string `json:"detail"`   // in words
}

// OperatorSessions reads sessions of all tenants.
type OperatorSessions interface {
	// Sessions returns a page, newest first, and how many match in all.
	Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error)
	// Session returns a session; a session.Error of code NotFound otherwise.
	Session(ctx context.Context, id session.ID) (session.Session, error)
	// Timeline returns the events of a session in order.
	Timeline(ctx context.Context, id session.ID) ([]session.Event, error)
}

// OperatorNetwork reads the state of the network.
type OperatorNetwork interface {
	// Devices returns all managed devices.
	Devices(ctx context.Context) ([]DeviceStatus, error)
	// Reservations returns what is reserved on arc, or on every arc that has
	// reservations when arc is empty.
	Reservations(ctx context.Context, arc topology.ArcName) ([]ArcStatus, error)
}

// OperatorBrakes puts brakes on and takes them off.
type OperatorBrakes interface {
	// Freezes returns the brakes that are on.
	Freezes(ctx context.Context) ([]provision.Freeze, error)
	// SetFreeze puts a brake on, or takes it off.
	SetFreeze(ctx context.Context, f provision.Freeze, on bool) error
}

// DeviceStatus is a device as the daemon sees it.
type DeviceStatus struct {
	Device      topology.NodeName `json:"device"`
	Platform    string            `json:"platform,omitempty"`
	State       string            `json:"state"`            // "in sync", "changing", "unreachable", "frozen" ...
	Reason      string            `json:"reason,omitempty"` // why it is not in sync
	Since       time.Time         `json:"since,omitzero"`   // of State
	ChangedAt   time.Time         `json:"changedAt,omitzero"`
	Fence       uint64            `json:"fence"`       // of the lease under which it is managed
	Quarantined int               `json:"quarantined"` // marked VRFs that the store does not know, left alone
	Sessions    int               `json:"sessions"`
}

// ArcStatus is what is reserved on one arc.
type ArcStatus struct {
	Arc            topology.ArcName `json:"arc"`
	ReservableKbps uint64           `json:"reservableKbps"`
	ReservedKbps   uint64           `json:"reservedKbps"` // at this moment
	Entries        []ArcEntry       `json:"entries"`
}

// ArcEntry is one reservation on an arc.
type ArcEntry struct {
	Session session.ID `json:"session"`
	Kbps    uint64     `json:"kbps"`
	From    time.Time  `json:"from"`
	Until   time.Time  `json:"until"`
}
