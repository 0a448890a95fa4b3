// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// long is a wish that lasts long enough to be changed.
func long(n int) order.Order {
	o := wish(n)
	o.Duration = 10 * time.Minute
	return o
}

func (w *world) modify(id session.ID, forward, reverse uint64) {
	w.t.Helper()
	_, changing, err := w.orders.Modify(context.Background(), caller(), id, order.Modification{Forward: &forward, Reverse: &reverse})
	w.must(err)
	if !changing {
		w.t.Error("the network is not said to follow")
	}
}

// end deletes a session and waits until nothing is left of it.
func (w *world) end(id session.ID) {
	w.t.Helper()
	_, err := w.orders.Delete(context.Background(), caller(), id, nil)
	w.must(err)
	w.await(id, session.Released)
}

// rates are what a device enforces in one session's VRF: into the network and
// out of it.
type rates struct{ In, Out uint64 }

// enforced reads the rates off all devices.
func (w *world) enforced() map[topology.NodeName]rates {
	got := map[topology.NodeName]rates{}
	for n, d := range w.devices {
		for _, v := range d.Config().VRFs {
			for _, a := range v.Attachments {
				if a.PoliceKbps > 0 {
					got[n] = rates{a.PoliceKbps, a.ShapeKbps}
				}
			}
			for _, t := range v.Tunnels {
				got[n] = rates{t.IngressKbps, t.EgressKbps}
			}
		}
	}
	return got
}

func (w *world) enforces(forward, reverse uint64) {
	w.t.Helper()
	want := map[topology.NodeName]rates{"pe1": {forward, reverse}, "pe2": {reverse, forward}, "gw1": {reverse, forward}}
	if diff := cmp.Diff(want, w.enforced()); diff != "" {
		w.t.Errorf("enforced (-want +got):\n%s", diff)
	}
}

// reserved is what is booked on the core link now, there and back.
func (w *world) reserved() [2]int64 {
	var out [2]int64
	for d := range out {
		for _, step := range w.ledger.Profile(topology.LinkArc("core", d), time.Now(), time.Now().Add(time.Second)) {
			out[d] = step.Kbps
		}
	}
	return out
}

func TestModifiedRateReachesTheDevices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		w.enforces(10_000, 10_000)
		for _, to := range [][2]uint64{{40_000, 20_000}, {5_000, 30_000}, {1_000, 1_000}} {
			time.Sleep(5 * time.Second)
			w.modify(s.ID, to[0], to[1])
			got := w.await(s.ID, session.Active)
			w.enforces(to[0], to[1])
			if r := w.reserved(); r != [2]int64{int64(to[0]), int64(to[1])} || got.Former != nil || got.Status != session.Activated {
				t.Errorf("%v reserved, %+v", r, got)
			}
			if !got.ExpiresAt.Equal(s.ExpiresAt) || !got.StartedAt.Equal(s.StartedAt) {
				t.Errorf("lasts from %s to %s", got.StartedAt, got.ExpiresAt)
			}
		}
		for n, d := range w.devices {
			for _, r := range d.Records() {
				if r.Op == "apply" && len(r.Tx.Have.VRFs) == 1 && len(r.Tx.Want.VRFs) == 0 {
					t.Errorf("%s was without the session", n)
				}
			}
		}
		w.end(s.ID)
		w.clean()
		w.timeline(s.ID, "REQUESTED ACTIVATED ACTIVATED ACTIVATED ACTIVATED TERMINATED")
	})
}

// refuseMore makes a device refuse any attachment that lets in more than a rate.
func refuseMore(kbps uint64) func(southbound.Transaction) error {
	return func(tx southbound.Transaction) error {
		for _, v := range tx.Want.VRFs {
			for _, a := range v.Attachments {
				if a.PoliceKbps > kbps {
					return errors.New("no such policer")
				}
			}
		}
		return nil
	}
}

func TestRefusedModificationGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		w.devices["pe1"].Refuse(refuseMore(30_000))
		before := len(w.devices["pe1"].Records())
		w.modify(s.ID, 40_000, 40_000)
		other := w.order(long(2)) // is brought to the same device meanwhile
		got := w.await(s.ID, session.Active)
		if got.Rate != s.Rate || got.Price != s.Price || got.Former != nil || got.Decision != session.DecidePresent || len(got.AllCharges()) != 1 {
			t.Errorf("went back to %+v", got)
		}
		w.await(other.ID, session.Active)
		if r := w.reserved(); r != [2]int64{20_000, 20_000} {
			t.Errorf("%v reserved", r)
		}
		for _, r := range w.devices["pe1"].Records()[before:] {
			if r.Op == "apply" && holdsVLAN(r.Tx.Have, 11) && !holdsVLAN(r.Tx.Want, 11) {
				t.Error("the session was taken off on the way")
			}
		}
		events, err := w.store.Timeline(t.Context(), s.ID)
		w.must(err)
		var told []string
		for _, e := range events {
			if e.Notify && strings.Contains(e.Cause, "failed") {
				told = append(told, e.Cause)
			}
		}
		if len(told) != 1 || !strings.Contains(told[0], "pe1") || !strings.Contains(told[0], "no such policer") {
			t.Errorf("told %q", told)
		}
		w.devices["pe1"].Refuse(nil)
		w.modify(s.ID, 40_000, 40_000)
		w.await(s.ID, session.Active)
		w.end(s.ID)
		w.end(other.ID)
		w.clean()
	})
}

func holdsVLAN(c southbound.DeviceConfig, vlan uint16) bool {
	for _, v := range c.VRFs {
		for _, a := range v.Attachments {
			if a.VLAN == vlan {
				return true
			}
		}
	}
	return false
}

// A device that does not answer leaves the old rate reserved, in a named state,
// and in the end the session is what it was.
func TestModificationThatIsNotDoneInTimeGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		w.devices["pe2"].Unreachable(errors.New("no route to host"))
		w.modify(s.ID, 2_000, 2_000)
		got := w.await(s.ID, session.InDoubt)
		if !strings.Contains(got.Reason, "pe2") || got.Status != session.Activated || w.reserved() != [2]int64{10_000, 10_000} {
			t.Errorf("%+v, %v reserved", got, w.reserved())
		}
		if _, _, err := w.orders.Modify(t.Context(), caller(), s.ID, order.Modification{Forward: new(uint64(1000))}); session.CodeOf(err) != session.Aborted {
			t.Errorf("changed again: %v", err)
		}
		time.Sleep(testnet.ApplyWithin + time.Minute)
		got = w.session(s.ID)
		if got.Rate != s.Rate || got.Former != nil || w.reserved() != [2]int64{10_000, 10_000} || got.Phase != session.InDoubt {
			t.Errorf("after the deadline %+v, %v reserved", got, w.reserved())
		}
		w.devices["pe2"].Unreachable(nil)
		w.await(s.ID, session.Active)
		w.enforces(10_000, 10_000)
		if r := w.reserved(); r != [2]int64{10_000, 10_000} {
			t.Errorf("in the end %v reserved", r)
		}
	})
}

func TestDeviceThatAnswersInTimeIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		w.devices["gw1"].Unreachable(errors.New("no route to host"))
		w.modify(s.ID, 20_000, 20_000)
		w.await(s.ID, session.InDoubt)
		w.devices["gw1"].Unreachable(nil)
		w.await(s.ID, session.Active)
		w.enforces(20_000, 20_000)
	})
}

// A daemon that dies between the promise and the last device goes on with the
// next start, whatever the device was doing.
func TestRestartGoesOnWithAModification(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"read", "apply", "confirm"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				s := w.await(w.order(long(1)).ID, session.Active)
				reached := make(chan struct{}, 1)
				w.devices["pe1"].Hook(func(ctx context.Context, at string) error {
					if at == op {
						select {
						case reached <- struct{}{}:
						default:
						}
						<-ctx.Done()
						return ctx.Err()
					}
					return nil
				})
				w.modify(s.ID, 60_000, 2_000)
				<-reached
				w.stop()
				w.devices["pe1"].Hook(nil)
				w.start()
				if r := w.reserved(); r != [2]int64{60_000, 10_000} {
					t.Errorf("%v reserved after the start", r)
				}
				got := w.await(s.ID, session.Active)
				w.enforces(60_000, 2_000)
				if r := w.reserved(); r != [2]int64{60_000, 2_000} || got.Former != nil || len(got.Charges) != 2 {
					t.Errorf("%v reserved, %+v", r, got)
				}
				w.end(s.ID)
				w.clean()
			})
		})
	}
}

func TestSessionEndsWhileItIsModified(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, id session.ID) session.StatusInfo{
		"deleted": func(w *world, id session.ID) session.StatusInfo {
			_, err := w.orders.Delete(context.Background(), caller(), id, nil)
			w.must(err)
			return session.DeleteRequested
		},
		"expired": func(w *world, _ session.ID) session.StatusInfo {
			time.Sleep(lasts)
			return session.DurationExpired
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				s := w.await(w.order(wish(1)).ID, session.Active)
				time.Sleep(lasts - 30*time.Second) // no time to fail
				w.devices["pe2"].Unreachable(errors.New("no route to host"))
				w.modify(s.ID, 40_000, 40_000)
				w.await(s.ID, session.InDoubt)
				info := end(w, s.ID)
				w.devices["pe2"].Unreachable(nil)
				got := w.await(s.ID, session.Released)
				// The change was never there: it is not billed.
				if got.StatusInfo != info || len(got.AllCharges()) != 1 || got.Delivered == nil || got.Delivered.RTTMicros != 2500 {
					t.Errorf("ended %+v", got)
				}
				w.clean()
			})
		})
	}
}

// What an answer names as a session's state is so until somebody changes it, or
// it changes itself, however often it is looked at.
func TestTagLastsWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		v, changing, err := w.orders.Modify(t.Context(), caller(), s.ID, order.Modification{Name: new("branch"), Match: order.Match{s.Tag()}})
		w.must(err)
		time.Sleep(time.Minute)
		w.restart()
		time.Sleep(time.Minute)
		if got := w.session(s.ID); changing || got.Tag() != v.Session.Tag() {
			t.Errorf("changing %t, %s was %s", changing, got.Tag(), v.Session.Tag())
		}
		if _, err := w.orders.Delete(t.Context(), caller(), s.ID, order.Match{s.Tag()}); session.CodeOf(err) != session.Precondition {
			t.Errorf("deleted as it was before: %v", err)
		}
		_, err = w.orders.Delete(t.Context(), caller(), s.ID, order.Match{v.Session.Tag()})
		w.must(err)
	})
}

// Brakes and freezes hold a change back: the session stays on the device as it was.
func TestHeldBackModificationLeavesTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, provision.Brakes{ChangesPerMinute: 2})
		one, two := w.order(long(1)), w.order(long(2))
		w.await(one.ID, session.Active)
		w.await(two.ID, session.Active)
		w.modify(one.ID, 20_000, 20_000)
		time.Sleep(2 * time.Second)
		if got := w.vrfs(); got != 2 {
			t.Errorf("pe1 holds %d VRFs while the brake is on", got)
		}
		w.await(one.ID, session.Active)
		tenant := provision.Freeze{Scope: provision.FreezeTenant, Name: "acme", Reason: "unpaid", Since: time.Now()}
		w.must(w.store.SetFreeze(t.Context(), tenant, true))
		w.modify(two.ID, 20_000, 20_000)
		time.Sleep(30 * time.Second)
		if got := w.session(two.ID); got.Phase != session.Modifying || w.vrfs() != 2 {
			t.Errorf("while frozen: %s, %d VRFs", got.Phase, w.vrfs())
		}
		for _, v := range w.devices["pe1"].Config().VRFs {
			if v.Name == two.VPN.VRF && v.Attachments[0].PoliceKbps != 10_000 {
				t.Errorf("changed while frozen: %+v", v.Attachments)
			}
		}
		w.must(w.store.SetFreeze(t.Context(), tenant, false))
		w.await(two.ID, session.Active)
		if r := w.reserved(); r != [2]int64{40_000, 40_000} {
			t.Errorf("%v reserved", r)
		}
	})
}
