// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// metrics are the daemon's own; the API adds those of its requests.
type metrics struct {
	registry     *prometheus.Registry
	transactions *prometheus.CounterVec // by device, operation and outcome
	deliveries   *prometheus.CounterVec // by outcome
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "s2cd_device_transactions_total", Help: "Calls that change a device, by operation and outcome.",
		}, []string{"device", "operation", "outcome"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "s2cd_webhook_deliveries_total", Help: "Tries to tell a customer, by outcome.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(m.transactions, m.deliveries)
	return m
}

// delivery counts one outcome of the webhook's worker.
func (m *metrics) delivery(outcome string) { m.deliveries.WithLabelValues(outcome).Inc() }

// driver counts what is done with a device.
func (m *metrics) driver(name string, d southbound.Driver) southbound.Driver {
	return countedDriver{Driver: d, count: m.transactions.MustCurryWith(prometheus.Labels{"device": name})}
}

// countedDriver is a driver whose changes are counted.
type countedDriver struct {
	southbound.Driver

	count *prometheus.CounterVec
}

func (d countedDriver) Apply(ctx context.Context, tx southbound.Transaction) error {
	return d.counted("apply", d.Driver.Apply(ctx, tx))
}

func (d countedDriver) Confirm(ctx context.Context, tx southbound.Transaction) error {
	return d.counted("confirm", d.Driver.Confirm(ctx, tx))
}

func (d countedDriver) Cancel(ctx context.Context, tx southbound.Transaction) error {
	return d.counted("cancel", d.Driver.Cancel(ctx, tx))
}

func (d countedDriver) counted(operation string, err error) error {
	outcome := "ok"
	if err != nil {
		outcome = southbound.KindOf(err).String()
	}
	d.count.WithLabelValues(operation, outcome).Inc()
	return err
}

// countTimeout is how long counting sessions may hold a scrape up.
const countTimeout = 5 * time.Second

// sessionCounter is what of the store is needed to count sessions.
type sessionCounter interface {
	Phases(ctx context.Context) (sessions map[session.Phase]int, waits time.Time, err error)
}

// stateCollector counts devices and sessions when it is asked.
type stateCollector struct {
	status   func() []provision.DeviceStatus
	sessions sessionCounter
	now      func() time.Time
	log      *slog.Logger

	devices, phases, waiting *prometheus.Desc
}

var _ prometheus.Collector = (*stateCollector)(nil)

func newStateCollector(status func() []provision.DeviceStatus, sessions sessionCounter, now func() time.Time, log *slog.Logger) *stateCollector {
	return &stateCollector{
		status: status, sessions: sessions, now: now, log: log,
		devices: prometheus.NewDesc("s2cd_devices", "Managed devices by state.", []string{"state"}, nil),
		phases:  prometheus.NewDesc("s2cd_sessions", "Sessions that have not ended by phase.", []string{"phase"}, nil),
		waiting: prometheus.NewDesc("s2cd_session_longest_wait_seconds", "How long the session that waits longest has been in a phase that passes.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.devices
	out <- c.phases
	out <- c.waiting
}

// Collect implements prometheus.Collector. What cannot be counted is left out.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	states := map[string]int{"in sync": 0}
	for _, s := range c.status() {
		states[s.State]++
	}
	for state, n := range states {
		out <- prometheus.MustNewConstMetric(c.devices, prometheus.GaugeValue, float64(n), state)
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	phases, longest, err := c.count(ctx)
	if err != nil {
		c.log.Warn("sessions not counted", "error", err)
		return
	}
	for phase, n := range phases {
		out <- prometheus.MustNewConstMetric(c.phases, prometheus.GaugeValue, float64(n), string(phase))
	}
	out <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, longest.Seconds())
}

func (c *stateCollector) count(ctx context.Context) (phases map[session.Phase]int, longest time.Duration, err error) {
	counted, waits, err := c.sessions.Phases(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("count sessions: %w", err)
	}
	phases = map[session.Phase]int{}
	for _, p := range session.Phases() {
		if p != session.Released {
			phases[p] = counted[p]
		}
	}
	if !waits.IsZero() {
		longest = max(0, c.now().Sub(waits))
	}
	return phases, longest, nil
}
