// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// loadReservations streams a million rows and more, where the generated
// queries would first collect them. Names are looked up in memory.
func loadReservations(ctx context.Context, conn *statements, arcs []sqlitedb.Arc, each func(pathcomp.Change) error) error {
	byNumber := make(map[int64]*sqlitedb.Arc, len(arcs))
	for i := range arcs {
		byNumber[arcs[i].N] = &arcs[i]
	}
	rows, err := conn.QueryContext(ctx, `SELECT r.session_n, r.arc_n, r.class, r.kbps, r.from_at, r.until_at
		FROM reservation r ORDER BY r.session_n, r.arc_n, r.part`)
	if err != nil {
		return fmt.Errorf("read reservations: %w", err)
	}
	defer rows.Close()
	owners, err := liveIDs(ctx, conn)
	if err != nil {
		return err
	}
	reserved := make(map[int64]struct{}, len(arcs))
	var sessionN, arcN, from, until int64
	for rows.Next() {
		var c pathcomp.Change
		if err := rows.Scan(&sessionN, &arcN, &c.Class, &c.Kbps, &from, &until); err != nil {
			return fmt.Errorf("read reservation: %w", err)
		}
		a := byNumber[arcN]
		reserved[arcN] = struct{}{}
		c.Arc, c.Version, c.Owner = topology.ArcName(a.Name), uint64(a.Version), owners[sessionN] //nolint:gosec // counts from 1
		c.Window = pathcomp.Window{From: fromMicros(from), Until: fromMicros(until)}
		if err := each(c); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read reservations: %w", err)
	}
	for i := range arcs {
		if _, ok := reserved[arcs[i].N]; ok || arcs[i].Version == 0 {
			continue
		}
		c := pathcomp.Change{Arc: topology.ArcName(arcs[i].Name), Version: uint64(arcs[i].Version)} //nolint:gosec // counts from 1
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

func liveIDs(ctx context.Context, conn *statements) (map[int64]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT n, id FROM session WHERE live = 1")
	if err != nil {
		return nil, fmt.Errorf("read session ids: %w", err)
	}
	defer rows.Close()
	ids := map[int64]string{}
	for rows.Next() {
		var n int64
		var id string
		if err := rows.Scan(&n, &id); err != nil {
			return nil, fmt.Errorf("read session id: %w", err)
		}
		ids[n] = id
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read session ids: %w", err)
	}
	return ids, nil
}
