// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/session"
)

// Phases returns how many sessions that are not released are in each phase, and
// since when the one waits that has waited longest in a phase that passes; zero:
// none does. It is as quick for many sessions as for few.
func (s *Store) Phases(ctx context.Context) (sessions map[session.Phase]int, waits time.Time, err error) {
	sessions = map[session.Phase]int{}
	err = s.readLong(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.PhaseCounts(ctx)
		if err != nil {
			return fmt.Errorf("read how many sessions are in each phase: %w", err)
		}
		for _, row := range rows {
			if row.Sessions > 0 {
				sessions[session.Phase(row.Phase)] = int(row.Sessions)
			}
		}
		since, err := r.q.LongestWait(ctx)
		if err != nil {
			return fmt.Errorf("read which session waits longest: %w", err)
		}
		if since > 0 {
			waits = time.UnixMicro(since).UTC()
		}
		return nil
	})
	return sessions, waits, err
}
