// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func verdictTests() tests {
	return tests{
		"each change of verdict is told once":  testVerdicts,
		"verdicts wait in line with the rest":  testVerdictsInOrder,
		"who has ended is not judged any more": testVerdictOfReleased,
		"the newest events of a timeline":      testNewest,
	}
}

func verdict(s session.Session, kind session.EventKind, after time.Duration) session.Event {
	e := session.Event{
		Session: s.ID, Kind: kind, At: epoch.Add(after), Cause: "measured", Notify: true,
		Breach: &session.Breach{From: epoch, Broken: []session.BrokenGuarantee{{Guarantee: session.GuaranteedLatency, Promised: 1, Delivered: 2}}},
	}
	if kind == session.SLARestored {
		e.Breach.Until = epoch.Add(after / 2)
	}
	return e
}

func (b *bundle) tellVerdicts(t *testing.T, events ...session.Event) {
	t.Helper()
	if err := b.TellVerdicts(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// kinds returns the kinds of a session's events, newest first.
func (b *bundle) kinds(t *testing.T, s session.Session) []session.EventKind {
	t.Helper()
	list, err := b.Newest(t.Context(), s.ID, order.AllEvents, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []session.EventKind
	for _, e := range list {
		out = append(out, e.Kind)
	}
	return out
}

func testVerdicts(t *testing.T, b *bundle) {
	one, two := b.admit(t, small("t1", "v1")), b.admit(t, small("t1", "v1"))
	list := []session.Event{
		verdict(one, session.SLARestored, 1), // it was never broken
		verdict(one, session.SLABreached, 2), verdict(two, session.SLABreached, 2), verdict(one, session.SLABreached, 3),
		verdict(one, session.SLARestored, 4), verdict(session.Session{ID: "none"}, session.SLABreached, 4),
	}
	list[1].At, list[4].At = epoch.Add(2*time.Second), epoch.Add(4*time.Second)
	b.tellVerdicts(t, list...)
	b.tellVerdicts(t, list...)
	want := []session.EventKind{session.SLARestored, session.SLABreached, session.StatusChanged}
	if d := same(want, b.kinds(t, one)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	b.restart(t)
	open, err := b.OpenBreaches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := same(map[session.ID]session.Breach{two.ID: *list[2].Breach}, open); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	got, err := b.Newest(t.Context(), one.ID, order.GuaranteeEvents, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	told := list[4]
	told.ID, told.Seq, told.Status, told.Phase = got[0].ID, 3, one.Status, one.Phase
	if d := same(told, got[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if after, err := b.Session(t.Context(), one.ID); err != nil || after.Version != one.Version {
		t.Errorf("a verdict changes the session: version %d, %v", after.Version, err)
	}
}

func testVerdictsInOrder(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	b.tellVerdicts(t, verdict(s, session.SLABreached, time.Second))
	s.Phase = session.Applying
	b.step(t, order.Step{Session: s, Events: []session.Event{{At: epoch, Status: session.Requested, Phase: session.Applying, Notify: true}}})
	b.tellVerdicts(t, verdict(s, session.SLARestored, 2*time.Second))
	for i, want := range []session.EventKind{session.StatusChanged, session.SLABreached, session.StatusChanged, session.SLARestored} {
		h := b.head(t)
		if h.Event.Kind != want || h.Event.Seq != uint64(i+1) || (h.Event.Breach != nil) != (want != session.StatusChanged) {
			t.Errorf("event %d is %+v, want kind %q", i, h.Event, want)
		}
		if err := b.Delivered(t.Context(), h, b.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b.noHead(t)
}

func testVerdictOfReleased(t *testing.T, b *bundle) {
	s := b.release(t, b.admit(t, small("t1", "v1")))
	b.tellVerdicts(t, verdict(s, session.SLABreached, time.Second))
	if got := b.kinds(t, s); len(got) != 1 {
		t.Errorf("events %q", got)
	}
	if open, err := b.OpenBreaches(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("open %v, %v", open, err)
	}
}

func testNewest(t *testing.T, b *bundle) {
	s := b.admit(t, small("t1", "v1"))
	for i, kind := range []session.EventKind{session.StatusChanged, session.PathChanged, session.StatusChanged, session.RateChanged} {
		s = b.step(t, order.Step{Session: s, Events: []session.Event{{
			At: epoch.Add(time.Duration(i)), Kind: kind, Status: session.Requested, Phase: s.Phase, Cause: "c", Correlator: "x",
		}}})
	}
	seqs := func(what order.EventClass, most int) (out []uint64) {
		list, err := b.Newest(t.Context(), s.ID, what, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			out = append(out, e.Seq)
		}
		return out
	}
	if d := same([][]uint64{{5, 4, 3, 2, 1}, {5, 4}, {5, 3}, {5}}, [][]uint64{
		seqs(order.AllEvents, 9), seqs(order.AllEvents, 2), seqs(order.GuaranteeEvents, 9), seqs(order.GuaranteeEvents, 1),
	}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err := b.Newest(t.Context(), "none", order.AllEvents, 1)
	wantCode(t, err, session.NotFound)
}
