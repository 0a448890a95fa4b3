// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"strings"
)

// mostRows is the largest number of rows one statement inserts, a power of two.
const mostRows = 64

// many inserts several rows with one statement, which sqlc cannot express.
type many struct {
	conn  *statements
	texts map[manyKey]string
}

type manyKey struct {
	into string
	rows int
}

func newMany(conn *statements) *many {
	return &many{conn: conn, texts: map[manyKey]string{}}
}

// insert puts rows of width values each into a table: "arc (n, name)". Row
// counts are powers of two, so that few statements are ever prepared.
func (m *many) insert(ctx context.Context, into string, width int, values []any) error {
	for len(values) > 0 {
		rows := mostRows
		for rows*width > len(values) {
			rows /= 2
		}
		if _, err := m.conn.ExecContext(ctx, m.text(into, width, rows), values[:rows*width]...); err != nil {
			return fmt.Errorf("insert into %s: %w", into, err)
		}
		values = values[rows*width:]
	}
	return nil
}

func (m *many) text(into string, width, rows int) string {
	key := manyKey{into, rows}
	text, ok := m.texts[key]
	if !ok {
		row := "(?" + strings.Repeat(",?", width-1) + ")"
		text = "INSERT INTO " + into + " VALUES " + row + strings.Repeat(","+row, rows-1)
		m.texts[key] = text
	}
	return text
}
