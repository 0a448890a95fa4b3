// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// Sessions implements order.Store. The numbers of the page are read in its
// order from an index alone where there is one for the order, then the rows
// of these.
func (s *Store) Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error) {
	if f.Limit < 1 || f.Limit > 1000 || f.Offset < 0 {
		return nil, 0, session.Errorf(session.OutOfRange, "", "a page has 1 to 1000 sessions from offset 0 on")
	}
	where, args := condition(f)
	var rows []sessionRow
	total := 0
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		if err := r.lister(f).QueryRowContext(ctx, countText(f, where), args...).Scan(&total); err != nil {
			return fmt.Errorf("count sessions: %w", err)
		}
		numbers, err := r.page(ctx, f, where, args)
		if err != nil {
			return err
		}
		if rows, err = r.numbered(ctx, numbers); err != nil {
			return err
		}
		return withDevices(ctx, r.q, rows)
	})
	if err != nil {
		return nil, 0, err
	}
	out, err := s.several(rows)
	return out, total, err
}

// condition renders a filter; only its shape goes into the text.
func condition(f order.Filter) (where string, args []any) {
	var terms []string
	equal := func(column, value string) {
		if value != "" {
			terms, args = append(terms, column+" = ?"), append(args, value)
		}
	}
	equal("tenant", string(f.Tenant))
	if f.Kept {
		terms = append(terms, "gone = 0")
	}
	equal("client", f.Client)
	equal("name", f.Name)
	if len(f.Statuses) > 0 {
		terms, args = append(terms, oneOf("status", len(f.Statuses))), appendStrings(args, f.Statuses)
	}
	if len(f.Levels) > 0 {
		terms, args = append(terms, oneOf("level", len(f.Levels))), appendStrings(args, f.Levels)
	}
	within := func(column string, span order.Span) {
		if span == (order.Span{}) {
			return
		}
		until := int64(math.MaxInt64)
		if !span.Until.IsZero() {
			until = micros(span.Until)
		}
		terms, args = append(terms, column+" BETWEEN ? AND ?"), append(args, micros(span.From), until)
	}
	within("created_at", f.Created)
	within("start_at", f.Starts)
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

func oneOf(column string, n int) string {
	return column + " IN (?" + strings.Repeat(",?", n-1) + ")"
}

func appendStrings[S ~string](args []any, values []S) []any {
	for _, v := range values {
		args = append(args, string(v))
	}
	return args
}

// sorted renders the order of a list. It ends with n, which no two have in common.
func sorted(f order.Filter) string {
	columns := map[order.SortKey]string{
		order.ByOrder: "n", order.ByCreated: "created_at, n", order.ByStart: "start_at, n", order.ByName: "name, n",
		order.ByStatus: "status, created_at, n",
	}[f.Sort]
	way := " DESC"
	if f.Upward {
		way = " ASC"
	}
	return " ORDER BY " + strings.ReplaceAll(columns, ",", way+",") + way
}

func pageText(f order.Filter, where string) string {
	return "SELECT n FROM session" + where + sorted(f) + " LIMIT ? OFFSET ?"
}

// querier runs a query, prepared for ever or for once.
type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

// lister keeps the queries of lists without a filter prepared. Those with one
// have so many shapes that keeping them would cost more than it saves.
func (r *reader) lister(f order.Filter) querier {
	if plain(f) {
		return r.conn
	}
	return r.conn.conn
}

// plain says whether a filter asks for all sessions of a tenant, or of all.
func plain(f order.Filter) bool {
	open := order.Span{}
	return f.Client == "" && f.Name == "" && len(f.Statuses)+len(f.Levels) == 0 && f.Created == open && f.Starts == open
}

// countText counts what matches. All sessions of a tenant are counted already.
func countText(f order.Filter, where string) string {
	if plain(f) && f.Kept && f.Tenant != "" {
		return "SELECT coalesce(max(sessions), 0) FROM listed WHERE tenant = ?"
	}
	return "SELECT count(*) FROM session" + where
}

// page returns the numbers of the sessions of a page, in order.
func (r *reader) page(ctx context.Context, f order.Filter, where string, args []any) ([]int64, error) {
	rows, err := r.lister(f).QueryContext(ctx, pageText(f, where), append(args, f.Limit, f.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("read page of sessions: %w", err)
	}
	defer rows.Close()
	numbers := make([]int64, 0, min(f.Limit, 100))
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("read page of sessions: %w", err)
		}
		numbers = append(numbers, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read page of sessions: %w", err)
	}
	return numbers, nil
}

// numbered returns the sessions with these numbers, in their order.
func (r *reader) numbered(ctx context.Context, numbers []int64) ([]sessionRow, error) {
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, fmt.Errorf("encode numbers: %w", err)
	}
	rows, err := r.q.SessionsByNumber(ctx, string(list))
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	found := make(map[int64]sessionRow, len(rows))
	for _, row := range rows {
		found[row.N] = asRow(row)
	}
	out := make([]sessionRow, 0, len(rows))
	for _, n := range numbers {
		out = append(out, found[n])
	}
	return out, nil
}
