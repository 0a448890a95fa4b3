// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

const performancePath = someID + "/performance"

// withSession is a Server with one session of acme.
func withSession(t testing.TB, changes ...func(*Config)) *bundle {
	t.Helper()
	b := setup(t, changes...)
	s := fakeSession()
	b.core.sessions[s.ID] = s
	return b
}

func TestSessionWithItsHistory(t *testing.T) {
	t.Parallel()
	res := withSession(t).do(t, get(someID))
	got := read[api.SessionInfo](t, res)
	if got.Purchased == nil || *got.Purchased.MaxLatency != 20 || *got.Purchased.MaxPacketLossRate != 0.1 || *got.Purchased.Availability != 99.5 {
		t.Errorf("purchased %+v", got.Purchased)
	}
	d := got.Delivered
	if d == nil || d.Verdict != api.VerdictBREACHED || d.MetSeconds != 59*60 || d.BreachedSeconds != 30 || d.UnknownSeconds != 30 ||
		*d.Latency != 11.9 || *d.WorstLatency != 41.2 || *d.Bandwidth != 0.1 || *d.ReverseBandwidth != 0.2 || *d.PacketLossRate != 0.0277 {
		t.Errorf("delivered %+v", d)
	}
	type entry struct {
		Kind  api.EventKind
		Cause string
	}
	var have []entry
	for _, e := range *got.Timeline {
		have = append(have, entry{e.Kind, e.Cause})
	}
	want := []entry{
		{"SLA_BREACHED", "the service level is not kept: availability"},
		{"SLA_RESTORED", "the service level is kept again, it was not: latency, loss"},
		{"SLA_BREACHED", "the service level is not kept: latency"},
		{"BANDWIDTH_CHANGED", "its bandwidth or service level was changed"},
		{"PATH_CHANGED", "it takes another way through the network"},
		{"STATUS_CHANGED", "proven, and in service"},
		{"STATUS_CHANGED", "ordered"},
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("timeline (-want +got):\n%s", d)
	}
}

func TestPerformance(t *testing.T) {
	t.Parallel()
	b := withSession(t)
	res := b.do(t, get(performancePath+"?page=1&perPage=2&windowStart.gte=2026-12-01T08:00:00Z&windowStart.lte=2026-12-01T10:00:00%2B01:00"))
	got := read[api.SessionPerformance](t, res)
	if res.StatusCode != http.StatusOK || *got.MeasurementInterval != 60 || len(got.Windows) != 2 || got.Windows[1].Verdict != api.VerdictUNKNOWN {
		t.Fatalf("answer %d: %s", res.StatusCode, res.raw)
	}
	if w := got.Windows[1]; w.Availability != nil || w.Latency != nil || w.Bandwidth != nil || w.UnknownSeconds != 60 {
		t.Errorf("what is not known is told: %+v", w)
	}
	if p := got.Pagination; p != (api.Pagination{Page: 1, PerPage: 2, TotalCount: 3, TotalPages: 2}) {
		t.Errorf("pagination %+v", p)
	}
	if l := res.Header.Get("Link"); !strings.Contains(l, "windowStart.gte=") || !strings.Contains(l, `rel="next"`) || res.Header.Get("X-Total-Count") != "3" {
		t.Errorf("Link %q", l)
	}
	f := b.core.windows[0]
	if f.Page != 1 || f.PerPage != 2 || !f.Begin.From.Equal(testNow()) || !f.Begin.Until.Equal(testNow().Add(time.Hour)) {
		t.Errorf("filter %+v", f)
	}
	at := func(minute int) time.Time { return testNow().Add(time.Duration(minute) * time.Minute) }
	type entry struct {
		Kind        api.GuaranteeLogKind
		From, Until time.Time
		Broken      []api.BrokenGuarantee
	}
	var have []entry
	for _, e := range got.GuaranteeLog {
		have = append(have, entry{e.Kind, e.From, value(e.Until), value(e.Broken)})
	}
	want := []entry{
		{"BREACH", at(49), time.Time{}, []api.BrokenGuarantee{{Guarantee: "AVAILABILITY", Promised: 99.5, Delivered: 90}}},
		{"BREACH", at(30), at(31), []api.BrokenGuarantee{{Guarantee: "LATENCY", Promised: 20, Delivered: 41.2}, {Guarantee: "PACKET_LOSS", Promised: 0.1, Delivered: 0.25}}},
		{"BANDWIDTH_CHANGED", at(20), time.Time{}, nil},
		{"PATH_CHANGED", at(10), time.Time{}, nil},
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("guarantee log (-want +got):\n%s", d)
	}
	if strings.Contains(string(res.raw), "PE7") {
		t.Error("a device is named")
	}
	beyond := read[api.SessionPerformance](t, b.do(t, get(performancePath+"?page=2147483647")))
	if beyond.Windows == nil || len(beyond.Windows) != 0 || beyond.Pagination.TotalCount != 3 {
		t.Errorf("page beyond the end: %+v", beyond)
	}
}

// TestBreachEndsWithService: what was broken at the end of service is not broken still.
func TestBreachEndsWithService(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := fakeSession()
	s.EndedAt = testNow().Add(time.Hour)
	b.core.sessions[s.ID] = s
	got := read[api.SessionPerformance](t, b.do(t, get(performancePath)))
	if until := got.GuaranteeLog[0].Until; until == nil || !until.Equal(s.EndedAt) {
		t.Errorf("%+v", got.GuaranteeLog[0])
	}
}

func TestListIsSortedAndFiltered(t *testing.T) {
	t.Parallel()
	b := withSession(t)
	b.do(t, get("/sessions?orderBy=startTime&order=asc&createdAt.gte=2026-12-01T08:00:00Z&createdAt.lte=2026-12-02T08:00:00Z&startTime.gte=2026-12-01T09:00:00%2B01:00&startTime.lte=2026-12-03T08:00:00Z"))
	want := order.ListFilter{
		Created: order.Span{From: testNow(), Until: testNow().AddDate(0, 0, 1)}, Starts: order.Span{From: testNow(), Until: testNow().AddDate(0, 0, 2)},
		Sort: order.ByStart, Upward: true, Page: 1, PerPage: 20,
	}
	if d := cmp.Diff(want, b.core.filters[0]); d != "" {
		t.Errorf("filter (-want +got):\n%s", d)
	}
	for _, key := range []order.SortKey{order.ByCreated, order.ByName, order.ByStatus} {
		b.do(t, get("/sessions?order=desc&orderBy="+string(key)))
		if f := b.core.filters[len(b.core.filters)-1]; f.Sort != key || f.Upward {
			t.Errorf("orderBy=%s: %+v", key, f)
		}
	}
}

// TestFaultyQueries: every documented refusal of what only reads.
func TestFaultyQueries(t *testing.T) {
	t.Parallel()
	const bad = "INVALID_ARGUMENT"
	b := withSession(t)
	hung := withSession(t, hasty)
	hung.core.hang = true
	for _, path := range []string{"/sessions", performancePath} {
		for _, tt := range []faulty{
			{"page nil", get(path + "?page=0"), 400, bad, "page: "},
			{"page in words", get(path + "?page=one"), 400, bad, "page: "},
			{"perPage too large", get(path + "?perPage=101"), 400, bad, "perPage: "},
			{"perPage nil", get(path + "?perPage=0"), 400, bad, "perPage: "},
			{"no token", request{method: "GET", path: path}, 401, "UNAUTHENTICATED", ""},
			{"no tenant", request{method: "GET", path: path, token: "nobody"}, 403, "PERMISSION_DENIED", ""},
			{"issuer away", request{method: "GET", path: path, token: "issuer-down"}, 503, "UNAVAILABLE", ""},
			{"DELETE of what is only read", request{method: "DELETE", path: path, token: "acme"}, 405, "METHOD_NOT_ALLOWED", "GET"},
		} {
			checkFaulty(t, b, path+": "+tt.name, tt)
		}
		for status, err := range map[int]error{
			http.StatusServiceUnavailable:  session.Errorf(session.Unavailable, "", "x"),
			http.StatusInternalServerError: errors.New("disk: secret=hunter2"),
		} {
			b.core.err = err
			if res := b.do(t, get(path)); res.StatusCode != status || strings.Contains(string(res.raw), "hunter2") {
				t.Errorf("%s, %v: %d %s", path, err, res.StatusCode, res.raw)
			}
		}
		b.core.err = nil
		if res := hung.do(t, get(path)); res.StatusCode != http.StatusGatewayTimeout {
			t.Errorf("%s takes too long: %d", path, res.StatusCode)
		}
	}
	for _, tt := range []faulty{
		{"orderBy unknown", get("/sessions?orderBy=client"), 400, bad, "orderBy: "},
		{"order unknown", get("/sessions?order=up"), 400, bad, "order: "},
		{"orderBy empty", get("/sessions?orderBy="), 400, bad, "orderBy: is empty"},
		{"order twice", get("/sessions?order=asc&order=desc"), 400, bad, "order: is given more than once"},
		{"createdAt no time", get("/sessions?createdAt.gte=yesterday"), 400, bad, "createdAt.gte: "},
		{"startTime without zone", get("/sessions?startTime.lte=2026-12-01T08:00:00"), 400, bad, "startTime.lte: "},
		{"no such day", get("/sessions?startTime.gte=2026-02-31T08:00:00Z"), 400, bad, "startTime.gte: "},
		{"windowStart no time", get(performancePath + "?windowStart.gte=0"), 400, bad, "windowStart.gte: "},
		{"windowStart twice", get(performancePath + "?windowStart.lte=2026-12-01T08:00:00Z&windowStart.lte=2026-12-01T08:00:00Z"), 400, bad, "windowStart.lte: is given more than once"},
		{"id no UUID", get("/sessions/17/performance"), 400, bad, "sessionId: "},
		{"unknown session", get("/sessions/00000000-0000-4000-8000-000000000000/performance"), 404, "NOT_FOUND", "no session"},
		{"foreign session", request{method: "GET", path: performancePath, token: "other"}, 403, "PERMISSION_DENIED", ""},
	} {
		checkFaulty(t, b, tt.name, tt)
	}
}

func checkFaulty(t *testing.T, b *bundle, name string, tt faulty) {
	t.Helper()
	res := b.do(t, tt.req)
	if e := read[api.ErrorInfo](t, res); res.StatusCode != tt.status || e.Code != tt.code || !strings.Contains(e.Message, tt.says) {
		t.Errorf("%s: got %d %s %q, want %d %s with %q", name, res.StatusCode, e.Code, e.Message, tt.status, tt.code, tt.says)
	}
}

// TestScopeOfPerformance: reading is enough.
func TestScopeOfPerformance(t *testing.T) {
	t.Parallel()
	b := withSession(t)
	if res := b.do(t, request{method: "GET", path: performancePath, token: "reader"}); res.StatusCode != http.StatusOK {
		t.Errorf("reader: %d", res.StatusCode)
	}
}
