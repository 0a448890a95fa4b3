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

	// Instead names an owner whose bookings give way to what is found: where
	// both need an arc, the larger is needed and not the sum.
	Instead string

	// Second asks for two ways that fail apart; nil: for one. Of Search alone.
	Second *Second

	// Steered is for networks in which paths can be chosen.
	Steered
}

// Steered says which path is wanted. The routers, where they choose it, know nothing
// of this; the bound on loss is kept there too.
type Steered struct {
	Objective  Objective
	Separate   bool   // each direction may take its own links; the bounds on round trips stay
	MaxLossPPM uint32 // round trip, packets lost in a million; 0: no bound
	MaxHops    uint32 // links, each direction; 0: no bound
	// Include are nodes to pass in this order, on the way there (RFC 5440
	// section 7.12); on the way back in the reverse order.
	Include  []topology.NodeName
	Exclude  Exclude
	Affinity Affinity
}

// Objective is what the best path has least of (RFC 5541 section 3).
type Objective uint8

// The objectives. Ties go to the smaller round trip, or cost; then, where both
// directions take the same links and nothing is said of loss, hops and nodes to
// include, to the path of fewest links, and of those to the links that the network
// has first.
const (
	LeastCost    Objective = iota // sum of the TE metrics of both directions (MCP)
	LeastLatency                  // round trip (MCP over the latency metric of RFC 8233)
	LeastLoad                     // load of the fullest link, of those the cost (MLP)
)

// Exclude is what a path must not use (RFC 5521).
type Exclude struct {
	Nodes []topology.NodeName
	Links []string
	SRLGs []uint32
}

// Affinity is which administrative groups a link must have (RFC 3209 section
// 4.7.4). Zero masks ask for nothing.
type Affinity struct {
	IncludeAny uint32 // one of them
	IncludeAll uint32
	ExcludeAny uint32 // none of them
}

// admits says whether a link of these groups will do.
func (a Affinity) admits(groups uint32) bool {
	return (a.IncludeAny == 0 || groups&a.IncludeAny != 0) && groups&a.IncludeAll == a.IncludeAll && groups&a.ExcludeAny == 0
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

// Admission is an answer that fits: what to write down to make it true. Nobody
// writes to Forward, Reverse and Links: other admissions may have the same.
type Admission struct {
	Revision  uint64 // of the topology searched
	Class     string
	Window    Window
	Forward   []topology.NodeName // one shortest path, for people
	Reverse   []topology.NodeName
	RTTMicros uint32                // the worst of all equal-cost ways
	LossPPM   uint32                // of a round trip on those that lose most, in a million, rounded up
	Cost      uint64                // sum of the TE metrics of both directions; of steered paths only
	Links     [2][]topology.ArcName // of steered paths only: each direction's, in order
	Uses      []Use                 // sorted by arc, each arc once
	Second    *Way                  // of a demand for two ways; else nil

	// Variant is that of the booking which this becomes, Replaces the owner
	// whose bookings end with it: see Booking. A search leaves both empty.
	Variant  uint32
	Replaces string

	Snapshot uint64 // of the network, by its serial number, that was searched; 0: of none
	// Arcs are the numbers, in that network, of what Uses names, in its order. They
	// spare Reserve looking names up; what they do not tell it looks up.
	Arcs []int32
}

// Cause says why a demand cannot be met (RFC 5440 section 7.5).
type Cause string

// The causes.
const (
	UnknownNode Cause = "unknown-node" // a terminal's node or access, or one to include or exclude
	NoPath      Cause = "no-path"
	Bandwidth   Cause = "bandwidth"
	Latency     Cause = "latency"
	Loss        Cause = "loss"
	Hops        Cause = "hops"
	Policy      Cause = "policy"         // affinities, what to include and to exclude
	Bounds      Cause = "bounds"         // each can be met by itself, not all together
	Undecided   Cause = "undecided"      // the search gave up: it is not known whether there is a path
	Maintenance Cause = "maintenance"    // the way leads through a node that takes no new paths
	Invalid     Cause = "invalid-demand" // the window is empty
	Disjoint    Cause = "disjoint"       // there are paths, but no two that share nothing
	Unsupported Cause = "unsupported"    // a pair of paths cannot be asked for in this way, or by this search
)

// Refusal says why a demand does not fit and what would. It is not an error of
// the program: callers show it.
type Refusal struct {
	Cause          Cause
	Blocking       []topology.ArcName  // arcs without room
	Nodes          []topology.NodeName // not known, or in maintenance
	Objects        []Object            // that cannot be met
	MostKbps       uint64              // the largest symmetric rate that fits in the window; 0: none
	EarliestStart  time.Time           // of the window (with guards), when it would fit for as long; zero: never, or see StartsTried
	StartsTried    int                 // changes of what is booked at which it was looked for in vain, where there are more; 0: at all
	LeastRTTMicros uint32              // the least round trip bound the network can keep; 0: no path
	Shared         Shared              // by two ways that were to be disjoint
}

// Error implements error.
func (r *Refusal) Error() string { return "no path: " + string(r.Cause) }
