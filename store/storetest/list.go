// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func listTests() tests {
	return tests{
		"lists are sorted, ties in order of creation": testSorted,
		"lists are filtered by times":                 testSpans,
		"what its customer deleted is not listed":     testGone,
		"pages together are the list":                 testPages,
	}
}

// listed admits sessions that were ordered and start at these seconds.
func (b *bundle) listed(t *testing.T, list ...struct {
	created, start int
	name           string
},
) []session.ID {
	t.Helper()
	var out []session.ID
	for _, one := range list {
		a := small("t1", "v1")
		a.Session.CreatedAt, a.Session.Start = at(one.created), at(one.start)
		a.Session.Name = one.name
		out = append(out, b.admit(t, a).ID)
	}
	return out
}

func at(second int) time.Time { return epoch.Add(time.Duration(second) * time.Second) }

func someSessions(t *testing.T, b *bundle) []session.ID {
	t.Helper()
	return b.listed(t, []struct {
		created, start int
		name           string
	}{{0, 9, "b"}, {2, 5, "a"}, {1, 5, "c"}, {1, 7, "a"}}...)
}

func (b *bundle) list(t *testing.T, f order.Filter) []session.ID {
	t.Helper()
	f.Tenant = "t1"
	if f.Limit == 0 {
		f.Limit = 100
	}
	got, _, err := b.Sessions(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return ids(got)
}

func testSorted(t *testing.T, b *bundle) {
	all := someSessions(t, b)
	moved, err := b.Session(t.Context(), all[0])
	if err != nil {
		t.Fatal(err)
	}
	moved.Phase, moved.Status = session.Applying, session.Activated
	b.step(t, order.Step{Session: moved})
	for name, test := range map[string]struct {
		filter order.Filter
		want   []int
	}{
		"as admitted": {order.Filter{}, []int{3, 2, 1, 0}},
		"created":     {order.Filter{Sort: order.ByCreated}, []int{1, 3, 2, 0}},
		"created up":  {order.Filter{Sort: order.ByCreated, Upward: true}, []int{0, 2, 3, 1}},
		"start":       {order.Filter{Sort: order.ByStart}, []int{0, 3, 2, 1}},
		"start up":    {order.Filter{Sort: order.ByStart, Upward: true}, []int{1, 2, 3, 0}},
		"name":        {order.Filter{Sort: order.ByName}, []int{2, 0, 3, 1}},
		"name up":     {order.Filter{Sort: order.ByName, Upward: true}, []int{1, 3, 0, 2}},
		"status":      {order.Filter{Sort: order.ByStatus}, []int{1, 3, 2, 0}},
		"status up":   {order.Filter{Sort: order.ByStatus, Upward: true}, []int{0, 2, 3, 1}},
		"page":        {order.Filter{Sort: order.ByName, Offset: 1, Limit: 2}, []int{0, 3}},
	} {
		var want []session.ID
		for _, i := range test.want {
			want = append(want, all[i])
		}
		for _, kept := range []bool{false, true} {
			test.filter.Kept = kept
			if d := same(want, b.list(t, test.filter)); d != "" {
				t.Errorf("%s, kept %v (-want +got):\n%s", name, kept, d)
			}
		}
	}
}

func testSpans(t *testing.T, b *bundle) {
	all := someSessions(t, b)
	for name, test := range map[string]struct {
		filter order.Filter
		want   []int
	}{
		"created from":       {order.Filter{Created: order.Span{From: at(1)}}, []int{3, 2, 1}},
		"created until":      {order.Filter{Created: order.Span{Until: at(1)}}, []int{3, 2, 0}},
		"created within":     {order.Filter{Created: order.Span{From: at(1), Until: at(1)}}, []int{3, 2}},
		"starts from":        {order.Filter{Starts: order.Span{From: at(6)}}, []int{3, 0}},
		"starts until":       {order.Filter{Starts: order.Span{Until: at(5)}}, []int{2, 1}},
		"both and a name":    {order.Filter{Created: order.Span{From: at(1)}, Starts: order.Span{Until: at(8)}, Name: "a"}, []int{3, 1}},
		"from after until":   {order.Filter{Created: order.Span{From: at(2), Until: at(1)}}, nil},
		"before there was s": {order.Filter{Starts: order.Span{Until: at(-1)}}, nil},
	} {
		var want []session.ID
		for _, i := range test.want {
			want = append(want, all[i])
		}
		if d := same(want, b.list(t, test.filter)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func testGone(t *testing.T, b *bundle) {
	deleted, expired := b.admit(t, small("t1", "v1")), b.admit(t, small("t1", "v1"))
	deleted.StatusInfo, expired.StatusInfo = session.DeleteRequested, session.DurationExpired
	deleted, expired = b.release(t, deleted), b.release(t, expired)
	if d := same([]session.ID{expired.ID}, b.list(t, order.Filter{Kept: true})); d != "" {
		t.Errorf("for customers (-want +got):\n%s", d)
	}
	if d := same([]session.ID{expired.ID, deleted.ID}, b.list(t, order.Filter{})); d != "" {
		t.Errorf("for operators (-want +got):\n%s", d)
	}
}

// testPages reads pages while sessions are added: with the oldest first, none
// is passed over or seen twice.
func testPages(t *testing.T, b *bundle) {
	want := someSessions(t, b)
	var got []session.ID
	for offset := 0; ; offset += 3 {
		page := b.list(t, order.Filter{Kept: true, Sort: order.ByCreated, Upward: true, Offset: offset, Limit: 3})
		got = append(got, page...)
		if len(page) < 3 {
			break
		}
		if offset < 6 {
			a := small("t1", "v1")
			a.Session.CreatedAt = at(10 + offset)
			want = append(want, b.admit(t, a).ID)
		}
	}
	if len(got) != len(want) {
		t.Errorf("pages hold %d sessions, there are %d", len(got), len(want))
	}
	seen := map[session.ID]bool{}
	for _, id := range got {
		if seen[id] {
			t.Errorf("%s is on two pages", id)
		}
		seen[id] = true
	}
}
