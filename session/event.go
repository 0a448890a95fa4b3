// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// Event is one entry of a session's timeline. Seq counts from 1 without gaps
// within a session. Status events are told to the customer's sink in order.
type Event struct {
	ID         string // UUID, the CloudEvent id of every delivery try
	Session    ID
	Seq        uint64
	At         time.Time
	Status     Status
	StatusInfo StatusInfo
	Phase      Phase
	Cause      string // in words
	Correlator string
	Notify     bool // the customer is told
}
