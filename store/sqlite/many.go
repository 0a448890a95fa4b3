// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// mostRows is the largest number of rows one statement inserts, a power of two.
const mostRows = 64

// many inserts, or looks for, several rows with one statement, which sqlc
// cannot express.
type many struct {
	conn  *statements
	texts map[manyKey]string
}

type manyKey struct {
	into into
	rows int
}

func newMany(conn *statements) *many {
	return &many{conn: conn, texts: map[manyKey]string{}}
}

// insert puts rows into a table.
func (m *many) insert(ctx context.Context, in into, values []any) error {
	return m.chunks(in, values, func(rows int, some []any) error {
		text := m.text(in, rows, func(list string) string { return in.text + " VALUES " + list })
		if _, err := m.conn.ExecContext(ctx, text, some...); err != nil {
			return fmt.Errorf("%s: %w", in.text, err)
		}
		return nil
	})
}

// find runs a query over the table w of values, whose columns are column1 and
// so on, and has each read its rows.
func (m *many) find(ctx context.Context, from into, values []any, each func(*sql.Rows) error) error {
	return m.chunks(from, values, func(rows int, some []any) error {
		text := m.text(from, rows, func(list string) string { return "WITH w AS (VALUES " + list + ") " + from.text })
		found, err := m.conn.QueryContext(ctx, text, some...)
		if err != nil {
			return fmt.Errorf("%s: %w", from.text, err)
		}
		defer found.Close()
		for found.Next() {
			if err := each(found); err != nil {
				return fmt.Errorf("%s: %w", from.text, err)
			}
		}
		if err := found.Err(); err != nil {
			return fmt.Errorf("%s: %w", from.text, err)
		}
		return nil
	})
}

// chunks cuts values into numbers of rows that are powers of two, so that few
// statements are ever prepared.
func (m *many) chunks(in into, values []any, do func(rows int, some []any) error) error {
	for len(values) > 0 {
		rows := mostRows
		for rows*in.width > len(values) {
			rows /= 2
		}
		if err := do(rows, values[:rows*in.width]); err != nil {
			return err
		}
		values = values[rows*in.width:]
	}
	return nil
}

func (m *many) text(in into, rows int, around func(list string) string) string {
	key := manyKey{in, rows}
	text, ok := m.texts[key]
	if !ok {
		row := "(?" + strings.Repeat(",?", in.width-1) + ")"
		text = around(row + strings.Repeat(","+row, rows-1))
		m.texts[key] = text
	}
	return text
}
