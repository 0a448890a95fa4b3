// SPDX-License-Identifier: Apache-2.0

package segment

import "fmt"

// UncoveredError says that no segment list pins a path: Arc has no adjacency
// SID, and none of the node segments that the strategy allows begins with it.
type UncoveredError struct{ Arc uint32 }

// Error names the arc.
func (e *UncoveredError) Error() string {
	return fmt.Sprintf("arc %d: no adjacency SID, and no node segment that takes only this way", e.Arc)
}

// DepthError says that the shortest list is too long to be pushed.
type DepthError struct{ Need, Most int } // segments

// Error says how many segments there would be.
func (e *DepthError) Error() string {
	return fmt.Sprintf("%d segments are needed, and %d may be pushed", e.Need, e.Most)
}

// Cause says why a packet is not forwarded as it should be.
type Cause string

// The causes.
const (
	NoSID       Cause = "no such SID"                   // withdrawn, or of a link that is down
	NotLocal    Cause = "not an adjacency of this node" // the label means nothing here, or something else
	Unreachable Cause = "no way there"                  // in the IGP
	NoTransit   Cause = "this node forwards nothing for others"
	Loop        Cause = "the packet may pass a node twice"
)

// FaultError says where forwarding under a segment list goes wrong.
type FaultError struct {
	Cause   Cause
	Index   int // of the segment in the list, from 0
	Segment Segment
	At      uint32 // the node at which the segment is the active one
}

// Error names the segment and the node.
func (e *FaultError) Error() string {
	return fmt.Sprintf("segment %d, %v, at node %d: %s", e.Index, e.Segment, e.At, e.Cause)
}

// DeviationError says that a segment list does not pin its path. Arcs are those
// that may carry a packet.
type DeviationError struct{ Arcs []uint32 }

// Error names the arcs.
func (e *DeviationError) Error() string { return fmt.Sprintf("packets may take arcs %v", e.Arcs) }
