// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// foreseen is what becomes of a prospect, in short.
func foreseen(f order.Foreseen) string {
	switch {
	case f.Reason != "":
		return f.Reason
	case f.Refusal != nil:
		return fmt.Sprint(f.Refusal.Cause, f.Refusal.Blocking, f.Refusal.Nodes, f.Refusal.MostKbps)
	case f.Admission.Second != nil:
		return fmt.Sprint(f.Admission.Forward, f.Admission.Second.Forward)
	}
	return fmt.Sprint(f.Admission.Forward, f.Admission.RTTMicros)
}

// Sessions leave a link that fails, and orders that come find what room these
// leave, one after the other.
func TestSupposeOrders(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	one := s.active(t, s.sold(t, 1, session.LevelA, 60_000))
	fork := s.core.Fork()
	tell(t, fork, link(t, "p1-pe2", true))
	prospect := func(change func(*order.Prospect)) order.Prospect {
		p := order.Prospect{
			From: "pe1", To: "gateway:gw1,handoff:h1", Kbps: [2]uint64{15_000, 15_000}, Duration: time.Hour, Level: session.LevelA,
		}
		change(&p)
		return p
	}
	var asked []order.Prospect
	var want, got []string
	for _, c := range []struct {
		change func(*order.Prospect)
		want   string
	}{
		{func(*order.Prospect) {}, "[pe1 p2 pe2] 8000"},
		{func(p *order.Prospect) { p.Kbps[0] = 25_001 }, "bandwidth[link:p2-pe2> link:pe1-p2>] [] 25000"},
		{func(p *order.Prospect) { p.From = "port:pe1:eth1" }, "[pe1 p2 pe2] 8000"},
		{func(*order.Prospect) {}, "bandwidth[link:p2-pe2< link:p2-pe2> link:pe1-p2< link:pe1-p2>] [] 10000"},
		{func(p *order.Prospect) { p.Start = s.now().Add(25 * time.Hour) }, "[pe1 p2 pe2] 8000"}, // when the session has ended
		{func(p *order.Prospect) { p.MaxRTTMicros = 7999 }, "latency[] [] 0"},
		{func(p *order.Prospect) { p.To = "x" }, "unknown-node[] [x] 0"},
		{func(p *order.Prospect) { p.To = "port:x:eth1,handoff:h1" }, "unknown-node[port:x:eth1>] [] 0"},
		{func(p *order.Prospect) { p.Level = "AAA" }, `the level "AAA" is not sold here`},
		{func(p *order.Prospect) { p.Start = s.now().Add(-time.Second) }, "startTime: lies in the past"},
		{func(p *order.Prospect) { p.Duration = 49 * time.Hour }, "duration: is more than the maximum of 172800 seconds"},
	} {
		asked, want = append(asked, prospect(c.change)), append(want, c.want)
	}
	before := s.load("pe1-p2")
	moved, orders, err := s.Suppose(t.Context(), fork, asked)
	if err != nil || len(moved) != 1 || moved[0].Session != one.ID || moved[0].Outcome != order.Moves {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	for _, f := range orders {
		got = append(got, foreseen(f))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if is := s.load("pe1-p2"); is != before || s.stored(t, one.ID).Version != one.Version {
		t.Errorf("a question changed something: %v, was %v", is, before)
	}
}

// What is foreseen of orders is what becomes of them when they come.
func TestForeseenIsWhatCreateDoes(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	var asked []order.Prospect
	for range testnet.Sites {
		asked = append(asked, order.Prospect{
			From: "port:pe1:eth1", To: "gateway:gw1,handoff:h1", Kbps: [2]uint64{30_000, 30_000}, Duration: time.Hour, Level: session.LevelA,
		})
	}
	_, orders, err := s.Suppose(t.Context(), s.core.Fork(), asked)
	if err != nil {
		t.Fatal(err)
	}
	admitted := 0
	for i, f := range orders {
		made, _, err := s.Create(t.Context(), as("acme"), wide(i+1, i+1, 30_000))
		if (err == nil) != (f.Refusal == nil) || err != nil && session.CodeOf(err) != session.NoResources {
			t.Fatalf("order %d: foreseen %s, and came to %v", i+1, foreseen(f), err)
		}
		if err != nil {
			continue
		}
		admitted++
		if !slices.Equal(made.Route.Forward.List(), f.Admission.Forward) || made.Route.RTTMicros != f.Admission.RTTMicros ||
			!made.Route.From.Equal(f.Admission.Window.From) || !made.Route.Until.Equal(f.Admission.Window.Until) {
			t.Errorf("order %d: foreseen %+v, and came to %+v", i+1, f.Admission, made.Route)
		}
	}
	if admitted != 3 {
		t.Errorf("%d admitted, want 3: a link carries 100 Mbit/s", admitted)
	}
}

func TestSupposeProtectedOrders(t *testing.T) {
	t.Parallel()
	s := openTwin(t, nil)
	p := order.Prospect{
		From: "pe1", To: "pe2", SecondFrom: "pe3", SecondTo: "pe4", Kbps: [2]uint64{10_000, 10_000}, Level: session.LevelA, Protected: true,
	}
	meets := p
	meets.SecondTo = "pe2"
	_, orders, err := s.Suppose(t.Context(), s.core.Fork(), []order.Prospect{p, meets})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{foreseen(orders[0]), foreseen(orders[1])}
	if diff := cmp.Diff([]string{"[pe1 pe2] [pe3 pe4]", "its two ways do not fail apart: core, pe1, pe2"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d := testnet.TwinDirectory()
	d.Catalogue.Levels[0].Protected = true
	s.Reload(d)
	p.Protected = false
	if _, orders, err = s.Suppose(t.Context(), s.core.Fork(), []order.Prospect{p}); err != nil || orders[0].Reason != "this level is sold for protected sessions only" {
		t.Errorf("without protection: %+v, %v", orders, err)
	}
}

// full is a network in which others take the room between search and trial.
type full struct{ *pathcomp.Core }

func (f full) Try(string, pathcomp.Admission) error { return errors.New("taken") }

func TestSupposeTellsWhatItCannotTry(t *testing.T) {
	t.Parallel()
	s := openSquare(t)
	s.active(t, s.sold(t, 1, session.LevelA, 10_000))
	fork := s.core.Fork()
	tell(t, fork, link(t, "p1-pe2", true))
	asked := []order.Prospect{{From: "pe1", To: "pe2", Kbps: [2]uint64{1, 1}, Level: session.LevelA}}
	moved, orders, err := s.Suppose(t.Context(), full{fork}, asked)
	if err != nil || moved[0].Outcome != order.Failed || moved[0].Reason != "taken" || orders[0].Reason != "taken" || orders[0].Admission.Forward != nil {
		t.Errorf("moved %+v, orders %+v, %v", moved, orders, err)
	}
}
