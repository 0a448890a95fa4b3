// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"

	"github.com/s2cd/s2cd/session"
)

// SessionWindow is a finished window of a session.
type SessionWindow struct {
	Session session.ID
	session.SLAWindow
}

// Records is what is kept of the measurements of sessions. It lags behind by a
// window at most.
type Records interface {
	// Delivered sums up all windows of a session; ok is false before the first.
	Delivered(ctx context.Context, id session.ID) (sum session.SLAWindow, ok bool, err error)
	// Windows returns the windows of a session that begin within a span, the
	// newest first, and how many there are in all.
	Windows(ctx context.Context, id session.ID, begin Span, offset, limit int) ([]session.SLAWindow, int, error)
}

// noRecords are those of a daemon that keeps none.
type noRecords struct{}

// Delivered implements Records.
func (noRecords) Delivered(context.Context, session.ID) (session.SLAWindow, bool, error) {
	return session.SLAWindow{}, false, nil
}

// Windows implements Records.
func (noRecords) Windows(context.Context, session.ID, Span, int, int) ([]session.SLAWindow, int, error) {
	return nil, 0, nil
}
