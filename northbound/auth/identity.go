// SPDX-License-Identifier: Apache-2.0

// Package auth checks bearer tokens: signed JWTs of one OpenID Connect issuer
// (RFC 9068, RFC 8725). It finds and keeps the issuer's keys and says who the
// client is and what it may; it does not know tenants or operations.
package auth

import (
	"errors"
	"slices"
)

// ErrUnauthenticated says that a token is no good. The cause is wrapped for
// the log and is never told to the client.
var ErrUnauthenticated = errors.New("not authenticated")

// ErrUnavailable says that a token cannot be judged, because the issuer's keys
// are not known and cannot be had.
var ErrUnavailable = errors.New("issuer not reachable")

// Identity is the client behind a token.
type Identity struct {
	Client string   // client_id, or azp
	Scopes []string // of the claim scope
}

// May reports whether the token grants scope.
func (i Identity) May(scope string) bool { return slices.Contains(i.Scopes, scope) }
