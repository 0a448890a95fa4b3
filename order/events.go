// SPDX-License-Identifier: Apache-2.0

package order

import "github.com/s2cd/s2cd/session"

// EventClass says which events of a session are asked for.
type EventClass int

// The classes.
const (
	AllEvents       EventClass = iota
	GuaranteeEvents            // verdicts, changes of path and rate
)

// Gone says whether a session no longer exists for its customer: it was
// deleted, and nothing of it is left.
func Gone(s session.Session) bool {
	return s.Phase == session.Released && s.StatusInfo == session.DeleteRequested
}
