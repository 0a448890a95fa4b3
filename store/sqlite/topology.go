// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Topology is one revision of the inventory, as it was loaded.
type Topology struct {
	Revision uint64
	LoadedAt time.Time
	Digest   string
	Body     []byte
}

// SaveTopology keeps an inventory as a new revision. One with the newest
// revision's digest changes nothing and gets that revision.
func (s *Store) SaveTopology(ctx context.Context, digest string, body []byte) (revision uint64, changed bool, err error) {
	err = s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		newest, err := t.q.TopologyDigest(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read topology: %w", err)
		}
		if err == nil && newest.Digest == digest {
			revision, changed = uint64(newest.Revision), false //nolint:gosec // counts from 1
			return nil
		}
		n, err := t.q.InsertTopology(ctx, sqlitedb.InsertTopologyParams{
			LoadedAt: micros(t.now), Digest: digest, Body: append([]byte{}, body...),
		})
		if err != nil {
			return fmt.Errorf("write topology: %w", err)
		}
		revision, changed = uint64(n), true //nolint:gosec // counts from 1
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	return revision, changed, nil
}

// Topology returns the newest revision; a session.Error of code NotFound when
// none was ever loaded.
func (s *Store) Topology(ctx context.Context) (Topology, error) {
	var out Topology
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		row, err := r.q.Topology(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return session.Errorf(session.NotFound, "", "no topology was loaded yet")
		}
		if err != nil {
			return fmt.Errorf("read topology: %w", err)
		}
		out = Topology{
			Revision: uint64(row.Revision), LoadedAt: fromMicros(row.LoadedAt), //nolint:gosec // counts from 1
			Digest: row.Digest, Body: row.Body,
		}
		return nil
	})
	return out, err
}
