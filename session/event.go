// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// EventKind says what an event tells of. The store keeps these words.
type EventKind string

// The kinds of event. Only the first three are ever told to sinks.
const (
	StatusChanged EventKind = ""             // a step in the session's life
	SLABreached   EventKind = "sla-breached" // its service level is no longer kept
	SLARestored   EventKind = "sla-restored" // it is kept again
	PathChanged   EventKind = "path-changed" // it takes another way
	RateChanged   EventKind = "rate-changed" // it guarantees another rate
)

// ChangeFailed begins the cause of the event that tells that a change of terms is
// undone. What follows is for operators.
const ChangeFailed = "the change has failed"

// Event is one entry of a session's timeline. Seq counts from 1 without gaps
// within a session. Events to notify are told to the customer's sink in order.
type Event struct {
	ID         string // UUID, the CloudEvent id of every delivery try
	Session    ID
	Seq        uint64
	Kind       EventKind
	At         time.Time
	Status     Status
	StatusInfo StatusInfo
	Phase      Phase
	Cause      string // in words
	Correlator string
	Notify     bool    // the customer is told
	Breach     *Breach // with SLABreached and SLARestored
}

// CausedBy returns the x-correlator of the request that what a session does by
// itself comes of: of a change or a deletion that its devices have yet to follow, or
// of its order before it is in service; empty: of none.
func (s Session) CausedBy() string {
	if s.Follows == "" && s.StartedAt.IsZero() {
		return s.Correlator
	}
	return s.Follows
}
