// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"

	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// UseCases is what the customers' API offers. Its errors carry a session.Code
// where the caller may learn the cause.
type UseCases interface {
	// Check says what could be had; its room is kept only where that is asked.
	Check(ctx context.Context, caller order.Caller, q order.Inquiry) (order.Availability, error)
	// Create orders a session. What is kept with its key is the answer, also for
	// whoever repeats the create, and s is not said; empty: nothing is.
	Create(ctx context.Context, caller order.Caller, o order.Order) (s session.Session, kept []byte, err error)
	// Session reads a session of the caller.
	Session(ctx context.Context, caller order.Caller, id session.ID) (order.View, error)
	// View adds to a session that Create returned what a customer is told of it.
	View(ctx context.Context, s session.Session) (order.View, error)
	// Sessions lists sessions of the caller.
	Sessions(ctx context.Context, caller order.Caller, f order.ListFilter) (order.Page, error)
	// Modify changes a session; changing says that the network has to follow.
	Modify(ctx context.Context, caller order.Caller, id session.ID, m order.Modification) (v order.View, changing bool, err error)
	// Performance reads what was measured of a session of the caller.
	Performance(ctx context.Context, caller order.Caller, id session.ID, f order.PerformanceFilter) (order.Performance, error)
	// Extend adds to the duration, capped at the provider's maximum. What is kept
	// with its key is the answer, as it is for Create.
	Extend(ctx context.Context, caller order.Caller, id session.ID, e order.Extension) (v order.View, kept []byte, err error)
	// Delete ends a session in one of the states and returns the account so far.
	Delete(ctx context.Context, caller order.Caller, id session.ID, match order.Match) (order.View, error)
}

// Authenticator checks a bearer token. Every error but auth.ErrUnavailable
// means that the token is no good.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (auth.Identity, error)
}

// TenantOf returns the customer that an OAuth client acts for.
type TenantOf func(client string) (session.TenantID, bool)

var _ UseCases = (*order.Service)(nil)
