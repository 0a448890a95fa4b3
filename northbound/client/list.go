// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client/internal/rest"
)

// ListSessions reads one page of the sessions that match.
func (c *Client) ListSessions(ctx context.Context, filter api.ListSessionsParams, opts ...CallOption) (*api.SessionPage, error) {
	var page api.SessionPage
	_, err := c.send(ctx, repeatable, opts, func(server string) (*http.Request, error) {
		return rest.NewListSessionsRequest(server, &filter)
	}, &page)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return &page, nil
}

// Sessions goes through the sessions that match, newest first, from the filter's
// page on. Pages are read when they are needed; an error is the last thing given.
func (c *Client) Sessions(ctx context.Context, filter api.ListSessionsParams, opts ...CallOption) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		for number := value(filter.Page, 1); ; number++ {
			filter.Page = &number
			page, err := c.ListSessions(ctx, filter, opts...)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, info := range page.Sessions {
				if !yield(&Session{SessionInfo: info}, nil) {
					return
				}
			}
			if number >= page.Pagination.TotalPages {
				return
			}
		}
	}
}

// value is what an optional property holds.
func value[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
