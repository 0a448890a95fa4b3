// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Source is a device that is looked at every Interval.
type Source struct {
	Device   topology.NodeName
	Observer southbound.Observer
	Interval time.Duration
}

// Config is what a Monitor needs.
type Config struct {
	Sources []Source
	Timeout time.Duration // of one look
	Stale   time.Duration // after which a device's last word no longer counts
	Clock   func() time.Time
	Log     *slog.Logger
	Looked  func() // called after each look at a device; may be nil
}

// Monitor keeps the newest observation of every source. It is safe for
// concurrent use.
type Monitor struct {
	Config
	mu   sync.RWMutex // guards seen
	seen map[topology.NodeName]snapshot
}

// snapshot is an observation, indexed.
type snapshot struct {
	at          time.Time
	err         error
	probes      map[string]southbound.ProbeResult // by name, unique on a gateway
	tunnels     map[string]southbound.TunnelState // by interface name
	attachments map[attachmentKey]southbound.AttachmentState
}

type attachmentKey struct {
	port string
	vlan uint16
}

// New returns a Monitor that has seen nothing yet.
func New(c Config) (*Monitor, error) {
	if c.Clock == nil || c.Timeout <= 0 || c.Stale <= 0 {
		return nil, errors.New("telemetry: clock, timeout and stale are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Looked == nil {
		c.Looked = func() {}
	}
	return &Monitor{Config: c, seen: map[topology.NodeName]snapshot{}}, nil
}

// Run looks at every source until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range m.Sources {
		group.Go(func() error { m.follow(ctx, s); return nil })
	}
	return group.Wait()
}

func (m *Monitor) follow(ctx context.Context, s Source) {
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	for {
		m.look(ctx, s)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (m *Monitor) look(ctx context.Context, s Source) {
	look, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	o, err := s.Observer.Observe(look)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	before := m.seen[s.Device]
	if err != nil {
		before.err = err
		m.seen[s.Device] = before
	} else {
		m.seen[s.Device] = index(o, m.Clock())
	}
	m.mu.Unlock()
	switch {
	case err != nil && before.err == nil:
		m.Log.Warn("device tells nothing", "device", s.Device, "error", err)
	case err == nil && before.err != nil:
		m.Log.Info("device tells again", "device", s.Device)
	}
	m.Looked()
}

func index(o southbound.Observation, now time.Time) snapshot {
	s := snapshot{
		at:          now,
		probes:      make(map[string]southbound.ProbeResult, len(o.Probes)),
		tunnels:     make(map[string]southbound.TunnelState, len(o.Tunnels)),
		attachments: make(map[attachmentKey]southbound.AttachmentState, len(o.Attachments)),
	}
	for _, p := range o.Probes {
		s.probes[p.Name] = p
	}
	for _, t := range o.Tunnels {
		s.tunnels[t.Name] = t
	}
	for _, a := range o.Attachments {
		s.attachments[attachmentKey{a.Port, a.VLAN}] = a
	}
	return s
}

// of returns the newest snapshot of a device; ok is false when it is too old to count.
func (m *Monitor) of(device topology.NodeName) (s snapshot, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s = m.seen[device]
	return s, !s.at.IsZero() && m.Clock().Sub(s.at) <= m.Stale
}
