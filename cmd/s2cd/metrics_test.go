// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// phased is a store with sessions.
type phased struct {
	phases map[session.Phase]int
	waits  time.Time
	err    error
}

func (p phased) Phases(context.Context) (map[session.Phase]int, time.Time, error) {
	return p.phases, p.waits, p.err
}

func TestStateIsCounted(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	status := func() []provision.DeviceStatus {
		return []provision.DeviceStatus{{State: "frozen"}, {State: "in sync"}, {State: "in sync"}}
	}
	store := phased{phases: map[session.Phase]int{session.Active: 1500, session.InDoubt: 1, session.Applying: 1}, waits: now.Add(-time.Minute)}
	c := newStateCollector(status, store, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	want := `
# HELP s2cd_devices Managed devices by state.
# TYPE s2cd_devices gauge
s2cd_devices{state="frozen"} 1
s2cd_devices{state="in sync"} 2
# HELP s2cd_session_longest_wait_seconds How long the session that waits longest has been in a phase that passes.
# TYPE s2cd_session_longest_wait_seconds gauge
s2cd_session_longest_wait_seconds 60
# HELP s2cd_sessions Sessions that have not ended by phase.
# TYPE s2cd_sessions gauge
s2cd_sessions{phase="active"} 1500
s2cd_sessions{phase="admitted"} 0
s2cd_sessions{phase="applying"} 1
s2cd_sessions{phase="awaiting-far-end"} 0
s2cd_sessions{phase="in-doubt"} 1
s2cd_sessions{phase="modifying"} 0
s2cd_sessions{phase="releasing"} 0
s2cd_sessions{phase="verifying"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	c.sessions = phased{err: errors.New("disk full")}
	if n := testutil.CollectAndCount(c); n != 2 { // devices by their two states
		t.Errorf("%d metrics with a broken store", n)
	}
}

// failing is a driver that answers with one error.
type failing struct {
	southbound.Driver
	err error
}

func (f failing) Apply(context.Context, southbound.Transaction) error   { return f.err }
func (f failing) Confirm(context.Context, southbound.Transaction) error { return f.err }
func (f failing) Cancel(context.Context, southbound.Transaction) error  { return f.err }

func TestTransactionsAreCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	refusal := &southbound.OpError{Device: "PE1", Op: "apply", Kind: southbound.Refused, Err: errors.New("no")}
	if err := m.driver("PE1", failing{err: refusal}).Apply(t.Context(), southbound.Transaction{}); !errors.Is(err, refusal) {
		t.Errorf("the error became %v", err)
	}
	good := m.driver("PE1", failing{})
	for _, call := range []func(context.Context, southbound.Transaction) error{good.Apply, good.Confirm, good.Cancel} {
		if err := call(t.Context(), southbound.Transaction{}); err != nil {
			t.Error(err)
		}
	}
	m.delivery("delivered")
	want := `
# HELP s2cd_device_transactions_total Calls that change a device, by operation and outcome.
# TYPE s2cd_device_transactions_total counter
s2cd_device_transactions_total{device="PE1",operation="apply",outcome="ok"} 1
s2cd_device_transactions_total{device="PE1",operation="apply",outcome="refused"} 1
s2cd_device_transactions_total{device="PE1",operation="cancel",outcome="ok"} 1
s2cd_device_transactions_total{device="PE1",operation="confirm",outcome="ok"} 1
# HELP s2cd_webhook_deliveries_total Tries to tell a customer, by outcome.
# TYPE s2cd_webhook_deliveries_total counter
s2cd_webhook_deliveries_total{outcome="delivered"} 1
`
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
