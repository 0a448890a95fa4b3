// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

func admitTests() tests {
	return tests{
		"what is admitted is kept":                  testKept,
		"one refused never fails the rest":          testRefused,
		"what is refused leaves nothing":            testRefusedLeavesNothing,
		"a contended pool is a conflict":            testContended,
		"a create is safe to repeat":                testRepeated,
		"a key ends after a day":                    testKeyEnds,
		"validation sees what the tenant holds":     testHoldings,
		"a book that missed changes catches up":     testCatchUp,
		"a VPN belongs to one tenant":               testForeignVPN,
		"a caller that left is not waited for":      testLeft,
		"numbers beyond what can be kept":           testBeyond,
		"an empty batch":                            testEmptyBatch,
		"times are kept in UTC to the microsecond":  testTimes,
		"the same holder shares its value":          testShared,
		"a session that is no session at all":       testNoSession,
		"an arc twice in one admission":             testArcTwice,
		"an arc twice in one batch stays in bounds": testBounds,
	}
}

func testKept(t *testing.T, b *bundle) {
	a := Admission(3)
	got := b.admit(t, a)
	want := *a.Session
	want.Version = 1
	if d := same(want, got); d != "" {
		t.Errorf("answered (-want +got):\n%s", d)
	}
	if got.VPN.Number != 1 || got.VPN.VRF != "v1" {
		t.Errorf("assigned %+v, want number 1", got.VPN)
	}
	for range 2 {
		read, err := b.Session(t.Context(), got.ID)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got.Devices, func(a, b session.DeviceState) int { return cmp.Compare(a.Device, b.Device) })
		if d := same(got, read); d != "" {
			t.Errorf("read (-want +got):\n%s", d)
		}
		b.restart(t)
	}
	events, err := b.Timeline(t.Context(), got.ID)
	if err != nil || len(events) != 1 {
		t.Fatalf("timeline = %v, %v", events, err)
	}
	e := events[0]
	if e.ID == "" || e.Seq != 1 || e.Session != got.ID || !e.Notify || e.Cause != "ordered" || !e.At.Equal(epoch) {
		t.Errorf("event = %+v", e)
	}
}

// mixed is a batch in which each odd one is refused for another reason.
func mixed() (batch []order.Admission, want []error) {
	ok := func() order.Admission { return small("t1", "v1") }
	veto := errors.New("veto")
	refused := ok()
	refused.Validate = func(order.Holdings) error { return veto }
	noRoom := ok()
	noRoom.Route.Uses = []pathcomp.Use{{Arc: "link:b>", Kbps: 100_001}}
	exhausted := ok()
	exhausted.Pools = append(exhausted.Pools,
		order.PoolRequest{Pool: "p1", Holder: "h", Min: 7, Max: 7}, order.PoolRequest{Pool: "p2", Holder: "new", Min: 1, Max: 1},
		order.PoolRequest{Pool: "p2", Holder: "newer", Min: 1, Max: 1})
	first := ok()
	twice := ok()
	twice.Session.ID = first.Session.ID
	return []order.Admission{first, refused, ok(), noRoom, ok(), exhausted, ok(), twice, ok()},
		[]error{nil, veto, nil, order.ErrConflict, nil, &session.Error{Code: session.NoResources}, nil, &session.Error{Code: session.Exists}, nil}
}

func testRefused(t *testing.T, b *bundle) {
	batch, want := mixed()
	for i, r := range b.batch(t, batch...) {
		var code *session.Error
		switch {
		case errors.As(want[i], &code):
			wantCode(t, r.Err, code.Code)
		case !errors.Is(r.Err, want[i]) || (want[i] == nil && r.Err != nil):
			t.Errorf("admission %d: %v, want %v", i, r.Err, want[i])
		}
		_, err := b.Session(t.Context(), batch[i].Session.ID)
		if want[i] == nil && err != nil {
			t.Errorf("admitted session %d: %v", i, err)
		}
		if want[i] != nil && !errors.As(want[i], &code) {
			wantCode(t, err, session.NotFound)
		}
	}
	log, err := b.Bookings(t.Context(), 0)
	if err != nil || len(log) != 5 {
		t.Fatalf("%d bookings, want 5: %v", len(log), err)
	}
	for i, one := range log {
		if one.Seq != uint64(i)+1 || one.Uses[0].Arc != "link:a>" {
			t.Errorf("booking %d is %+v", i, one)
		}
	}
}

func testRefusedLeavesNothing(t *testing.T, b *bundle) {
	batch, _ := mixed()
	b.batch(t, batch...)
	next := small("t2", "v2")
	next.Pools = append(next.Pools, order.PoolRequest{Pool: "p1", Holder: "other", Min: 7, Max: 7},
		order.PoolRequest{Pool: "p2", Holder: "other", Min: 1, Max: 1})
	var values []uint64
	next.Assign = func(v []uint64) { values = v }
	b.admit(t, next)
	if d := same([]uint64{6, 7, 1}, values); d != "" {
		t.Errorf("values (-want +got):\n%s", d)
	}
	if got := b.ledger.Taken("link:b>", window()); got != 0 {
		t.Errorf("%d kbit/s taken by a refused session", got)
	}
}

func testContended(t *testing.T, b *bundle) {
	member := order.PoolRequest{Pool: "member:t1/site", Holder: "v1", Min: 1, Max: 1, Contended: true}
	first, second := small("t1", "v1"), small("t1", "v2")
	first.Pools = append(first.Pools, member)
	member.Holder = "v2"
	second.Pools = append(second.Pools, member)
	r := b.batch(t, first, second)
	if r[0].Err != nil || !errors.Is(r[1].Err, order.ErrConflict) {
		t.Errorf("errors %v, %v; want none, conflict", r[0].Err, r[1].Err)
	}
}

func testRepeated(t *testing.T, b *bundle) {
	keyed := func(client, fingerprint string) order.Admission {
		a := small("t1", "v1")
		a.Session.Client, a.Key, a.Fingerprint = client, "k", fingerprint
		return a
	}
	refused := keyed("c1", "one")
	refused.Validate = func(order.Holdings) error { return errors.New("veto") }
	r := b.batch(t, refused, keyed("c1", "one"), keyed("c1", "one"), keyed("c1", "two"), keyed("c2", "two"))
	if r[0].Err == nil || r[1].Err != nil || r[1].Repeated {
		t.Fatalf("first create = %+v, %+v", r[0], r[1])
	}
	first := r[1].Session.ID
	if !r[2].Repeated || r[2].Session.ID != first || r[2].Err != nil {
		t.Errorf("repeated in the same batch = %+v", r[2])
	}
	wantCode(t, r[3].Err, session.Exists)
	if r[4].Repeated || r[4].Err != nil {
		t.Errorf("other client = %+v", r[4])
	}
	b.restart(t)
	b.testLookedUp(t, first)
	again := b.batch(t, keyed("c1", "one"))[0]
	if !again.Repeated || again.Session.ID != first {
		t.Errorf("repeated later = %+v", again)
	}
	if _, total, err := b.Sessions(t.Context(), order.Filter{Tenant: "t1", Limit: 10}); total != 2 || err != nil {
		t.Errorf("%d sessions, want 2: %v", total, err)
	}
	b.release(t, again.Session)
	b.clock.advance(time.Hour)
	if _, err := b.Purge(t.Context(), b.clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// testLookedUp looks up what testRepeated created.
func (b *bundle) testLookedUp(t *testing.T, first session.ID) {
	t.Helper()
	for _, test := range []struct {
		client, key, fingerprint string
		ok, exists               bool
	}{
		{"c1", "k", "one", true, false},
		{"c1", "k", "two", false, true},
		{"c3", "k", "one", false, false},
		{"c1", "another", "one", false, false},
		{"c1", "", "one", false, false},
	} {
		s, ok, err := b.Repeated(t.Context(), "t1", test.client, test.key, test.fingerprint)
		if ok != test.ok || ok != (s.Session.ID == first) || (session.CodeOf(err) == session.Exists) != test.exists {
			t.Errorf("look up %+v: %v, %v, %v", test, s.Session.ID, ok, err)
		}
		var e *session.Error
		if test.exists && (!errors.As(err, &e) || e.Field != "Idempotency-Key") {
			t.Errorf("look up %+v: %+v", test, err)
		}
		if !test.exists && err != nil {
			t.Error(err)
		}
	}
	if _, ok, err := b.Repeated(t.Context(), "t2", "c1", "k", "one"); ok || err != nil {
		t.Errorf("another tenant's key: %v, %v", ok, err)
	}
}

func testKeyEnds(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Key = "k"
	b.admit(t, a)
	b.clock.advance(24*time.Hour - time.Second)
	late := small("t1", "v1")
	late.Key = "k"
	if r := b.batch(t, late)[0]; !r.Repeated {
		t.Errorf("within a day = %+v", r)
	}
	b.clock.advance(time.Second)
	if _, err := b.Purge(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.Repeated(t.Context(), "t1", late.Session.Client, "k", ""); ok || err != nil {
		t.Errorf("looked up after a day: %v, %v", ok, err)
	}
	if r := b.batch(t, late)[0]; r.Repeated || r.Err != nil {
		t.Errorf("after a day = %+v", r)
	}
}

func testHoldings(t *testing.T, b *bundle) {
	var seen []order.Holdings
	look := func(tenant, vpn string) order.Admission {
		a := small(tenant, vpn)
		a.Session.Rate = session.Rate{Forward: 10, Reverse: 30}
		a.Validate = func(h order.Holdings) error { seen = append(seen, h); return nil }
		return a
	}
	// Tenants take turns: t1, t2, t1.
	r := b.batch(t, look("t1", "v1"), look("t1", "v2"), look("t2", "v3"))
	again := look("t1", "v1")
	b.admit(t, again)
	b.release(t, r[1].Session)
	b.admit(t, look("t1", "v1"))
	for i, want := range []struct {
		sessions int
		kbps     uint64
		vpn      int
	}{{0, 0, 0}, {0, 0, 0}, {1, 30, 0}, {2, 60, 1}, {2, 60, 2}} {
		if h := seen[i]; h.Sessions != want.sessions || h.Kbps != want.kbps || len(h.VPN) != want.vpn {
			t.Errorf("look %d: %d sessions, %d kbit/s, %d in VPN; want %+v", i, h.Sessions, h.Kbps, len(h.VPN), want)
		}
	}
	if len(seen[4].VPN[0].Devices) != 2 {
		t.Errorf("devices of a session in the VPN: %v", seen[4].VPN[0].Devices)
	}
}

func testCatchUp(t *testing.T, b *bundle) {
	other := NewLedger(100_000)
	s := b.admit(t, small("t1", "v1"))
	b.release(t, b.admit(t, small("t1", "v1")))
	fills := small("t1", "v1")
	fills.Route.Uses[0].Kbps = 100_000
	r, err := b.AdmitBatch(t.Context(), []order.Admission{fills, small("t1", "v1")}, other)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r[0].Err, order.ErrConflict) || r[1].Err != nil {
		t.Errorf("errors %v, %v; want conflict, none", r[0].Err, r[1].Err)
	}
	b.release(t, s)
	if got := b.ledger.Taken("link:a>", window()); got != 10 {
		t.Errorf("the first book counts %d kbit/s, want 10", got)
	}
	if f := other.Faults(); len(f) > 0 {
		t.Error(f)
	}
}

func testForeignVPN(t *testing.T, b *bundle) {
	b.admit(t, small("t1", "v1"))
	wantCode(t, b.batch(t, small("t2", "v1"))[0].Err, session.Forbidden)
}

func testLeft(t *testing.T, b *bundle) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := small("t1", "v1")
	_, err := b.AdmitBatch(ctx, []order.Admission{a}, b.ledger)
	_, read := b.Session(t.Context(), a.Session.ID)
	if (err == nil) != (read == nil) {
		t.Errorf("answered %v, but reading says %v", err, read)
	}
}

func testBeyond(t *testing.T, b *bundle) {
	rate, pool, use, year, device := small("t1", "v1"), small("t1", "v1"), small("t1", "v1"), small("t1", "v1"), small("t1", "v1")
	rate.Session.Rate.Forward = 1 << 63
	pool.Pools[0].Max = 1 << 63
	use.Route.Uses[0].Kbps = 1 << 63
	year.Session.Deadline = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	device.Session.Devices = append(device.Session.Devices, device.Session.Devices[0])
	r := b.batch(t, rate, pool, use, year, device, small("t1", "v1"))
	for i, want := range []session.Code{session.OutOfRange, session.OutOfRange, session.OutOfRange, session.OutOfRange, session.Invalid} {
		wantCode(t, r[i].Err, want)
	}
	if r[5].Err != nil {
		t.Error(r[5].Err)
	}
}

func testEmptyBatch(t *testing.T, b *bundle) {
	if r := b.batch(t); len(r) != 0 {
		t.Errorf("results = %v", r)
	}
}

func testTimes(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	zone := time.FixedZone("east", 3600)
	a.Session.CreatedAt = time.Date(2026, 3, 1, 13, 0, 0, 123456789, zone)
	want := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	got := b.admit(t, a)
	read, err := b.Session(t.Context(), got.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.CreatedAt != want || read.CreatedAt != want {
		t.Errorf("kept %v, read %v, want %v", got.CreatedAt, read.CreatedAt, want)
	}
	if !read.EndedAt.IsZero() {
		t.Errorf("never became %v", read.EndedAt)
	}
}

func testShared(t *testing.T, b *bundle) {
	var first, second, other uint64
	one, two, three := small("t1", "v1"), small("t1", "v1"), small("t1", "v2")
	one.Assign = func(v []uint64) { first = v[0] }
	two.Assign = func(v []uint64) { second = v[0] }
	three.Assign = func(v []uint64) { other = v[0] }
	r := b.batch(t, one, two, three)
	if first != 5 || second != 5 || other != 6 {
		t.Fatalf("values %d, %d, %d; want 5, 5, 6", first, second, other)
	}
	b.release(t, r[0].Session)
	late := small("t1", "v3")
	late.Assign = func(v []uint64) { other = v[0] }
	b.admit(t, late)
	if other != 7 {
		t.Errorf("a value in use was given: %d", other)
	}
	b.release(t, r[1].Session)
	late = small("t1", "v4")
	late.Assign = func(v []uint64) { other = v[0] }
	b.admit(t, late)
	if other != 5 {
		t.Errorf("the last owner out did not free: %d", other)
	}
}

func testNoSession(t *testing.T, b *bundle) {
	a := small("t1", "v1")
	a.Session.ID = ""
	wantCode(t, b.batch(t, a)[0].Err, session.Invalid)
}

func testBounds(t *testing.T, b *bundle) {
	var batch []order.Admission
	for range 15 {
		a := small("t1", "v1")
		a.Route.Uses[0].Kbps = 10_000
		batch = append(batch, a)
	}
	admitted := 0
	for _, r := range b.batch(t, batch...) {
		if r.Err == nil {
			admitted++
		} else if !errors.Is(r.Err, order.ErrConflict) {
			t.Error(r.Err)
		}
	}
	if admitted != 10 {
		t.Errorf("%d of 15 admitted, want 10", admitted)
	}
}

func testArcTwice(t *testing.T, b *bundle) {
	bad := small("t1", "v1")
	bad.Route.Uses = append(bad.Route.Uses, bad.Route.Uses[0])
	r := b.batch(t, small("t1", "v1"), bad, small("t1", "v1"))
	if r[0].Err != nil || r[1].Err == nil || r[2].Err != nil {
		t.Errorf("errors %v, %v, %v", r[0].Err, r[1].Err, r[2].Err)
	}
}
