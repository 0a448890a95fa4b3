// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// sessionLister is what of the store is needed to look at all sessions.
type sessionLister interface {
	Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error)
}

// eachLive calls see with every session that has not ended, of all tenants.
func eachLive(ctx context.Context, l sessionLister, see func(session.Session)) error {
	const page = 1000
	for offset := 0; ; offset += page {
		list, total, err := l.Sessions(ctx, order.Filter{
			Statuses: []session.Status{session.Requested, session.Scheduled, session.Activated}, Offset: offset, Limit: page,
		})
		if err != nil {
			return fmt.Errorf("list sessions: %w", err)
		}
		for _, s := range list {
			see(s)
		}
		if offset+page >= total {
			return nil
		}
	}
}
