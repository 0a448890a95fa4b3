// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// protected is siteToCloud with a second terminal at both ends, behind gw2.
func protected() session.Session {
	s := siteToCloud()
	a, z := s.A, s.Z
	a.Terminal.Attachment = &session.Attachment{PE: "pe3", Port: "eth1", VLAN: 10}
	z.Terminal.Handoff = &session.Handoff{PE: "pe4", Gateway: "gw2"}
	s.A.Second, s.Z.Second, s.Protected = &a, &z, true
	return s
}

// two is a monitor of both gateways; nil: the gateway was never heard.
func two(t *testing.T, now *time.Time, first, second *southbound.ProbeResult) *Monitor {
	t.Helper()
	m, err := New(Config{Timeout: time.Second, Stale: 5 * time.Second, Clock: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	if first != nil {
		m.look(t.Context(), Source{Device: "gw1", Observer: &told{o: probes(*first)}})
	}
	if second != nil {
		m.look(t.Context(), Source{Device: "gw2", Observer: &told{o: probes(*second)}})
	}
	return m
}

func TestTwoWays(t *testing.T) {
	t.Parallel()
	good := func(rtt uint32) *southbound.ProbeResult {
		return &southbound.ProbeResult{Sent: 9, Received: 9, FullSent: 1, FullReceived: 1, MeanRTTMicros: rtt, LastReply: noon}
	}
	dead := &southbound.ProbeResult{Sent: 9}
	for _, c := range []struct {
		name          string
		first, second *southbound.ProbeResult
		proven        bool
		why           string // of not proven
		rtt           uint32
		detail        string
	}{
		{"both answer", good(1000), good(2000), true, "", 1000, ""},
		{"the second does not", good(1000), dead, false, "second way: gw2: 0 of 9", 1000, "the second way does not answer"},
		{"the second is not heard", good(1000), nil, false, "second way: gateway gw2 tells nothing", 1000, "the second way does not answer"},
		{"the first does not", dead, good(2000), false, "gw1: 0 of 9", 2000, "the first way does not answer"},
		{"the first is not heard", nil, good(2000), false, "gateway gw1 tells nothing", 2000, "the first way does not answer"},
		{"neither does", dead, dead, false, "gw1: 0 of 9", 0, "no packet came back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := noon
			m := two(t, &now, c.first, c.second)
			if got := m.Verify(protected()); got.Proven != c.proven || !c.proven && !strings.HasPrefix(got.Detail, c.why) {
				t.Errorf("verdict %+v", got)
			}
			got := m.Measured(protected())
			if got.RTTMicros != c.rtt || !strings.Contains(got.Detail, c.detail) || (c.detail == "") != (got.Detail == "") {
				t.Errorf("measured %+v", got)
			}
		})
	}
	t.Run("both tunnels count", func(t *testing.T) {
		t.Parallel()
		now := noon
		got := two(t, &now, good(1000), good(2000)).Measured(protected())
		if got.SentOctets != 14 || got.RecvOctets != 18 || got.CustomerA.State != "up" || got.Verification != order.DataPlane {
			t.Errorf("measured %+v", got)
		}
	})
}

// TestServiceOfTwoWays: there is service as long as one of two ways is there.
func TestServiceOfTwoWays(t *testing.T) {
	t.Parallel()
	at := func(first, second uint64) look { // packets that came back
		way := func(received uint64) []probed {
			return []probed{{started: noon, sent: 100, received: received, rtt: 500}}
		}
		return look{at: noon.Add(time.Second), ways: [][]probed{way(first), way(second)}}
	}
	before := func() look {
		way := []probed{{started: noon, sent: 50, received: 50}}
		return look{at: noon, ways: [][]probed{way, {way[0]}}}
	}
	silent := func(l look, way int) look { l.ways[way] = nil; return l }
	for _, c := range []struct {
		name          string
		now           look
		down, unknown bool
		received      uint64
	}{
		{"both", at(100, 90), false, false, 50},
		{"the first alone", at(100, 50), false, false, 50},
		{"the second alone", at(50, 90), false, false, 40},
		{"neither", at(50, 50), true, false, 0},
		{"the first, and nothing is known of the second", silent(at(100, 50), 1), false, false, 50},
		{"not the first, and nothing is known of the second", silent(at(50, 50), 1), false, true, 0},
		{"the second, and nothing is known of the first", silent(at(100, 90), 0), false, false, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			was := before()
			b, enough := compare(&was, &c.now, 0)
			if !enough {
				t.Fatal("too few packets")
			}
			got := [3]any{b.down, b.unknown, b.window.Received}
			if d := cmp.Diff([3]any{c.down, c.unknown, c.received}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
