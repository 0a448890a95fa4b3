// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"time"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

// look is what a session's gateways have counted of it by a moment.
type look struct {
	at      time.Time // of the oldest word
	probes  []probed  // of each end that has a gateway
	tunnel  octets
	counted bool // there is a tunnel, which the session has to itself
}

// probed are the counters of a probe.
type probed struct {
	started        time.Time
	sent, received uint64
	lost           uint64 // for good by now: what is under way is not lost yet
	rtt            uint32 // mean of the last packets, µs
	mute           bool   // nothing can be sent
}

type octets struct{ sent, received uint64 }

// counters returns the newest word on a session; ok is false when it has no
// gateway or one of them is silent.
func (m *Monitor) counters(s session.Session) (l look, ok bool) {
	for _, e := range probing(s) {
		p, known, _ := m.probe(s, e, provision.ProvenProbe)
		if !known {
			return look{}, false
		}
		seen, _ := m.of(e.Gateway())
		if l.at.IsZero() || seen.at.Before(l.at) {
			l.at = seen.at.Truncate(time.Microsecond)
		}
		l.probes = append(l.probes, probed{
			started: p.Started, sent: p.Sent, received: p.Received, lost: p.Sent - min(p.Sent, p.Received), rtt: p.MeanRTTMicros, mute: p.Error != "",
		})
		if e.Tunnel == nil || l.counted {
			continue
		}
		if t, there := seen.tunnels[provision.TunnelName(e.Tunnel.Port)]; there {
			l.tunnel, l.counted = octets{t.TxBytes, t.RxBytes}, true
		}
	}
	return l, len(l.probes) > 0
}

// between is what two looks show of the time from one to the other.
type between struct {
	unknown, down, slow bool
	window              session.SLAWindow // packets and octets alone
}

// compare says what happened from before to now, and settles in now what was
// lost. enough is false while too few packets were sent to say anything.
func compare(before, now *look, maxRTT uint32) (b between, enough bool) {
	if len(before.probes) != len(now.probes) {
		return between{unknown: true}, true
	}
	for i := range now.probes {
		was, is := before.probes[i], &now.probes[i]
		if is.mute || !is.started.Equal(was.started) || is.sent < was.sent || is.received < was.received {
			return between{unknown: true}, true
		}
		sent, received := is.sent-was.sent, is.received-was.received
		if received == 0 && sent < provenAfter {
			return between{}, false
		}
		// A packet is lost when it is missing at two looks; until then it may
		// be under way.
		is.lost = max(was.lost, min(is.lost, was.sent-min(was.sent, was.received)))
		b.down = b.down || received == 0
		b.slow = b.slow || received > 0 && maxRTT > 0 && is.rtt > maxRTT
		b.window.Add(session.SLAWindow{
			Sent: sent, Received: received, Lost: is.lost - was.lost, RTTSumMicros: uint64(is.rtt) * received, WorstRTTMicros: worst(is.rtt, received),
		})
	}
	if before.counted && now.counted && now.tunnel.sent >= before.tunnel.sent && now.tunnel.received >= before.tunnel.received {
		b.window.SentOctets, b.window.RecvOctets = now.tunnel.sent-before.tunnel.sent, now.tunnel.received-before.tunnel.received
		b.window.Counted = now.at.Sub(before.at)
	}
	return b, true
}

func worst(rtt uint32, received uint64) uint32 {
	if received == 0 {
		return 0
	}
	return rtt
}
