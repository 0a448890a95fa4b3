// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// reservation is one arc of what a session had reserved, as stores before
// version 5 kept it.
type reservation struct {
	owner       string
	part        int64
	class       string
	from, until int64
	arc         int64
	kbps        uint64
}

// bookReservations makes bookings of a store's reservations: the arcs that a
// session took in one step are one booking.
func bookReservations(ctx context.Context, db *sql.Tx) error {
	all, err := readReservations(ctx, db)
	if err != nil {
		return err
	}
	seq := 0
	for first := 0; first < len(all); {
		next, uses := first, []byte{}
		for ; next < len(all) && all[next].owner == all[first].owner && all[next].part == all[first].part; next++ {
			uses = appendUse(uses, all[next].arc, all[next].kbps)
		}
		seq++
		one := all[first]
		_, err := db.ExecContext(ctx, `INSERT INTO booking
			(seq, owner, variant, releases, replaces, class, from_at, until_at, uses, live, at) VALUES (?, ?, 0, 0, '', ?, ?, ?, ?, 1, 0)`,
			seq, one.owner, one.class, one.from, one.until, uses)
		if err != nil {
			return fmt.Errorf("write booking of session %s: %w", one.owner, err)
		}
		first = next
	}
	return nil
}

func readReservations(ctx context.Context, db *sql.Tx) ([]reservation, error) {
	rows, err := db.QueryContext(ctx, `SELECT s.id, r.part, r.class, r.from_at, r.until_at, r.arc_n, r.kbps
		FROM reservation r JOIN session s ON s.n = r.session_n ORDER BY r.session_n, r.part, r.arc_n`)
	if err != nil {
		return nil, fmt.Errorf("read reservations: %w", err)
	}
	defer rows.Close()
	var all []reservation
	for rows.Next() {
		var r reservation
		if err := rows.Scan(&r.owner, &r.part, &r.class, &r.from, &r.until, &r.arc, &r.kbps); err != nil {
			return nil, fmt.Errorf("read reservation: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read reservations: %w", err)
	}
	return all, nil
}
