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
	into into
	rows int
}

func newMany(conn *statements) *many {
	return &many{conn: conn, texts: map[manyKey]string{}}
}

// insert puts rows into a table. Row counts are powers of two, so that few
// statements are ever prepared.
func (m *many) insert(ctx context.Context, in into, values []any) error {
	for len(values) > 0 {
		rows := mostRows
		for rows*in.width > len(values) {
			rows /= 2
		}
		if _, err := m.conn.ExecContext(ctx, m.text(in, rows), values[:rows*in.width]...); err != nil {
			return fmt.Errorf("%s: %w", in.text, err)
		}
		values = values[rows*in.width:]
	}
	return nil
}

func (m *many) text(in into, rows int) string {
	key := manyKey{in, rows}
	text, ok := m.texts[key]
	if !ok {
		row := "(?" + strings.Repeat(",?", in.width-1) + ")"
		text = in.text + " VALUES " + row + strings.Repeat(","+row, rows-1)
		m.texts[key] = text
	}
	return text
}
