// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"time"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

// look is what a session's gateways have counted of it by a moment.
type look struct {
	at      time.Time  // of the oldest word
	ways    [][]probed // of each end of a way that has a gateway; nil: nothing is known of the way
	tunnel  octets
	counted bool // there is a tunnel on each way, which the session has to itself
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
// gateway or on each of its ways one of them is silent.
func (m *Monitor) counters(s session.Session) (l look, ok bool) {
	l.counted = true
	for _, w := range s.Ways() {
		one, known := m.countersOn(s, w)
		l.ways = append(l.ways, one.ways...)
		l.counted = l.counted && one.counted
		if !known {
			continue
		}
		if !ok || one.at.Before(l.at) {
			l.at = one.at
		}
		l.tunnel.sent, l.tunnel.received = l.tunnel.sent+one.tunnel.sent, l.tunnel.received+one.tunnel.received
		ok = true
	}
	return l, ok
}

// countersOn is counters of one way.
func (m *Monitor) countersOn(s session.Session, way [2]session.End) (l look, ok bool) {
	var probes []probed
	for _, e := range probing(way) {
		p, known, _ := m.probe(s, e, provision.ProvenProbe)
		if !known {
			return look{ways: [][]probed{nil}}, false
		}
		seen, _ := m.of(e.Gateway())
		if l.at.IsZero() || seen.at.Before(l.at) {
			l.at = seen.at.Truncate(time.Microsecond)
		}
		probes = append(probes, probed{
			started: p.Started, sent: p.Sent, received: p.Received, lost: p.Sent - min(p.Sent, p.Received), rtt: p.MeanRTTMicros, mute: p.Error != "",
		})
		if e.Tunnel == nil || l.counted {
			continue
		}
		if t, there := seen.tunnels[provision.TunnelName(e.Tunnel.Port)]; there {
			l.tunnel, l.counted = octets{t.TxBytes, t.RxBytes}, true
		}
	}
	l.ways = [][]probed{probes}
	return l, len(probes) > 0
}

// between is what two looks show of the time from one to the other.
type between struct {
	unknown, down, slow bool
	window              session.SLAWindow // packets and octets alone
}

// compare says what happened from before to now, and settles in now what was
// lost. enough is false while too few packets were sent to say anything. Of two
// ways the first that was not down counts: traffic takes it. There was no service
// only when both were down.
func compare(before, now *look, maxRTT uint32) (b between, enough bool) {
	if len(before.ways) != len(now.ways) {
		return between{unknown: true}, true
	}
	ways, enough := make([]between, len(now.ways)), true
	for i := range now.ways {
		var known bool
		if ways[i], known = compareWay(before.ways[i], now.ways[i], maxRTT); !known {
			enough = false
			ways[i].unknown = true
		}
	}
	unknown := false
	for _, w := range ways {
		if !w.unknown && !w.down {
			return counted(w, before, now), true
		}
		unknown = unknown || w.unknown
	}
	switch {
	case !enough:
		return between{}, false
	case unknown:
		return between{unknown: true}, true
	}
	return counted(ways[0], before, now), true
}

// compareWay is compare of one way, without octets.
func compareWay(before, now []probed, maxRTT uint32) (b between, enough bool) {
	if len(before) != len(now) || len(now) == 0 {
		return between{unknown: true}, true
	}
	for i := range now {
		was, is := before[i], &now[i]
		if is.mute || !is.started.Equal(was.started) || is.sent < was.sent || is.received < was.received {
			return between{unknown: true}, true
		}
		sent, received := is.sent-was.sent, is.received-was.received
		// A packet is lost when it is missing at two looks; until then it may
		// be under way.
		is.lost = max(was.lost, min(is.lost, was.sent-min(was.sent, was.received)))
		if received == 0 && sent < provenAfter {
			return between{}, false
		}
		b.down = b.down || received == 0
		b.slow = b.slow || received > 0 && maxRTT > 0 && is.rtt > maxRTT
		b.window.Add(session.SLAWindow{
			Sent: sent, Received: received, Lost: is.lost - was.lost, RTTSumMicros: uint64(is.rtt) * received, WorstRTTMicros: worst(is.rtt, received),
		})
	}
	return b, true
}

// counted adds the octets that went through the tunnels.
func counted(b between, before, now *look) between {
	if before.counted && now.counted && now.tunnel.sent >= before.tunnel.sent && now.tunnel.received >= before.tunnel.received {
		b.window.SentOctets, b.window.RecvOctets = now.tunnel.sent-before.tunnel.sent, now.tunnel.received-before.tunnel.received
		b.window.Counted = now.at.Sub(before.at)
	}
	return b
}

func worst(rtt uint32, received uint64) uint32 {
	if received == 0 {
		return 0
	}
	return rtt
}
