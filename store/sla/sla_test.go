// SPDX-License-Identifier: Apache-2.0

package sla_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sla"
)

func epoch() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }

func open(t testing.TB, path string) *sla.Store {
	t.Helper()
	s, err := sla.Open(t.Context(), path)
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

// minutes are windows of a session from the first minute to before the last.
func minutes(id session.ID, first, last int) []order.SessionWindow {
	var out []order.SessionWindow
	for i := first; i < last; i++ {
		from := epoch().Add(time.Duration(i) * time.Minute)
		out = append(out, order.SessionWindow{Session: id, SLAWindow: session.SLAWindow{
			From: from, Until: from.Add(time.Minute), Met: 50 * time.Second, Breached: 7 * time.Second, Unknown: 3 * time.Second,
			Down: 4 * time.Second, Slow: 3 * time.Second, Sent: 600, Received: 590, Lost: 10, RTTSumMicros: 590_000, WorstRTTMicros: uint32(1000 + i),
			SentOctets: 1 << 40, RecvOctets: 7, Counted: time.Minute, Verdict: session.VerdictBreached,
		}})
	}
	return out
}

func TestWindowsAreKeptOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a file %20?.db")
	s, err := sla.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	batch := append(minutes("one", 0, 10), minutes("two", 3, 5)...)
	for _, some := range [][]order.SessionWindow{batch[:4], batch, batch} { // a batch may be repeated
		if err := s.Keep(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	got, total, err := s.Windows(t.Context(), "one", order.Span{}, 0, 100)
	slices.Reverse(got)
	var want []session.SLAWindow
	sum := session.SLAWindow{}
	for _, w := range minutes("one", 0, 10) {
		want = append(want, w.SLAWindow)
		sum.Add(w.SLAWindow)
	}
	if d := cmp.Diff(want, got); d != "" || total != 10 || err != nil {
		t.Errorf("%d windows, %v (-want +got):\n%s", total, err, d)
	}
	all, err := s.Sums(t.Context())
	if d := cmp.Diff(sum, all["one"]); d != "" || len(all) != 2 || err != nil {
		t.Errorf("%d sums, %v (-want +got):\n%s", len(all), err, d)
	}
	if one, ok, err := s.Delivered(t.Context(), "one"); !ok || err != nil || one != sum {
		t.Errorf("delivered %+v, %v, %v", one, ok, err)
	}
	if _, ok, err := s.Delivered(t.Context(), "none"); ok || err != nil {
		t.Errorf("delivered of nothing: %v, %v", ok, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestPagesOfWindows(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "sla.db"))
	if err := s.Keep(t.Context(), append(minutes("other", 0, 3), minutes("one", 0, 10)...)); err != nil {
		t.Fatal(err)
	}
	at := func(minute int) time.Time { return epoch().Add(time.Duration(minute) * time.Minute) }
	for name, c := range map[string]struct {
		span          order.Span
		offset, limit int
		want          []int // minutes
		total         int
	}{
		"newest first":     {order.Span{}, 0, 3, []int{9, 8, 7}, 10},
		"second page":      {order.Span{}, 8, 8, []int{1, 0}, 10},
		"beyond":           {order.Span{}, 10, 5, nil, 10},
		"from":             {order.Span{From: at(8)}, 0, 5, []int{9, 8}, 2},
		"just after":       {order.Span{From: at(8).Add(1)}, 0, 5, []int{9, 8}, 2},
		"a microsecond on": {order.Span{From: at(8).Add(time.Microsecond)}, 0, 5, []int{9}, 1},
		"until":            {order.Span{Until: at(1)}, 0, 5, []int{1, 0}, 2},
		"before the first": {order.Span{Until: at(-1)}, 0, 5, nil, 0},
		"after the last":   {order.Span{From: at(11)}, 0, 5, nil, 0},
		"within, paged":    {order.Span{From: at(2), Until: at(6)}, 2, 2, []int{4, 3}, 5},
		"upside down":      {order.Span{From: at(6), Until: at(2)}, 0, 5, nil, 0},
	} {
		got, total, err := s.Windows(t.Context(), "one", c.span, c.offset, c.limit)
		var have []int
		for _, w := range got {
			have = append(have, int(w.From.Sub(epoch())/time.Minute))
		}
		if d := cmp.Diff(c.want, have, cmpopts.EquateEmpty()); d != "" || total != c.total || err != nil {
			t.Errorf("%s: total %d, %v (-want +got):\n%s", name, total, err, d)
		}
	}
	if got, total, err := s.Windows(t.Context(), "none", order.Span{}, 0, 5); len(got) != 0 || total != 0 || err != nil {
		t.Errorf("windows of nothing: %v, %d, %v", got, total, err)
	}
}

// TestPurge: old windows go, the sum of a session stays while it has any.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "sla.db"))
	if err := s.Keep(t.Context(), append(minutes("old", 0, 5), minutes("one", 0, 10)...)); err != nil {
		t.Fatal(err)
	}
	before, _, err := s.Delivered(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{5 + 6, 0} {
		if n, err := s.Purge(t.Context(), epoch().Add(6*time.Minute+time.Second)); n != want || err != nil {
			t.Errorf("purge %d: %d windows, %v", i, n, err)
		}
	}
	if _, total, err := s.Windows(t.Context(), "one", order.Span{From: epoch()}, 0, 5); total != 4 || err != nil {
		t.Errorf("%d are left, %v", total, err)
	}
	if _, ok, err := s.Delivered(t.Context(), "old"); ok || err != nil {
		t.Errorf("a session without windows is left: %v", err)
	}
	if err := s.Keep(t.Context(), minutes("one", 10, 11)); err != nil {
		t.Fatal(err)
	}
	after, _, err := s.Delivered(t.Context(), "one")
	if err != nil || after.Sent != before.Sent+600 || !after.From.Equal(epoch()) {
		t.Errorf("sum %+v, %v", after, err)
	}
	if _, total, err := s.Windows(t.Context(), "one", order.Span{}, 0, 5); total != 5 || err != nil {
		t.Errorf("%d after one more, %v", total, err)
	}
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sla.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sla.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("opened: %v", err)
	}
}

// BenchmarkKeep keeps windows of 1,000 sessions in one transaction.
func BenchmarkKeep(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "sla.db"))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var batch []order.SessionWindow
		for n := range 1000 {
			batch = append(batch, minutes(session.ID("s-"+string(rune('a'+n%26))+time.Duration(n).String()), i, i+1)...)
		}
		if err := s.Keep(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/window")
}
