// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storebench"
	"github.com/s2cd/s2cd/topology"
)

// same compares what was kept with what was given: addresses by value, times
// in UTC, an empty list like none.
func same(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(),
		cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}, netip.Prefix{}),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }))
}

// bundle is a store under test with a book and a clock.
type bundle struct {
	Backend
	ledger *Ledger
	clock  *clock
	open   func(func() time.Time) Backend
}

func newBundle(t *testing.T, at Maker) *bundle {
	t.Helper()
	b := &bundle{ledger: NewLedger(100_000), clock: &clock{now: epoch}, open: at(t)}
	b.Backend = b.open(b.clock.Now)
	t.Cleanup(func() { b.end(t) })
	return b
}

// end checks what must hold after every test.
func (b *bundle) end(t *testing.T) {
	t.Helper()
	faults, err := b.Audit(context.WithoutCancel(t.Context())) // cleanups run after it ended
	if err != nil {
		t.Errorf("audit: %v", err)
	}
	for _, f := range append(faults, b.ledger.Faults()...) {
		t.Error(f)
	}
	if err := b.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// restart closes the store and opens it again, as a daemon does.
func (b *bundle) restart(t *testing.T) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.Backend = b.open(b.clock.Now)
	b.ledger = NewLedger(100_000)
	if err := b.LoadBookings(t.Context(), b.ledger.Load); err != nil {
		t.Fatal(err)
	}
}

// admit admits one order that has to succeed.
func (b *bundle) admit(t *testing.T, a order.Admission) session.Session {
	t.Helper()
	r := b.batch(t, a)[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r.Session
}

func (b *bundle) batch(t *testing.T, batch ...order.Admission) []order.AdmitResult {
	t.Helper()
	results, err := b.AdmitBatch(t.Context(), batch, b.ledger)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(batch) {
		t.Fatalf("%d results for %d admissions", len(results), len(batch))
	}
	return results
}

// step carries out a step that has to succeed.
func (b *bundle) step(t *testing.T, s order.Step) session.Session {
	t.Helper()
	out, err := b.Advance(t.Context(), s, b.ledger)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// release takes a session to its end.
func (b *bundle) release(t *testing.T, s session.Session) session.Session {
	t.Helper()
	s, err := b.tryRelease(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bundle) tryRelease(ctx context.Context, s session.Session) (session.Session, error) {
	s.Phase, s.Decision = session.Releasing, session.DecideAbsent
	s, err := b.Advance(ctx, order.Step{Session: s}, b.ledger)
	if err != nil {
		return s, err
	}
	s.Phase, s.Status, s.EndedAt = session.Released, session.Terminated, b.clock.Now()
	return b.Advance(ctx, order.Step{Session: s, Return: true}, b.ledger)
}

func wantCode(t *testing.T, err error, code session.Code) {
	t.Helper()
	if err == nil || session.CodeOf(err) != code {
		t.Errorf("error = %v (code %v), want code %v", err, session.CodeOf(err), code)
	}
}

// small is an order of one arc and one pool value.
func small(tenant, vpn string) order.Admission {
	s := storebench.NewSession(tenant, vpn)
	s.Devices = []session.DeviceState{
		{Device: "gw1", Have: session.Unknown, At: epoch}, {Device: "pe1", Have: session.Unknown, At: epoch},
	}
	return order.Admission{
		Session: s, Due: epoch,
		Route: pathcomp.Admission{Class: "gold", Window: window(), Uses: []pathcomp.Use{{Arc: "link:a>", Kbps: 10}}},
		Pools: []order.PoolRequest{{Pool: "vpn", Holder: vpn, Min: 5, Max: 1000}},
		Events: []session.Event{
			{At: epoch, Status: session.Requested, Phase: session.Admitted, Cause: "ordered", Notify: true},
		},
	}
}

func ids(sessions []session.Session) []session.ID {
	var out []session.ID
	for _, s := range sessions {
		out = append(out, s.ID)
	}
	return out
}

func arcName(i int) topology.ArcName { return topology.ArcName(fmt.Sprintf("link:%d>", i)) }

func nodeName(s string) topology.NodeName { return topology.NodeName(s) }

// clock stands still until it is told.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

// Now is the clock as the store is given it.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
