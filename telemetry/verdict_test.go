// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant of time

// siteToCloud is a session with one gateway, at its end Z.
func siteToCloud() session.Session {
	return session.Session{
		ID: "0f3e8a52-1b7c-4a7e-9d3c-2f6f0a4f9b10", Phase: session.Active,
		A: session.End{AccessPoint: "site", Terminal: session.Terminal{
			Address: netip.MustParseAddr("10.0.0.2"), Attachment: &session.Attachment{PE: "pe1", Port: "eth1", VLAN: 10},
		}},
		Z: session.End{
			AccessPoint: "cloud", Terminal: session.Terminal{Handoff: &session.Handoff{PE: "pe2", Gateway: "gw1"}},
			Tunnel: &session.TunnelEnd{Port: 51820}, Transfer: &session.Transfer{},
		},
	}
}

// told is an observer that answers what it holds.
type told struct {
	o   southbound.Observation
	err error
}

func (t *told) Observe(context.Context) (southbound.Observation, error) { return t.o, t.err }

// monitor has looked once at a gateway that answers o.
func monitor(t *testing.T, gw *told, now *time.Time) *Monitor {
	t.Helper()
	m, err := New(Config{Timeout: time.Second, Stale: 5 * time.Second, Clock: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	m.look(t.Context(), Source{Device: "gw1", Observer: gw})
	return m
}

func probes(proven southbound.ProbeResult) southbound.Observation {
	id := siteToCloud().ID
	proven.Name = provision.ProbeName(provision.ProvenProbe, id, "z")
	return southbound.Observation{
		Probes:  []southbound.ProbeResult{proven, {Name: provision.ProbeName(provision.CustomerProbe, id, "z"), Sent: 5, Received: 5, LastReply: noon}},
		Tunnels: []southbound.TunnelState{{Name: provision.TunnelName(51820), LastHandshake: noon.Add(-time.Minute), TxBytes: 7, RxBytes: 9}},
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		probe  southbound.ProbeResult
		proven bool
		detail string
	}{
		{"answers, one of full size", southbound.ProbeResult{Sent: 4, Received: 3, FullSent: 1, FullReceived: 1}, true, "verified by packets"},
		{"too few", southbound.ProbeResult{Sent: 4, Received: 2, FullSent: 1, FullReceived: 1}, false, "gw1: 2 of 4"},
		{"no full size", southbound.ProbeResult{Sent: 4, Received: 4, FullSent: 2}, false, "no full-size packet"},
		{"cannot send", southbound.ProbeResult{Error: "no address"}, false, "cannot probe: no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := noon
			got := monitor(t, &told{o: probes(c.probe)}, &now).Verify(siteToCloud())
			if got.Proven != c.proven || !strings.Contains(got.Detail, c.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
	t.Run("silence is not proof", func(t *testing.T) {
		t.Parallel()
		now := noon
		m := monitor(t, &told{o: probes(southbound.ProbeResult{Sent: 9, Received: 9, FullReceived: 9})}, &now)
		now = noon.Add(6 * time.Second)
		if got := m.Verify(siteToCloud()); got.Proven {
			t.Errorf("proven by old news: %+v", got)
		}
	})
	t.Run("a device that fails keeps its last word until it is stale", func(t *testing.T) {
		t.Parallel()
		now := noon
		gw := &told{o: probes(southbound.ProbeResult{Sent: 9, Received: 9, FullReceived: 9})}
		m := monitor(t, gw, &now)
		gw.err = errors.New("no route to host")
		m.look(t.Context(), Source{Device: "gw1", Observer: gw})
		if got := m.Verify(siteToCloud()); !got.Proven {
			t.Errorf("%+v", got)
		}
	})
	t.Run("two sites have no prober", func(t *testing.T) {
		t.Parallel()
		now := noon
		s := siteToCloud()
		s.Z = s.A
		m := monitor(t, &told{}, &now)
		if got := m.Verify(s); !got.Proven {
			t.Errorf("%+v", got)
		}
		if got := m.Measured(s).Verification; got != order.ControlPlane {
			t.Errorf("verified by %s", got)
		}
	})
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	now := noon
	m := monitor(t, &told{o: probes(southbound.ProbeResult{
		Sent: 200, Received: 190, FullReceived: 3, MeanRTTMicros: 4200, Window: 100, WindowLost: 5, LastReply: noon,
	})}, &now)
	got := m.Measured(siteToCloud())
	if got.Verification != order.DataPlane || got.RTTMicros != 4200 || got.LossPPM != 50_000 || !got.FullSize || got.SentOctets != 7 || got.RecvOctets != 9 {
		t.Errorf("measured %+v", got)
	}
	if got.AttachmentA.Known || got.AttachmentZ.Known {
		t.Errorf("attachments that nobody told of: %+v", got)
	}
	m.look(t.Context(), Source{Device: "pe1", Observer: &told{o: southbound.Observation{
		Attachments: []southbound.AttachmentState{{Port: "eth1", VLAN: 10, InOctets: 100, OutOctets: 200}},
	}}})
	got = m.Measured(siteToCloud())
	if want := (order.Octets{Known: true, In: 100, Out: 200}); got.AttachmentA != want || got.SentOctets != 7 {
		t.Errorf("attachment %+v, tunnel %d", got.AttachmentA, got.SentOctets)
	}
	if got.CustomerA.State != "up" || got.CustomerZ.State != "up" {
		t.Errorf("customer's ends %+v %+v", got.CustomerA, got.CustomerZ)
	}
	now = noon.Add(4 * time.Minute)
	got = m.Measured(siteToCloud())
	if got.Verification != order.NotVerified || got.CustomerA.State != "unknown" || got.CustomerZ.State != "unknown" {
		t.Errorf("old news counts: %+v", got)
	}
	if strings.Contains(got.Detail+got.CustomerA.Detail+got.CustomerZ.Detail, "gw1") {
		t.Errorf("a customer is told the provider's devices: %+v", got)
	}
}
