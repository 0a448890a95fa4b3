// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// mostRows is the largest number of rows one statement inserts, a power of two.
const mostRows = 64

// many inserts several rows with one statement, which sqlc cannot express.
type many struct {
	conn  *sql.Conn
	ready map[manyKey]*sql.Stmt
}

type manyKey struct {
	into string
	rows int
}

func newMany(conn *sql.Conn) *many {
	return &many{conn: conn, ready: map[manyKey]*sql.Stmt{}}
}

// insert puts rows of width values each into a table: "arc (n, name)". Row
// counts are powers of two, so that few statements are ever prepared.
func (m *many) insert(ctx context.Context, into string, width int, values []any) error {
	for len(values) > 0 {
		rows := mostRows
		for rows*width > len(values) {
			rows /= 2
		}
		stmt, err := m.prepare(ctx, into, width, rows) //nolint:sqlclosecheck // close does, for all that are ready
		if err != nil {
			return err
		}
		if _, err := stmt.ExecContext(ctx, values[:rows*width]...); err != nil {
			return fmt.Errorf("insert into %s: %w", into, err)
		}
		values = values[rows*width:]
	}
	return nil
}

func (m *many) prepare(ctx context.Context, into string, width, rows int) (*sql.Stmt, error) {
	key := manyKey{into, rows}
	if stmt := m.ready[key]; stmt != nil {
		return stmt, nil
	}
	row := "(?" + strings.Repeat(",?", width-1) + ")"
	text := "INSERT INTO " + into + " VALUES " + row + strings.Repeat(","+row, rows-1) //nolint:gosec // into is a constant of this package
	stmt, err := m.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare insert into %s: %w", into, err)
	}
	m.ready[key] = stmt
	return stmt, nil
}

func (m *many) close() error {
	var errs []error
	for _, stmt := range m.ready {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}
