// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
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
	OperatorFaults
	OperatorEvents
}

// OperatorDoctor says what is wrong now.
type OperatorDoctor interface {
	// Findings lists what is wrong with devices, network, sessions, store and
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

// OperatorFaults is told of faults in the network, and has sessions leave them.
// What it is told is not kept over a restart: the inventory says what is then.
type OperatorFaults interface {
	// SetLink says whether a link is down from now on; a session.Error of code
	// NotFound names a link that is not known. The correlator is for the log.
	SetLink(ctx context.Context, name string, down bool, correlator string) (LinkStatus, error)
	// SetNode does the same for a node.
	SetNode(ctx context.Context, name topology.NodeName, c NodeChange, correlator string) (NodeStatus, error)
	// WhatIf says what would be. Nothing is changed.
	WhatIf(ctx context.Context, s Supposition) (Supposed, error)
	// PlanReroute says where sessions go that are not reserved where the network
	// takes them.
	PlanReroute(ctx context.Context) ([]order.Rerouted, error)
	// Reroute carries the plan out; the correlator goes with the sessions' events.
	Reroute(ctx context.Context, correlator string) ([]order.Rerouted, error)
}

// NodeChange is what a node is from now on; nil: as it was.
type NodeChange struct {
	Down        *bool `json:"down,omitempty"`
	Maintenance *bool `json:"maintenance,omitempty"`
}

// Faults are links and nodes that could be down, and nodes that could be in
// maintenance.
type Faults struct {
	LinksDown []string            `json:"linksDown,omitempty"`
	NodesDown []topology.NodeName `json:"nodesDown,omitempty"`
	Drain     []topology.NodeName `json:"drain,omitempty"`
}

// Supposition is what could be: faults, other capacities, and orders that come
// when the sessions have moved.
type Supposition struct {
	Faults

	SetCapacity []LinkRate // before what is added
	AddCapacity []LinkRate
	Orders      []order.Prospect // one after the other
}

// LinkRate is a rate of a link, A to Z and Z to A.
type LinkRate struct {
	Link string    `json:"link"`
	Kbps [2]uint64 `json:"kbps"`
}

// Supposed is what would be.
type Supposed struct {
	Sessions []order.Rerouted // the plan of PlanReroute
	Orders   []order.Foreseen
	Excesses []pathcomp.Excess // arcs that would not carry what is reserved after all that
}

// LinkStatus is a link as the daemon has been told it is.
type LinkStatus struct {
	Link     string `json:"link"`
	Down     bool   `json:"down"`
	Affected int    `json:"affected"` // sessions reserved over anything that is down or in maintenance
	Note     string `json:"note"`     // set by the API: how long it is kept
}

// NodeStatus is a node as the daemon has been told it is.
type NodeStatus struct {
	Node        topology.NodeName `json:"node"`
	Down        bool              `json:"down"`
	Maintenance bool              `json:"maintenance"`
	Affected    int               `json:"affected"` // as in LinkStatus
	Note        string            `json:"note"`     // as in LinkStatus
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
