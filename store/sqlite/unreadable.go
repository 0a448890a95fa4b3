// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// restUnreadable is when what could not be read is tried again.
const restUnreadable = 10 * time.Minute

// unreadable remembers which sessions were reported as such by this process.
type unreadable struct {
	mu   sync.Mutex // guards told
	told map[int64]struct{}
}

// readable parts the sessions that can be read from the others, which it reports once,
// so that one bad row never stops work on the rest. The good ones take the place of all.
func (s *Store) readable(ctx context.Context, all []looked) (good, bad []looked) {
	good = all[:0]
	for _, row := range all {
		if row.err != nil {
			s.reportUnreadable(ctx, row.head, row.err)
			bad = append(bad, row)
			continue
		}
		good = append(good, row)
	}
	return good, bad
}

func (s *Store) reportUnreadable(ctx context.Context, row head, err error) {
	s.bad.mu.Lock()
	_, twice := s.bad.told[row.N]
	s.bad.told[row.N] = struct{}{}
	s.bad.mu.Unlock()
	if !twice {
		s.log.ErrorContext(ctx, "session cannot be read and is passed over", "session", row.ID, "error", err)
	}
}

// Unreadable returns the sessions that this s2cd cannot read: sealed with
// another key, written by a newer s2cd, or damaged. It reads all there are.
func (s *Store) Unreadable(ctx context.Context) ([]session.ID, error) {
	var out []session.ID
	for after, more := int64(0), true; more; {
		found, err := s.find(ctx, func(ctx context.Context, r *reader) ([]head, error) {
			all, err := heads(r.q.SessionsAfter(ctx, sqlitedb.SessionsAfterParams{N: after, Limit: onePage}))
			if err != nil {
				return nil, fmt.Errorf("read sessions: %w", err)
			}
			return all, nil
		})
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			if one.err != nil {
				out = append(out, session.ID(one.ID))
			}
			after = one.N
		}
		more = len(found) == onePage
	}
	return out, nil
}
