// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// LimitPages lets the file grow to so many pages and no further.
func (s *Store) LimitPages(ctx context.Context, pages int) error {
	return s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		_, err := t.w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	})
}

// FailCommits makes the next commit answer with err, after it took place or
// instead.
func (s *Store) FailCommits(ctx context.Context, after bool, failure error) error {
	return s.writer.one(ctx, interactive, func(context.Context, *tx) error {
		commit := s.writer.commit
		first := true
		s.writer.commit = func(ctx context.Context) error {
			if first { // of the transaction that sets this up
				first = false
				return commit(ctx)
			}
			s.writer.commit = commit
			if after {
				if err := commit(ctx); err != nil {
					return err
				}
			}
			return failure
		}
		return nil
	})
}

// MigrateDownUp takes the schema down to nothing and up again.
func (s *Store) MigrateDownUp(ctx context.Context) error {
	p, err := migrator(s.writeDB)
	if err != nil {
		return err
	}
	if _, err := p.DownTo(ctx, 0); err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// MigrateTo brings an empty file to an older schema.
func MigrateTo(ctx context.Context, db *sql.DB, version int64) error {
	p, err := migrator(db)
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}

// CheckKnown compares what is kept in memory with what the file holds.
func (s *Store) CheckKnown(ctx context.Context) (diffs []string, err error) {
	at := s.known.moment()
	s.known.mu.Lock()
	sessions, timelines := maps.Clone(s.known.sessions), maps.Clone(s.known.timelines)
	s.known.mu.Unlock()
	for n, one := range sessions {
		err := s.read(ctx, func(ctx context.Context, r *reader) error {
			h, err := headOf(ctx, r.q, one.session.ID)
			if err != nil {
				return err
			}
			all, err := documents(ctx, r.q, numbersOf([]looked{{head: h}}))
			if err != nil {
				return err
			}
			want, err := all[h.N].parsed(s.seal, h)
			if err != nil {
				return err
			}
			if d := cmp.Diff(want, one, cmp.AllowUnexported(kept{}), cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})); d != "" || h.N != n {
				diffs = append(diffs, fmt.Sprintf("session %s (-file +memory):\n%s", h.ID, d))
			}
			t, ok := timelines[n]
			if !ok {
				return nil
			}
			most := t.most
			if t.whole {
				most = 2 * mostEvents
			}
			rows, err := r.q.NewestEvents(ctx, sqlitedb.NewestEventsParams{SessionN: n, Limit: int64(most)})
			list, err := events(one.session.ID, rows, err)
			if d := cmp.Diff(list, t.events); d != "" {
				diffs = append(diffs, fmt.Sprintf("events of %s (-file +memory):\n%s", h.ID, d))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if at != s.known.moment() {
		return nil, errors.New("the store was written meanwhile")
	}
	of, err := s.checkRoster(ctx)
	return append(diffs, of...), err
}

// checkRoster compares what the writer knows of live sessions with what the file
// holds.
func (s *Store) checkRoster(ctx context.Context) (diffs []string, err error) {
	err = s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		var want roster
		if err := want.count(ctx, t.q); err != nil {
			return err
		}
		is := t.w.roster
		is.mu.RLock()
		defer is.mu.RUnlock()
		if d := cmp.Diff(want.at, is.at); d != "" {
			diffs = append(diffs, "VPNs at access points (-file +memory):\n"+d)
		}
		if d := cmp.Diff(want.owners, is.owners, cmp.AllowUnexported(owned{})); d != "" {
			diffs = append(diffs, "owners of pool values (-file +memory):\n"+d)
		}
		return nil
	})
	return diffs, err
}

// Compact is compact, for tests.
func Compact(s *session.Session) { compact(s) }
