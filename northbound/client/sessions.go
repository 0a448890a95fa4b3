// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client/internal/rest"
)

// Session is a session as the contract has it.
type Session struct {
	api.SessionInfo

	// ETag names the state that was read, where the provider gives one; a change
	// that carries it fails if the session has changed since.
	ETag string `json:"-"`
}

// CheckAvailability asks what could be had, at what price. That nothing can be
// had is an answer and no error. With Hold its room is kept for a while; when the
// outcome of that is not known it is not repeated, lest room be held twice.
func (c *Client) CheckAvailability(ctx context.Context, q api.CheckAvailability, opts ...CallOption) (*api.AvailabilityInfo, error) {
	var a api.AvailabilityInfo
	again := repeatable
	if value(q.Hold, false) {
		again = once
	}
	_, err := c.send(ctx, again, opts, func(server string) (*http.Request, error) {
		return rest.NewCheckAvailabilityRequest(server, nil, q)
	}, &a)
	if err != nil {
		return nil, fmt.Errorf("check availability: %w", err)
	}
	return &a, nil
}

// CreateSession orders a session. It is safe to call again with the same order
// and the same WithIdempotencyKey: the session made first is returned, as it was then.
func (c *Client) CreateSession(ctx context.Context, order api.CreateSession, opts ...CallOption) (*Session, error) {
	return c.session(ctx, "order a session", repeatable, keyed(opts), func(server string) (*http.Request, error) {
		return rest.NewCreateSessionRequest(server, nil, order)
	})
}

// GetSession reads a session.
func (c *Client) GetSession(ctx context.Context, id api.SessionId, opts ...CallOption) (*Session, error) {
	return c.session(ctx, "read session "+id.String(), repeatable, opts, func(server string) (*http.Request, error) {
		return rest.NewGetSessionRequest(server, id, nil)
	})
}

// ExtendSession adds seconds to a session's duration; the answer holds what was
// granted. Like CreateSession it is safe to call again with the same key.
func (c *Client) ExtendSession(ctx context.Context, id api.SessionId, by api.Duration, opts ...CallOption) (*Session, error) {
	return c.session(ctx, "extend session "+id.String(), repeatable, keyed(opts), func(server string) (*http.Request, error) {
		return rest.NewExtendSessionDurationRequest(server, id, nil, api.ExtendSessionDuration{RequestedAdditionalDuration: by})
	})
}

// DeleteSession ends a session; the answer holds the account so far. Billing has
// ended when it returns, the connection is taken down after it. Deleted again it
// answers the same, and once nothing is left of it an error that IsNotFound. One
// that has ended by itself is answered as it ended.
func (c *Client) DeleteSession(ctx context.Context, id api.SessionId, opts ...CallOption) (*Session, error) {
	return c.session(ctx, "delete session "+id.String(), repeatable, opts, func(server string) (*http.Request, error) {
		return rest.NewDeleteSessionRequest(server, id, nil)
	})
}

// session sends a request that is answered with a session.
func (c *Client) session(ctx context.Context, what string, r repetition, opts []CallOption, build func(server string) (*http.Request, error)) (*Session, error) {
	var s Session
	header, err := c.send(ctx, r, opts, build, &s.SessionInfo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	s.ETag = header.Get("ETag")
	return &s, nil
}
