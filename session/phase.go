// SPDX-License-Identifier: Apache-2.0

package session

// Status is what the customer sees (CAMARA vocabulary).
type Status string

// The statuses.
const (
	Requested  Status = "REQUESTED"
	Scheduled  Status = "SCHEDULED"
	Activated  Status = "ACTIVATED"
	Terminated Status = "TERMINATED"
)

// StatusInfo says why a session ended or ends.
type StatusInfo string

// The reasons of an end.
const (
	NoInfo            StatusInfo = ""
	DurationExpired   StatusInfo = "DURATION_EXPIRED"
	DeleteRequested   StatusInfo = "DELETE_REQUESTED"
	NetworkTerminated StatusInfo = "NETWORK_TERMINATED"
	SessionDeclined   StatusInfo = "SESSION_DECLINED"
	SessionRevoked    StatusInfo = "SESSION_REVOKED"
)

// Decision is the persisted word on a session: its leaves shall be on all its
// devices, or on none.
type Decision string

// The decisions.
const (
	DecidePresent Decision = "present"
	DecideAbsent  Decision = "absent"
)

// Phase is where a session stands inside.
type Phase string

// The phases.
const (
	Admitted   Phase = "admitted"         // reserved, nothing on a device
	Applying   Phase = "applying"         // devices are being changed
	AwaitingFE Phase = "awaiting-far-end" // ours is done, a partner's is not
	Verifying  Phase = "verifying"        // on all devices, packets shall prove it
	Active     Phase = "active"           // proven and billed
	Modifying  Phase = "modifying"        // active, devices are being changed
	Releasing  Phase = "releasing"        // being removed
	Released   Phase = "released"         // nothing left, bandwidth returned
	InDoubt    Phase = "in-doubt"         // a device does not answer while it should change
)

// Phases lists all phases in the order of a session's life.
func Phases() []Phase {
	return []Phase{Admitted, Applying, AwaitingFE, Verifying, Active, Modifying, Releasing, InDoubt, Released}
}

// next is the state chart; docs/architecture.md draws it and a test compares.
func next(p Phase) []Phase {
	switch p {
	case Admitted:
		return []Phase{Applying, Releasing}
	case Applying:
		return []Phase{AwaitingFE, Verifying, InDoubt, Releasing}
	case AwaitingFE:
		return []Phase{Verifying, Releasing}
	case Verifying:
		return []Phase{Active, InDoubt, Releasing}
	case Active:
		return []Phase{Modifying, Releasing}
	case Modifying:
		return []Phase{Active, InDoubt, Releasing}
	case Releasing:
		return []Phase{Released, InDoubt}
	case InDoubt:
		return []Phase{Applying, Verifying, Modifying, Releasing}
	case Released:
		return nil
	}
	return nil
}

// CanMove reports whether a session may go from one phase to another. Staying
// is always allowed.
func CanMove(from, to Phase) bool {
	if from == to {
		return true
	}
	for _, p := range next(from) {
		if p == to {
			return true
		}
	}
	return false
}

// StatusIn returns what the customer sees of a session in phase p. started
// says whether it was ever ACTIVATED, later whether it was ordered for later.
func StatusIn(p Phase, started, later bool) Status {
	switch p {
	case Admitted:
		if later {
			return Scheduled
		}
		return Requested
	case Active, Modifying:
		return Activated
	case Released:
		return Terminated
	case Applying, AwaitingFE, Verifying, Releasing, InDoubt:
		if started {
			return Activated
		}
		if later {
			return Scheduled
		}
		return Requested
	}
	return Requested
}
