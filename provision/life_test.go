// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/topology"
)

func TestSessionLivesAndExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.order(wish(1))
		if s.Status != session.Requested || s.VPN.VRF == "" || s.A.RD == "" || s.Z.Transfer.VLAN == 0 || s.Z.Tunnel.Port == 0 {
			t.Fatalf("ordered: %+v", s)
		}
		s = w.await(s.ID, session.Active)
		if s.Status != session.Activated || !s.ExpiresAt.Equal(s.StartedAt.Add(lasts)) {
			t.Errorf("active as %s from %s to %s", s.Status, s.StartedAt, s.ExpiresAt)
		}
		for n, d := range w.devices {
			if got := d.Config(); len(got.VRFs) != 1 || got.VRFs[0].Name != s.VPN.VRF {
				t.Errorf("%s holds %+v", n, got)
			}
		}
		s = w.await(s.ID, session.Released)
		if s.Status != session.Terminated || s.StatusInfo != session.DurationExpired || !s.EndedAt.Equal(s.ExpiresAt) {
			t.Errorf("ended as %s %s at %s", s.Status, s.StatusInfo, s.EndedAt)
		}
		w.clean()
		w.timeline(s.ID, "REQUESTED ACTIVATED TERMINATED")
	})
}

// timeline compares what the customer was told.
func (w *world) timeline(id session.ID, want string) {
	w.t.Helper()
	events, err := w.store.Timeline(context.Background(), id)
	w.must(err)
	var told []string
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			w.t.Errorf("event %d has sequence %d", i, e.Seq)
		}
		if e.Notify {
			told = append(told, string(e.Status))
		}
	}
	if got := strings.Join(told, " "); got != want {
		w.t.Errorf("told %s, want %s", got, want)
	}
}

func TestDeleteReleases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.order(wish(1))
		w.await(s.ID, session.Active)
		if _, err := w.orders.Delete(t.Context(), caller(), s.ID, nil); err != nil {
			t.Fatal(err)
		}
		s = w.await(s.ID, session.Released)
		if s.StatusInfo != session.DeleteRequested {
			t.Errorf("ended with %s", s.StatusInfo)
		}
		if _, err := w.orders.Session(t.Context(), caller(), s.ID); session.CodeOf(err) != session.NotFound {
			t.Errorf("a deleted session answers %v", err)
		}
		w.clean()
	})
}

func TestScheduledSessionWaitsForItsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := wish(1)
		o.Start = time.Now().Add(20 * time.Minute)
		s := w.order(o)
		if s.Status != session.Scheduled {
			t.Errorf("status %s", s.Status)
		}
		time.Sleep(19 * time.Minute)
		if got := w.session(s.ID); got.Phase != session.Admitted || len(w.devices["pe1"].Config().VRFs) != 0 {
			t.Errorf("a minute before: %s with %+v", got.Phase, w.devices["pe1"].Config())
		}
		s = w.await(s.ID, session.Active)
		if late := s.StartedAt.Sub(o.Start); late < 0 || late > 2*time.Second {
			t.Errorf("activated %s after the start", late)
		}
		w.timeline(s.ID, "SCHEDULED ACTIVATED")
	})
}

func TestRefusedSessionIsDeclinedAndOthersAreNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["pe1"].Refuse(func(tx southbound.Transaction) error {
			for _, v := range tx.Want.VRFs {
				for _, a := range v.Attachments {
					if a.VLAN == 12 {
						return errors.New("VLAN 12 is used by a console port")
					}
				}
			}
			return nil
		})
		one, bad, three := w.order(wish(1)), w.order(wish(2)), w.order(wish(3))
		s := w.await(bad.ID, session.Released)
		if s.StatusInfo != session.SessionDeclined || !strings.Contains(s.Reason, "pe1") || !strings.Contains(s.Reason, "console port") {
			t.Errorf("declined as %s because %q", s.StatusInfo, s.Reason)
		}
		w.await(one.ID, session.Active)
		w.await(three.ID, session.Active)
		for n, d := range w.devices {
			if got := len(d.Config().VRFs); got != 2 {
				t.Errorf("%s holds %d VRFs, want 2", n, got)
			}
		}
		w.await(one.ID, session.Released)
		w.await(three.ID, session.Released)
		w.clean()
	})
}

func TestDeviceThatDoesNotAnswerLeavesTheSessionInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["gw1"].Unreachable(errors.New("no route to host"))
		s := w.order(wish(1))
		s = w.await(s.ID, session.InDoubt)
		if !strings.Contains(s.Reason, "gw1") || !strings.Contains(s.Reason, "no route to host") {
			t.Errorf("reason %q", s.Reason)
		}
		w.devices["gw1"].Unreachable(nil)
		w.await(s.ID, session.Active)
	})
}

func TestDeadDeviceDeclinesAtTheDeadlineAndReleasesWhenItAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["gw1"].Unreachable(errors.New("no route to host"))
		s := w.order(wish(1))
		time.Sleep(testnet.ApplyWithin + 30*time.Second)
		s = w.session(s.ID)
		if s.Decision != session.DecideAbsent || s.StatusInfo != session.SessionDeclined || s.Phase == session.Released {
			t.Errorf("after the deadline: %s %s %s", s.Decision, s.StatusInfo, s.Phase)
		}
		if left := w.devices["pe1"].Config(); len(left.VRFs) != 0 {
			t.Errorf("pe1 still holds %+v", left)
		}
		w.devices["gw1"].Unreachable(nil)
		w.await(s.ID, session.Released)
		w.clean()
	})
}

func TestLostAnswersAreReadBack(t *testing.T) {
	t.Parallel()
	for name, doubt := range map[string]drivertest.Doubt{"request lost": drivertest.LoseRequest, "reply lost": drivertest.LoseReply} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.devices["pe1"].LoseNext(doubt)
				s := w.order(wish(1))
				w.await(s.ID, session.Active)
				time.Sleep(5 * lease) // a commit left open would be undone by now
				if got := w.devices["pe1"].Config(); len(got.VRFs) != 1 {
					t.Errorf("pe1 holds %+v", got)
				}
			})
		})
	}
}

func TestUnverifiedSessionIsDeclined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["gw1"].SetObserve(func(c southbound.DeviceConfig, now time.Time) southbound.Observation {
			o := drivertest.Answering(c, now)
			for i := range o.Probes {
				o.Probes[i].Received, o.Probes[i].FullReceived = 0, 0
			}
			return o
		})
		s := w.await(w.order(wish(1)).ID, session.Released)
		if s.StatusInfo != session.SessionDeclined || !s.StartedAt.IsZero() {
			t.Errorf("ended as %s, started %s", s.StatusInfo, s.StartedAt)
		}
		w.clean()
	})
}

func TestRestartGoesOnFromAnyStep(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"read", "apply", "confirm"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				reached := make(chan struct{}, 1)
				w.devices["pe1"].Hook(func(ctx context.Context, at string) error {
					if at == op {
						select {
						case reached <- struct{}{}:
						default:
						}
						<-ctx.Done() // the daemon dies while the device works
						return ctx.Err()
					}
					return nil
				})
				s := w.order(wish(1))
				<-reached
				w.stop()
				w.devices["pe1"].Hook(nil)
				w.start()
				w.await(s.ID, session.Active)
				w.restart()
				w.await(s.ID, session.Released)
				w.clean()
			})
		})
	}
}

func TestFrozenDeviceIsReadButNotChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		brake := provision.Freeze{Scope: provision.FreezeDevice, Name: "pe2", Reason: "power works", Since: time.Now()}
		w.must(w.store.SetFreeze(t.Context(), brake, true))
		s := w.order(wish(1))
		time.Sleep(20 * time.Second)
		if got := w.session(s.ID); got.Phase != session.Applying || len(w.devices["pe2"].Config().VRFs) != 0 {
			t.Errorf("while frozen: %s, pe2 holds %+v", got.Phase, w.devices["pe2"].Config())
		}
		w.must(w.store.SetFreeze(t.Context(), brake, false))
		w.await(s.ID, session.Active)
	})
}

func TestForeignAndNewerObjectsAreLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		newer := southbound.VRF{Name: "s2c900", Mark: southbound.Mark{Epoch: 1 << 60, VPN: "vpn-of-a-newer-store"}, RD: "1:1"}
		w.devices["pe1"].Seed(southbound.DeviceConfig{VRFs: []southbound.VRF{newer}})
		s := w.order(wish(1))
		w.await(s.ID, session.Released)
		got := w.devices["pe1"].Config()
		if len(got.VRFs) != 1 || got.VRFs[0].Name != "s2c900" {
			t.Errorf("pe1 holds %+v", got)
		}
	})
}

func TestFencedDaemonTakesANewLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		time.Sleep(time.Second)
		// A successor that the store knows nothing of has written meanwhile.
		successor := southbound.Transaction{ID: "successor", Fence: 2, Rollback: time.Minute}
		w.must(w.devices["pe1"].Apply(t.Context(), successor))
		w.must(w.devices["pe1"].Confirm(t.Context(), successor))
		s := w.order(wish(1))
		w.await(s.ID, session.Active)
		refused := 0
		for _, r := range w.devices["pe1"].Records() {
			if r.Kind == southbound.Fenced {
				refused++
			}
		}
		if refused == 0 {
			t.Error("the device never refused the old lease")
		}
	})
}

// vrfs counts what pe1 holds.
func (w *world) vrfs() int { return len(w.devices["pe1"].Config().VRFs) }

func TestBrakesHoldBackAndLeaveNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, provision.Brakes{ChangesPerMinute: 2, DeletionsPerMinute: 1})
		var all []session.Session
		for n := 1; n <= testnet.Sites; n++ {
			all = append(all, w.order(wish(n)))
		}
		time.Sleep(10 * time.Second)
		if got := w.vrfs(); got != 2 {
			t.Errorf("after the first minute's changes pe1 holds %d VRFs, want 2", got)
		}
		// The ones never brought to a device are deleted: they must not appear.
		for _, s := range all {
			if _, err := w.orders.Delete(t.Context(), caller(), s.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
		most := 0
		for range 50 {
			time.Sleep(100 * time.Millisecond)
			most = max(most, w.vrfs())
		}
		if most > 2 {
			t.Errorf("pe1 held %d VRFs while sessions were deleted", most)
		}
		if got := w.vrfs(); got != 1 {
			t.Errorf("pe1 holds %d VRFs after one deletion", got)
		}
		for _, s := range all {
			w.await(s.ID, session.Released)
		}
		w.clean()
	})
}

func TestUnsupportedSessionIsDeclinedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["pe1"].Refuse(func(tx southbound.Transaction) error {
			for _, v := range tx.Want.VRFs {
				for _, a := range v.Attachments {
					if a.VLAN == 12 {
						return &southbound.OpError{Device: "pe1", Op: "apply", Kind: southbound.Unsupported, Err: errors.New("no such card")}
					}
				}
			}
			return nil
		})
		good, bad := w.order(wish(1)), w.order(wish(2))
		if s := w.await(bad.ID, session.Released); s.StatusInfo != session.SessionDeclined {
			t.Errorf("ended as %s", s.StatusInfo)
		}
		w.await(good.ID, session.Active)
	})
}

// A device that lost what was written between Apply and the read-back is in
// doubt, not a reason to decline.
func TestDeviceThatRestartsInBetweenIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		time.Sleep(time.Second)
		lost := false
		w.devices["pe1"].Hook(func(_ context.Context, op string) error {
			if op == "read" && !lost && w.devices["pe1"].Open() != "" {
				lost = true
				w.devices["pe1"].Seed(southbound.DeviceConfig{})
			}
			return nil
		})
		w.await(w.order(wish(1)).ID, session.Active)
		if !lost {
			t.Error("the device never restarted")
		}
	})
}

// Bandwidth returns by proof: a session that cannot be taken off a dead device
// keeps its room beyond its window.
func TestRoomIsKeptWhileASessionCannotBeRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := wish(1)
		o.Rate = session.Rate{Forward: 60_000, Reverse: 60_000}
		s := w.order(o)
		w.await(s.ID, session.Active)
		w.devices["pe2"].Unreachable(errors.New("no route to host"))
		time.Sleep(lasts + testnet.ApplyWithin + 5*time.Minute)
		if got := w.session(s.ID); got.Phase == session.Released {
			t.Fatalf("released from a dead device")
		}
		second := wish(2)
		second.Rate = o.Rate
		if _, _, err := w.orders.Create(t.Context(), caller(), second); session.CodeOf(err) != session.NoResources {
			t.Errorf("room sold twice: %v", err)
		}
		w.devices["pe2"].Unreachable(nil)
		w.await(s.ID, session.Released)
		w.clean()
		w.await(w.order(second).ID, session.Active)
	})
}

// A session that cannot be taken off a dead device and has nothing booked, so that
// nothing says what to keep for it, ends when the device answers.
func TestSessionWithNothingBookedEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(wish(1)).ID, session.Active)
		_, err := w.store.Advance(t.Context(), order.Step{Session: s, Due: s.ExpiresAt, ReleaseBelow: s.Route.Variant + 1}, w.ledger)
		w.must(err)
		w.devices["pe2"].Unreachable(errors.New("no route to host"))
		time.Sleep(lasts + testnet.ApplyWithin + 5*time.Minute)
		if got := w.session(s.ID); got.Phase != session.InDoubt || !got.Route.Until.Equal(s.Route.Until) {
			t.Errorf("%s until %s, was until %s", got.Phase, got.Route.Until, s.Route.Until)
		}
		w.devices["pe2"].Unreachable(nil)
		w.await(s.ID, session.Released)
		w.clean()
	})
}

// A store that does not know a VPN leaves its VRFs alone: it may be an old copy,
// or a new one.
func TestUnknownVPNsAreNeverPruned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.devices["pe1"].Seed(southbound.DeviceConfig{VRFs: []southbound.VRF{{Name: "s2c900", Mark: southbound.Mark{Epoch: 1, VPN: "vpn-of-another-store"}, RD: "1:1"}}})
		w.await(w.order(wish(1)).ID, session.Released)
		if got := w.devices["pe1"].Config(); len(got.VRFs) != 1 || got.VRFs[0].Name != "s2c900" {
			t.Errorf("pe1 holds %+v", got)
		}
		for _, s := range w.runner.Status() {
			if want := map[topology.NodeName]int{"pe1": 1}[s.Device]; s.Objects != want {
				t.Errorf("%s reports %d foreign objects, want %d", s.Device, s.Objects, want)
			}
		}
	})
}

func TestFrozenTenantStaysAsItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.order(wish(1))
		w.await(s.ID, session.Active)
		w.must(w.store.SetFreeze(t.Context(), provision.Freeze{Scope: provision.FreezeTenant, Name: "acme", Reason: "unpaid", Since: time.Now()}, true))
		late := w.order(wish(2))
		time.Sleep(lasts + time.Minute)
		if got := w.vrfs(); got != 1 {
			t.Errorf("pe1 holds %d VRFs of the frozen tenant, want the one it had", got)
		}
		w.must(w.store.SetFreeze(t.Context(), provision.Freeze{Scope: provision.FreezeTenant, Name: "acme"}, false))
		w.await(s.ID, session.Released)
		w.await(late.ID, session.Released)
		w.clean()
	})
}
