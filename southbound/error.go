// SPDX-License-Identifier: Apache-2.0

package southbound

import (
	"errors"
	"fmt"
)

// Kind says what a failed operation on a device means for the caller.
type Kind int

const (
	// Unreachable means that nothing was heard of the device; retry.
	Unreachable Kind = iota + 1
	// Refused means that the device understood and said no; the same change fails again.
	Refused
	// Busy means that somebody else's commit is open; retry soon.
	Busy
	// Fenced means that a newer holder of the device lease has written; stop and re-read.
	Fenced
	// InDoubt means that the operation was sent and its outcome is not known; read before writing.
	InDoubt
	// Unsupported means that the platform cannot hold what is asked.
	Unsupported
	// NoKey means that a secret which the change needs cannot be had on our side;
	// the device was not asked. Retry: what the device holds stays as it is.
	NoKey
)

// String names the kind as it appears in reasons and logs.
func (k Kind) String() string {
	switch k {
	case Unreachable:
		return "unreachable"
	case Refused:
		return "refused"
	case Busy:
		return "busy"
	case Fenced:
		return "fenced"
	case InDoubt:
		return "in doubt"
	case Unsupported:
		return "unsupported"
	case NoKey:
		return "without key"
	}
	return "unknown"
}

// OpError is the one error type of every driver.
type OpError struct {
	Device string // the device's name in the inventory
	Op     string // "read", "apply", "confirm", "cancel", "observe", "dial"
	Kind   Kind
	Err    error
}

// Error implements error.
func (e *OpError) Error() string {
	return fmt.Sprintf("%s %s: %s: %v", e.Device, e.Op, e.Kind, e.Err)
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// KindOf returns the Kind of the OpError in err's chain, or InDoubt for any
// other error: what is not understood is never taken for a plain failure.
func KindOf(err error) Kind {
	var op *OpError
	if errors.As(err, &op) {
		return op.Kind
	}
	return InDoubt
}
