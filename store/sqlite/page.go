// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// Sessions implements order.Store. What is before the page is passed over in an
// index alone where there is one for its order. The sessions are not to be changed
// in depth.
func (s *Store) Sessions(ctx context.Context, f order.Filter) ([]session.Session, int, error) {
	if f.Limit < 1 || f.Limit > 1000 || f.Offset < 0 {
		return nil, 0, session.Errorf(session.OutOfRange, "", "a page has 1 to 1000 sessions from offset 0 on")
	}
	where, args := condition(f)
	if page, total, ok, err := s.recallPage(ctx, f, where, args); ok || err != nil {
		return page, total, err
	}
	total := 0
	found, err := s.find(ctx, func(ctx context.Context, r *reader) (page []head, err error) {
		page, total, err = r.page(ctx, f, where, args)
		return page, err
	})
	if err != nil {
		return nil, 0, err
	}
	out, err := s.several(found)
	return out, total, err
}

// recallPage returns a page of which only the numbers have to be read; not ok: it
// has others, or something was committed meanwhile.
func (s *Store) recallPage(ctx context.Context, f order.Filter, where string, args []any) (page []session.Session, total int, ok bool, err error) {
	at, list := s.known.moment(), ""
	err = s.readOnce(ctx, func(ctx context.Context, r *reader) error {
		return r.lister(f).QueryRowContext(ctx, numbersText(f, where), pageArgs(f, args)...).Scan(&list, &total)
	})
	if err != nil {
		return nil, 0, false, fmt.Errorf("read page of sessions: %w", err)
	}
	var numbers []int64
	if err := json.Unmarshal([]byte(list), &numbers); err != nil {
		return nil, 0, false, fmt.Errorf("read numbers of sessions: %w", err)
	}
	all, ok := s.known.all(at, numbers)
	if !ok {
		return nil, 0, false, nil
	}
	page, err = s.several(all)
	return page, total, err == nil, err
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

// pageText reads a page, and with each row how many sessions there are in all.
// CROSS JOIN has SQLite take the numbers of the page as they come, in their order.
func pageText(f order.Filter, where string) string {
	return "SELECT s.n, s.id, s.vpn, s.version, (" + countText(f, where) + ") FROM (" +
		onPage(f, where) + ") page CROSS JOIN session s ON s.n = page.n"
}

// numbersText renders a page as its numbers alone, in order, and how many sessions
// there are in all.
func numbersText(f order.Filter, where string) string {
	return "SELECT json_group_array(n), (" + countText(f, where) + ") FROM (" + onPage(f, where) + ")"
}

// onPage renders the numbers of a page, in order.
func onPage(f order.Filter, where string) string {
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

// counted says whether what matches is counted already: all sessions of a tenant are.
func counted(f order.Filter) bool { return plain(f) && f.Kept && f.Tenant != "" }

func countText(f order.Filter, where string) string {
	if counted(f) {
		return "SELECT coalesce(max(sessions), 0) FROM listed WHERE tenant = ?"
	}
	return "SELECT count(*) FROM session" + where
}

func countArgs(f order.Filter, args []any) []any {
	if counted(f) {
		return []any{string(f.Tenant)}
	}
	return slices.Clone(args)
}

func pageArgs(f order.Filter, args []any) []any {
	return append(append(countArgs(f, args), args...), f.Limit, f.Offset)
}

// page returns the heads of a page, in order, and how many sessions there are.
func (r *reader) page(ctx context.Context, f order.Filter, where string, args []any) (page []head, total int, err error) {
	rows, err := r.lister(f).QueryContext(ctx, pageText(f, where), pageArgs(f, args)...)
	if err != nil {
		return nil, 0, fmt.Errorf("read page of sessions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h head
		if err := rows.Scan(&h.N, &h.ID, &h.Vpn, &h.Version, &total); err != nil {
			return nil, 0, fmt.Errorf("read page of sessions: %w", err)
		}
		page = append(page, h)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("read page of sessions: %w", err)
	}
	if len(page) > 0 {
		return page, total, nil
	}
	if err := r.lister(f).QueryRowContext(ctx, countText(f, where), countArgs(f, args)...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count sessions: %w", err)
	}
	return nil, total, nil
}
