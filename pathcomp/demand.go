// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"time"

	"github.com/s2cd/s2cd/topology"
)

// Demand asks for bandwidth between two terminals over a window.
type Demand struct {
	From, To        Terminal
	Kbps            [2]uint64 // From to To, To to From; layer-3 rates
	Class           string    // queue class of the core
	BookingPermille uint32    // of the rate that is reserved
	OverheadPermill uint32    // added on links, for labels
	Window          Window    // with guards
	MaxRTTMicros    uint32    // round trip on the worst way taken; 0: no bound
}

// Terminal is where traffic enters and leaves: a node, and the accesses passed
// on the way in (and, backwards, on the way out).
type Terminal struct {
	Node   topology.NodeName
	Access []string // names of topology.Access, customer's side first
}

// Window is the half-open interval [From, Until), to the second.
type Window struct{ From, Until time.Time }

// Use is what an admission takes on one arc.
type Use = topology.Use

// Admission is an answer that fits: what to write down to make it true.
type Admission struct {
	Revision  uint64 // of the topology searched
	Class     string
	Window    Window
	Forward   []topology.NodeName // one shortest path, for people
	Reverse   []topology.NodeName
	RTTMicros uint32 // the worst of all equal-cost ways
	Uses      []Use  // sorted by arc, each arc once

	// Variant is that of the booking which this becomes, Replaces the owner
	// whose bookings end with it: see Booking. A search leaves both empty.
	Variant  uint32
	Replaces string
}

// Cause says why a demand cannot be met (RFC 5440 section 7.5).
type Cause string

// The causes.
const (
	UnknownNode Cause = "unknown-node" // a terminal's node or access
	NoPath      Cause = "no-path"
	Bandwidth   Cause = "bandwidth"
	Latency     Cause = "latency"
	Maintenance Cause = "maintenance"    // the way leads through a node that takes no new paths
	Invalid     Cause = "invalid-demand" // the window is empty
)

// Refusal says why a demand does not fit and what would. It is not an error of
// the program: callers show it.
type Refusal struct {
	Cause          Cause
	Blocking       []topology.ArcName  // arcs without room
	Nodes          []topology.NodeName // not known, or in maintenance
	MostKbps       uint64              // the largest symmetric rate that fits in the window; 0: none
	EarliestStart  time.Time           // of the window (with guards), when it would fit for as long; zero: not within sight
	LeastRTTMicros uint32              // the least round trip bound the network can keep; 0: no path
}

// Error implements error.
func (r *Refusal) Error() string { return "no path: " + string(r.Cause) }
