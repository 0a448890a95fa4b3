// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/s2cd/s2cd/session"
)

// Bounds of what one answer holds.
const (
	mostTimeline  = 50
	mostGuarantee = 100
)

// PerformanceFilter selects windows of a session.
type PerformanceFilter struct {
	Begin   Span // in which windows begin
	Page    int  // from 1
	PerPage int  // 1..100
}

// Performance is what was measured of a session against what was bought.
type Performance struct {
	View    View // with Delivered
	Every   time.Duration
	Windows []session.SLAWindow // of the page, newest first
	Total   int
	Log     []session.Event // the guarantee log, newest first
}

// Performance returns a page of the windows of the caller's session, and its
// guarantee log: each breach, each change of path or rate.
func (s *Service) Performance(ctx context.Context, caller Caller, id session.ID, f PerformanceFilter) (Performance, error) {
	found, _, err := s.store.Glance(ctx, id, 0)
	if err != nil {
		return Performance{}, fmt.Errorf("session %s: %w", id, err)
	}
	if err := mayRead(caller, found); err != nil {
		return Performance{}, err
	}
	p := Performance{View: View{Session: found}}
	if l, ok := s.directory.Load().Catalogue.Level(found.Level); ok {
		p.View.Promise, p.Every = &l, l.MeasureEvery
	}
	if err := s.delivered(ctx, &p.View); err != nil {
		return Performance{}, err
	}
	if p.Windows, p.Total, err = s.records.Windows(ctx, id, f.Begin, offset(f.Page, f.PerPage), f.PerPage); err != nil {
		return Performance{}, fmt.Errorf("windows of session %s: %w", id, err)
	}
	if p.Log, err = s.store.Newest(ctx, id, GuaranteeEvents, mostGuarantee); err != nil {
		return Performance{}, fmt.Errorf("guarantee log of session %s: %w", id, err)
	}
	return p, nil
}

// delivered adds to a view what was measured.
func (s *Service) delivered(ctx context.Context, v *View) error {
	if v.Session.StartedAt.IsZero() {
		return nil // it is measured from when it was ACTIVATED
	}
	sum, ok, err := s.records.Delivered(ctx, v.Session.ID)
	if err != nil {
		return fmt.Errorf("measurements of session %s: %w", v.Session.ID, err)
	}
	if ok {
		v.Delivered = &sum
	}
	return nil
}

// offset is where a page begins; a page that is too far to count is beyond all.
func offset(page, perPage int) int {
	if page-1 > math.MaxInt32/perPage {
		return math.MaxInt32
	}
	return (page - 1) * perPage
}
