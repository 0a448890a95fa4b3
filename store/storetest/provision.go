// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

func provisionTests() tests {
	return tests{
		"due sessions are claimed oldest first":   testClaimOrder,
		"a claim keeps others away until it ends": testClaim,
		"a step gives the claim back":             testClaimBack,
		"what is looked at later stays as it is":  testLookLater,
		"claimers at once never share":            testClaimers,
		"a restart finds all that is due":         testRestart,
		"a device has one holder":                 testLease,
		"findings need the newest lease":          testFence,
		"a finding wakes its session":             testFinding,
		"a refusal decides absent":                testRefusal,
		"sessions on a device":                    testOnDevice,
		"slots replace what was known":            testSlots,
		"brakes go on and off":                    testFreeze,
		"the epoch stays":                         testEpoch,
	}
}

func (b *bundle) claim(t *testing.T, holder string, limit int) []session.Session {
	t.Helper()
	now := b.clock.Now()
	got, err := b.ClaimDue(t.Context(), holder, now, now.Add(time.Minute), limit)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testClaimOrder(t *testing.T, b *bundle) {
	due := func(at time.Time) session.ID {
		a := small("t1", "v1")
		a.Due = at
		return b.admit(t, a).ID
	}
	third, first, second := due(epoch), due(epoch.Add(-2*time.Hour)), due(epoch.Add(-time.Hour))
	due(epoch.Add(time.Microsecond))
	due(time.Time{})
	if d := same([]session.ID{first, second}, ids(b.claim(t, "d1", 2))); d != "" {
		t.Errorf("first claim (-want +got):\n%s", d)
	}
	if d := same([]session.ID{third}, ids(b.claim(t, "d1", 9))); d != "" {
		t.Errorf("second claim (-want +got):\n%s", d)
	}
}

func testClaim(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	got := b.claim(t, "d1", 9)
	if len(got) != 1 || same(s, got[0]) != "" {
		t.Fatalf("claimed %v", got)
	}
	b.clock.advance(time.Minute - time.Microsecond)
	if got := b.claim(t, "d2", 9); len(got) != 0 {
		t.Errorf("claimed again: %v", ids(got))
	}
	b.clock.advance(time.Microsecond)
	if got := b.claim(t, "d2", 9); len(got) != 1 {
		t.Errorf("a claim that ended keeps others away")
	}
}

func testClaimBack(t *testing.T, b *bundle) {
	b.admit(t, small("t1", "v1"))
	s := b.claim(t, "d1", 9)[0]
	b.step(t, order.Step{Session: s, Due: b.clock.Now()})
	s = b.claim(t, "d2", 9)[0]
	b.step(t, order.Step{Session: s})
	b.clock.advance(24 * time.Hour)
	if got := b.claim(t, "d2", 9); len(got) != 0 {
		t.Errorf("never due, and claimed: %v", ids(got))
	}
}

func testLookLater(t *testing.T, b *bundle) {
	b.admit(t, small("t1", "v1"))
	s := b.claim(t, "d1", 9)[0]
	later := func(holder string, s session.Session) {
		t.Helper()
		list := []provision.Later{{Session: "none"}, {Session: s.ID, Version: s.Version, Due: b.clock.Now().Add(time.Hour)}}
		if err := b.LookLater(t.Context(), holder, list); err != nil {
			t.Fatal(err)
		}
	}
	later("d2", s) // has no claim
	later("d1", s)
	b.clock.advance(time.Hour - time.Microsecond)
	if got := b.claim(t, "d2", 9); len(got) != 0 {
		t.Errorf("claimed before its time: %v", ids(got))
	}
	b.clock.advance(time.Microsecond)
	got := b.claim(t, "d1", 9)
	if len(got) != 1 || same(s, got[0]) != "" {
		t.Fatalf("claimed %v", got)
	}
	// A finding during the claim has it looked at as soon as the claim is given back.
	found := []provision.Finding{{Session: s.ID, Have: session.Present}}
	if err := b.RecordDevice(t.Context(), b.lease(t, "d1"), found, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	later("d1", s)
	if got := b.claim(t, "d2", 9); len(got) != 1 || got[0].Version == s.Version {
		t.Errorf("a finding during a claim was lost: %v", got)
	}
}

func testClaimers(t *testing.T, b *bundle) {
	const sessions = 60
	var batch []order.Admission
	for range sessions {
		batch = append(batch, small("t1", "v1"))
	}
	b.batch(t, batch...)
	var mu sync.Mutex // guards seen
	var wg sync.WaitGroup
	seen := map[session.ID]int{}
	for range 10 {
		wg.Go(func() {
			for {
				got, err := b.ClaimDue(t.Context(), "d", epoch, epoch.Add(time.Minute), 3)
				if err != nil {
					t.Error(err)
				}
				if len(got) == 0 {
					return
				}
				mu.Lock()
				for _, s := range got {
					seen[s.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("session %s was claimed %d times", id, n)
		}
	}
	if len(seen) != sessions {
		t.Errorf("%d claimed, want %d", len(seen), sessions)
	}
}

func testRestart(t *testing.T, b *bundle) {
	var want []session.ID
	for range 5 {
		want = append(want, b.admit(t, small("t1", "v1")).ID)
	}
	b.claim(t, "crashed", 2)
	b.restart(t)
	b.clock.advance(time.Minute)
	got := ids(b.claim(t, "d2", 9))
	slices.Sort(want)
	slices.Sort(got)
	if d := same(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func (b *bundle) lease(t *testing.T, holder string) provision.Lease {
	t.Helper()
	now := b.clock.Now()
	l, err := b.LeaseDevice(t.Context(), "pe1", holder, now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func testLease(t *testing.T, b *bundle) {
	first := b.lease(t, "d1")
	now := b.clock.advance(30 * time.Second)
	if _, err := b.LeaseDevice(t.Context(), "pe1", "d2", now, now.Add(time.Minute)); !errors.Is(err, provision.ErrLeased) {
		t.Errorf("leased twice: %v", err)
	}
	renewed := b.lease(t, "d1")
	if renewed.Fence != first.Fence || !renewed.Until.Equal(now.Add(time.Minute)) {
		t.Errorf("renewed %+v after %+v", renewed, first)
	}
	now = b.clock.advance(time.Minute - time.Microsecond)
	if _, err := b.LeaseDevice(t.Context(), "pe1", "d2", now, now.Add(time.Minute)); !errors.Is(err, provision.ErrLeased) {
		t.Errorf("taken before its end: %v", err)
	}
	b.restart(t)
	b.clock.advance(time.Microsecond)
	if taken := b.lease(t, "d2"); taken.Fence != first.Fence+1 {
		t.Errorf("fence %d after %d", taken.Fence, first.Fence)
	}
	if other, err := b.LeaseDevice(t.Context(), "pe2", "d1", now, now.Add(time.Minute)); err != nil || other.Fence == 0 {
		t.Errorf("another device: %+v, %v", other, err)
	}
}

func testFence(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	old := b.lease(t, "d1")
	b.clock.advance(2 * time.Minute)
	b.lease(t, "d2")
	found := []provision.Finding{{Session: s.ID, Have: session.Present, Refused: true}}
	for _, l := range []provision.Lease{old, {Device: "pe7", Holder: "d1", Fence: 1}, {Device: "pe1", Holder: "d1", Fence: 2}} {
		if err := b.RecordDevice(t.Context(), l, found, b.clock.Now()); !errors.Is(err, provision.ErrFenced) {
			t.Errorf("lease %+v: %v", l, err)
		}
	}
	if read, err := b.Session(t.Context(), s.ID); err != nil || same(s, read) != "" {
		t.Errorf("a fenced finding changed the session: %v", err)
	}
}

func testFinding(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	s = b.step(t, order.Step{Session: s})
	l := b.lease(t, "d1")
	now := b.clock.advance(time.Second)
	found := []provision.Finding{{Session: "none", Have: session.Present}, {Session: s.ID, Have: session.Present, Reason: "late"}}
	if err := b.RecordDevice(t.Context(), l, found, now); err != nil {
		t.Fatal(err)
	}
	_, err := b.Advance(t.Context(), order.Step{Session: s}, b.ledger)
	wantCode(t, err, session.Aborted)
	got := b.claim(t, "d1", 9)
	if len(got) != 1 {
		t.Fatalf("%d due, want 1", len(got))
	}
	want := s
	want.Version++
	want.Devices = []session.DeviceState{s.Devices[0], {Device: "pe1", Have: session.Present, Reason: "late", At: now}}
	if d := same(want, got[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := b.RecordDevice(t.Context(), l, found, now); err != nil {
		t.Fatal(err)
	}
	if again := b.claim(t, "d2", 9); len(again) != 0 {
		t.Error("a finding ended a claim")
	}
	b.clock.advance(time.Minute)
	if again := b.claim(t, "d2", 9); len(again) != 1 {
		t.Error("a finding during a claim was lost")
	}
}

func testRefusal(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	found := []provision.Finding{{Session: s.ID, Have: session.Absent, Reason: "bad reference", Refused: true}}
	if err := b.RecordDevice(t.Context(), b.lease(t, "d1"), found, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	got, err := b.Session(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Decision != session.DecideAbsent || got.Reason != "pe1: bad reference" || got.Sink.Token != "secret" {
		t.Errorf("decision %s, reason %q, sink %+v", got.Decision, got.Reason, got.Sink)
	}
	if got.Version <= s.Version {
		t.Error("the version did not grow")
	}
}

func testOnDevice(t *testing.T, b *bundle) {
	one := b.admit(t, small("t1", "v1"))
	b.release(t, b.admit(t, small("t1", "v1")))
	a := small("t1", "v1")
	a.Session.Devices = a.Session.Devices[:1]
	two := b.admit(t, a)
	for device, want := range map[string][]session.ID{"pe1": {one.ID}, "gw1": {one.ID, two.ID}, "pe2": nil} {
		got, err := b.OnDevice(t.Context(), nodeName(device))
		if err != nil {
			t.Fatal(err)
		}
		var on []session.ID
		for _, s := range got {
			on = append(on, s.ID)
		}
		slices.Sort(want)
		slices.Sort(on)
		if d := same(want, on); d != "" {
			t.Errorf("%s (-want +got):\n%s", device, d)
		}
	}
}

func testSlots(t *testing.T, b *bundle) {
	for _, c := range []struct {
		slots []southbound.TunnelSlot
		want  map[uint16]string
	}{
		{nil, map[uint16]string{1: "", 2: ""}},
		{[]southbound.TunnelSlot{{Port: 1, PublicKey: "a"}, {Port: 2, PublicKey: "b"}}, map[uint16]string{1: "a", 2: "b"}},
		{[]southbound.TunnelSlot{{Port: 1, PublicKey: "c"}}, map[uint16]string{1: "c", 2: ""}},
	} {
		if err := b.RecordSlots(t.Context(), "gw1", c.slots); err != nil {
			t.Fatal(err)
		}
		for port, want := range c.want {
			if got, err := b.SlotKey(t.Context(), "gw1", port); err != nil || got != want {
				t.Errorf("slot %d of %v: %q, want %q: %v", port, c.slots, got, want, err)
			}
		}
	}
}

func testFreeze(t *testing.T, b *bundle) {
	all := provision.Freeze{Scope: provision.FreezeAll, Reason: "maintenance", Since: epoch}
	device := provision.Freeze{Scope: provision.FreezeDevice, Name: "pe1", Reason: "broken", Since: epoch}
	for _, f := range []provision.Freeze{all, device, device} {
		if err := b.SetFreeze(t.Context(), f, true); err != nil {
			t.Fatal(err)
		}
	}
	b.restart(t)
	got, err := b.Freezes(t.Context())
	if d := same([]provision.Freeze{all, device}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for range 2 {
		if err := b.SetFreeze(t.Context(), provision.Freeze{Scope: provision.FreezeAll}, false); err != nil {
			t.Fatal(err)
		}
	}
	got, err = b.Freezes(t.Context())
	if d := same([]provision.Freeze{device}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func testEpoch(t *testing.T, b *bundle) {
	first, err := b.Epoch(t.Context())
	if err != nil || first == 0 {
		t.Fatalf("epoch %d, %v", first, err)
	}
	b.clock.advance(time.Hour)
	b.restart(t)
	if again, err := b.Epoch(t.Context()); err != nil || again != first {
		t.Errorf("epoch %d became %d: %v", first, again, err)
	}
}
