// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func correlated(id string) order.Caller {
	c := caller()
	c.Correlator = id
	return c
}

// causes is which requests the events of a session come of, in order, each once in
// a row; wants says of an event whether it counts.
func (w *world) causes(id session.ID, wants func(session.Event) bool) []string {
	w.t.Helper()
	events, err := w.store.Timeline(w.t.Context(), id)
	w.must(err)
	var out []string
	for _, e := range events {
		if n := len(out); wants(e) && (n == 0 || out[n-1] != e.Correlator) {
			out = append(out, e.Correlator)
		}
	}
	return out
}

func all(session.Event) bool { return true }

// TestWhatFollowsCarriesItsCause: what the daemon does by itself carries the
// x-correlator of the request that it comes of, to the end of that and no longer.
func TestWhatFollowsCarriesItsCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		change := func(correlator string, kbps uint64) {
			_, _, err := w.orders.Modify(t.Context(), correlated(correlator), s.ID, order.Modification{Forward: &kbps, Reverse: &kbps})
			w.must(err)
			if got := w.await(s.ID, session.Active); got.Follows != "" {
				t.Errorf("still follows %q", got.Follows)
			}
		}
		change("done", 20_000)
		w.devices["pe1"].Refuse(refuseMore(30_000))
		change("undone", 40_000)
		w.devices["pe1"].Refuse(nil)
		_, err := w.orders.Delete(t.Context(), correlated("deleted"), s.ID, nil)
		w.must(err)
		w.await(s.ID, session.Released)
		for name, c := range map[string]struct {
			wants func(session.Event) bool
			want  []string
		}{
			"all":               {all, []string{"c-1", "done", "undone", "deleted"}},
			"activated":         {func(e session.Event) bool { return e.Notify && e.Status == session.Activated }, []string{"c-1", "done", "undone"}},
			"bandwidth changed": {func(e session.Event) bool { return e.Kind == session.RateChanged }, []string{"done"}},
			"change undone":     {func(e session.Event) bool { return strings.HasPrefix(e.Cause, session.ChangeFailed) }, []string{"undone"}},
			"terminated":        {func(e session.Event) bool { return e.Status == session.Terminated }, []string{"deleted"}},
		} {
			if d := cmp.Diff(c.want, w.causes(s.ID, c.wants)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}

// TestExpiryHasNoCause: nobody asked for the end that comes by itself, and an order
// that cannot be carried out ends for itself.
func TestExpiryHasNoCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.await(w.order(long(1)).ID, session.Active)
		w.await(s.ID, session.Released)
		if d := cmp.Diff([]string{"c-1", ""}, w.causes(s.ID, all)); d != "" {
			t.Errorf("expired (-want +got):\n%s", d)
		}
		w.devices["pe2"].Unreachable(errors.New("no route to host"))
		declined := w.order(long(2))
		w.await(declined.ID, session.InDoubt)
		time.Sleep(testnet.ApplyWithin + time.Minute)
		w.devices["pe2"].Unreachable(nil)
		w.await(declined.ID, session.Released)
		if d := cmp.Diff([]string{"c-1"}, w.causes(declined.ID, all)); d != "" {
			t.Errorf("declined (-want +got):\n%s", d)
		}
	})
}
