// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// bgpWish is wish where the site speaks BGP with a password.
func bgpWish(n int) order.Order {
	o := wish(n)
	o.Routing, o.A.PeerAS, o.A.BGPPassword = session.BGP, 64512, "hush"
	return o
}

// TestSessionWithoutKeyWaitsAlone has a router whose sessions with passwords
// cannot be configured for want of the passwords, until they are there again.
func TestSessionWithoutKeyWaitsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var lost atomic.Bool
		lost.Store(true)
		w.devices["pe1"].Refuse(func(tx southbound.Transaction) error {
			for _, v := range tx.Want.VRFs {
				for _, n := range v.Neighbors {
					if n.Secret != "" && lost.Load() {
						return &southbound.OpError{Device: "pe1", Op: "apply", Kind: southbound.NoKey, Err: errors.New("secret " + n.Secret + ": does not open")}
					}
				}
			}
			return nil
		})
		waits, good := w.order(bgpWish(1)), w.order(wish(2))
		w.await(good.ID, session.Active)
		s := w.await(waits.ID, session.InDoubt)
		if !strings.Contains(s.Reason, "without key") || !strings.Contains(s.Reason, waits.A.Routing.Secret) || s.Decision != session.DecidePresent {
			t.Errorf("waits as %s because %q", s.Decision, s.Reason)
		}
		for _, d := range w.runner.Status() {
			if d.Device == "pe1" && d.State != "without key" {
				t.Errorf("the device is %s: %s", d.State, d.Reason)
			}
		}
		time.Sleep(20 * time.Second) // it is tried again, and nobody else suffers
		if s := w.session(good.ID); s.Phase != session.Active {
			t.Errorf("the other is %s (%s)", s.Phase, s.Reason)
		}
		lost.Store(false)
		w.await(waits.ID, session.Active)
		found := false
		for _, v := range w.devices["pe1"].Config().VRFs {
			for _, n := range v.Neighbors {
				found = found || n.Secret == waits.A.Routing.Secret && n.PeerAS == 64512
			}
		}
		if !found {
			t.Errorf("the router has %+v", w.devices["pe1"].Config())
		}
		w.await(waits.ID, session.Released)
		w.await(good.ID, session.Released)
		w.clean()
	})
}
