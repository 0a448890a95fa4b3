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

// GetPerformance reads what was delivered of a session against what was bought:
// one page of the windows that match, and the newest of the guarantee log.
func (c *Client) GetPerformance(ctx context.Context, id api.SessionId, filter api.GetSessionPerformanceParams, opts ...CallOption) (*api.SessionPerformance, error) {
	var p api.SessionPerformance
	_, err := c.send(ctx, repeatable, opts, func(server string) (*http.Request, error) {
		return rest.NewGetSessionPerformanceRequest(server, id, &filter)
	}, &p)
	if err != nil {
		return nil, fmt.Errorf("read the performance of session %s: %w", id, err)
	}
	return &p, nil
}

// Windows goes through the windows that match in which a session was measured,
// newest first, as Sessions does through sessions.
func (c *Client) Windows(ctx context.Context, id api.SessionId, filter api.GetSessionPerformanceParams, opts ...CallOption) iter.Seq2[*api.Measurement, error] {
	return pages(filter.Page, func(number api.Page) ([]api.Measurement, api.Pagination, error) {
		filter.Page = &number
		p, err := c.GetPerformance(ctx, id, filter, opts...)
		if err != nil {
			return nil, api.Pagination{}, err
		}
		return p.Windows, p.Pagination, nil
	})
}
