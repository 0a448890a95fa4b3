// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
)

// Code classifies a refusal. The northbound adapter gives each its CAMARA code.
type Code int

// The codes.
const (
	Internal         Code = iota
	Invalid               // an argument is wrong whatever the state
	OutOfRange            // a number outside what the contract allows
	DurationTooLong       // beyond the provider's maximum
	TokenExpired          // that a sink would want
	NotFound              // no such object for this caller
	Forbidden             // exists, but belongs to somebody else
	Incompatible          // not in this state
	Exists                // the same thing is there already
	Aborted               // changed by somebody else at the same time, repeat
	AreaNotSupported      // an end is not served
	NoResources           // no path, no room or no pool value
	NotSupported          // the platforms cannot do what is asked
	PrefixOverlap         // prefixes that another session of the VPN has
	QuotaExceeded         // of the tenant
	OfferExpired          // its time, or that of its room, is over
	OfferUsed             // another order has used it
	OfferForeign          // made for another customer
	OfferAltered          // not as it was made, or the order is not what it was made for
	Precondition          // the caller wants another state than this one
	Unavailable           // a part of s2cd is down or frozen, repeat later
)

// Error is the one error type of the core. Detail is written for the caller
// and never holds a secret or another tenant's data.
type Error struct {
	Code   Code
	Field  string // name of the argument at fault as the API spells it; empty: none
	Detail string
	Err    error // cause, for the log only
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Detail
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a formatted Detail.
func Errorf(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// CodeOf returns the Code of the Error in err's chain, Internal without one.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
