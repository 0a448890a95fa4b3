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

// Sessions goes through the sessions that match, in the filter's order and from
// its page on. Pages are read when they are needed; an error is the last thing
// given.
func (c *Client) Sessions(ctx context.Context, filter api.ListSessionsParams, opts ...CallOption) iter.Seq2[*Session, error] {
	return pages(filter.Page, func(number api.Page) ([]Session, api.Pagination, error) {
		filter.Page = &number
		page, err := c.ListSessions(ctx, filter, opts...)
		if err != nil {
			return nil, api.Pagination{}, err
		}
		list := make([]Session, 0, len(page.Sessions))
		for _, info := range page.Sessions {
			list = append(list, Session{SessionInfo: info})
		}
		return list, page.Pagination, nil
	})
}

// pages goes through what the pages from first on hold, each read when it is
// needed.
func pages[T any](first *api.Page, read func(number api.Page) ([]T, api.Pagination, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for number := value(first, 1); ; number++ {
			items, at, err := read(number)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range items {
				if !yield(&items[i], nil) {
					return
				}
			}
			if number >= at.TotalPages {
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
