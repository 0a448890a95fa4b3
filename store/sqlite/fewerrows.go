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
	kbps        int64
}

// fewerRows is the step to version 5.
func fewerRows(ctx context.Context, db *sql.Tx) error {
	if err := bookReservations(ctx, db); err != nil {
		return err
	}
	return gatherValues(ctx, db)
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
			uses = appendPair(uses, all[next].arc, all[next].kbps)
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

// gatherValues writes into each session's row what it owns of pools.
func gatherValues(ctx context.Context, db *sql.Tx) error {
	rows, err := db.QueryContext(ctx, `SELECT o.session_n, v.pool_n, v.value
		FROM pool_owner o JOIN pool_value v ON v.n = o.value_n ORDER BY o.session_n, v.n`)
	if err != nil {
		return fmt.Errorf("read owners of pool values: %w", err)
	}
	defer rows.Close()
	owned := map[int64][]byte{}
	for rows.Next() {
		var n, pool, value int64
		if err := rows.Scan(&n, &pool, &value); err != nil {
			return fmt.Errorf("read owner of a pool value: %w", err)
		}
		owned[n] = appendPair(owned[n], pool, value)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read owners of pool values: %w", err)
	}
	for n, values := range owned {
		if _, err := db.ExecContext(ctx, "UPDATE session SET pool_values = ? WHERE n = ?", values, n); err != nil {
			return fmt.Errorf("write pool values of session %d: %w", n, err)
		}
	}
	return nil
}
