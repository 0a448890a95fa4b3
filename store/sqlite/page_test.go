// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
)

func emptyStore(t *testing.T) *Store {
	t.Helper()
	box, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{
		Path: filepath.Join(t.TempDir(), "store"), Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Seal: box,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestPagesAreReadFromAnIndex: a page is found in an index alone, without a look at
// the rows of sessions that are not on it; that of the order in which customers
// ordered without a sort.
func TestPagesAreReadFromAnIndex(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	const listed = "COVERING INDEX session_listed"
	of := order.Filter{Tenant: "t1", Kept: true, Limit: 20}
	with := func(change func(*order.Filter)) order.Filter {
		f := of
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		filter order.Filter
		index  string
		sorts  bool
	}{
		"created":           {with(func(f *order.Filter) { f.Sort = order.ByCreated }), listed + " (tenant=?)", false},
		"created up":        {with(func(f *order.Filter) { f.Sort, f.Upward = order.ByCreated, true }), listed + " (tenant=?)", false},
		"created since":     {with(func(f *order.Filter) { f.Sort, f.Created.From = order.ByCreated, time.Now() }), listed + " (tenant=? AND created_at>? AND created_at<?)", false},
		"one status":        {with(func(f *order.Filter) { f.Sort, f.Statuses = order.ByCreated, []session.Status{session.Activated} }), listed + " (tenant=?)", false},
		"a client's":        {with(func(f *order.Filter) { f.Sort, f.Client = order.ByCreated, "c" }), listed + " (tenant=?)", false},
		"start":             {with(func(f *order.Filter) { f.Sort = order.ByStart }), listed + " (tenant=?)", true},
		"name":              {with(func(f *order.Filter) { f.Sort, f.Levels = order.ByName, []session.LevelName{"AAA"} }), listed + " (tenant=?)", true},
		"status":            {with(func(f *order.Filter) { f.Sort = order.ByStatus }), listed + " (tenant=?)", true},
		"operator's":        {order.Filter{Limit: 20}, "SCAN session", false}, // by n, which is the order of the rows
		"operator's tenant": {order.Filter{Tenant: "t1", Limit: 20}, listed + " (tenant=?)", true},
	} {
		where, args := condition(c.filter)
		plan := planOf(t, s, pageText(c.filter, where), pageArgs(c.filter, args)...)
		if !strings.Contains(plan, c.index) || strings.Contains(plan, "TEMP B-TREE") != c.sorts {
			t.Errorf("%s is read by: %s", name, plan)
		}
		numbers := planOf(t, s, numbersText(c.filter, where), pageArgs(c.filter, args)...)
		if !strings.Contains(numbers, c.index) || strings.Contains(numbers, "TEMP B-TREE") != c.sorts {
			t.Errorf("%s has its numbers read by: %s", name, numbers)
		}
		count := planOf(t, s, countText(c.filter, where), countArgs(c.filter, args)...)
		if c.filter.Kept && !strings.Contains(count, "COVERING INDEX") && !strings.Contains(count, "SEARCH listed USING PRIMARY KEY (tenant=?)") {
			t.Errorf("%s is counted by: %s", name, count)
		}
	}
}

func planOf(t *testing.T, s *Store, text string, args ...any) string {
	t.Helper()
	var steps []string
	err := s.read(t.Context(), func(ctx context.Context, r *reader) error {
		rows, err := r.conn.conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}
