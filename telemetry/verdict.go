// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"fmt"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

var (
	_ provision.Verifier = (*Monitor)(nil)
	_ order.Meter        = (*Monitor)(nil)
)

// provenAfter is how many small packets must have come back, beside one of
// full size, before a session counts as proven.
const provenAfter = 3

// handshakeLives is how long a WireGuard handshake says that the far end is
// there: REJECT_AFTER_TIME of the WireGuard paper, section 6.1.
const handshakeLives = 180 * time.Second

// Verify says whether packets prove the session between the provider's
// demarcation points, a protected one on each of its two ways. A session without
// a gateway has nobody to send them: that its leaves were read back from every
// device is then all that is known.
func (m *Monitor) Verify(s session.Session) provision.Verdict {
	ways := s.Ways()
	v := m.verifyOn(s, ways[0])
	if !v.Proven || len(ways) == 1 {
		return v
	}
	second := m.verifyOn(s, ways[1])
	if second.Proven {
		return v
	}
	second.Detail = "second way: " + second.Detail
	return second
}

// verifyOn is Verify of one way.
func (m *Monitor) verifyOn(s session.Session, way [2]session.End) provision.Verdict {
	ends := probing(way)
	if len(ends) == 0 {
		return provision.Verdict{Proven: true, Detail: "read back from every device; no prober on the way"}
	}
	for _, e := range ends {
		p, ok, detail := m.probe(s, e, provision.ProvenProbe)
		switch {
		case !ok:
			return provision.Verdict{Detail: detail}
		case p.Error != "":
			return provision.Verdict{Detail: fmt.Sprintf("%s cannot probe: %s", e.Gateway(), p.Error)}
		case p.Received < provenAfter:
			return provision.Verdict{Detail: fmt.Sprintf("%s: %d of %d probe packets came back", e.Gateway(), p.Received, p.Sent)}
		case p.FullReceived == 0:
			return provision.Verdict{Detail: fmt.Sprintf("%s: no full-size packet came back of %d sent", e.Gateway(), p.FullSent)}
		}
	}
	return provision.Verdict{Proven: true, Detail: "verified by packets between the demarcation points"}
}

// Measured says what is known of the session now: of a protected one on the way
// that traffic takes.
func (m *Monitor) Measured(s session.Session) order.Measured {
	ways := s.Ways()
	out := m.measuredOn(s, ways[0])
	if len(ways) > 1 && out.Verification != order.ControlPlane {
		out = m.either(out, m.measuredOn(s, ways[1]))
	}
	out.CustomerA, out.CustomerZ = m.customerOf(s, s.A, s.Z), m.customerOf(s, s.Z, s.A)
	m.count(s, &out)
	return out
}

// either is what is known of two ways: the first as long as it answers.
func (m *Monitor) either(first, second order.Measured) order.Measured {
	answers := func(one order.Measured) bool {
		return one.Verification == order.DataPlane && m.Clock().Sub(one.At) <= m.Stale
	}
	switch {
	case answers(first) && !answers(second):
		first.Detail = "not protected at this moment: the second way does not answer"
	case !answers(first) && answers(second):
		second.Detail = "not protected at this moment: the first way does not answer"
		return second
	}
	return first
}

// measuredOn is what the probes of one way know.
func (m *Monitor) measuredOn(s session.Session, way [2]session.End) order.Measured {
	out := order.Measured{Verification: order.NotVerified}
	ends := probing(way)
	if len(ends) == 0 && s.Phase == session.Active {
		out.Verification = order.ControlPlane
	}
	for _, e := range ends {
		p, ok, _ := m.probe(s, e, provision.ProvenProbe)
		if !ok {
			// Which device is silent is for operators; see provision's reasons.
			out.Verification, out.Detail = order.NotVerified, "not measured at this moment"
			break
		}
		merge(&out, p)
	}
	return out
}

// merge adds what one gateway's probe says; with two, the worse counts.
func merge(out *order.Measured, p southbound.ProbeResult) {
	if p.Received == 0 {
		out.Detail = "no packet came back"
		return
	}
	out.Verification = order.DataPlane
	out.At = p.LastReply
	out.RTTMicros = max(out.RTTMicros, p.MeanRTTMicros)
	if p.Window > 0 {
		out.LossPPM = max(out.LossPPM, uint32(uint64(p.WindowLost)*1_000_000/uint64(p.Window))) //nolint:gosec // a part of a whole: at most 10^6
	}
	out.FullSize = p.FullReceived > 0
}

// customerOf is customer of an end that may have two terminals: one that answers
// will do.
func (m *Monitor) customerOf(s session.Session, end, far session.End) order.FarEnd {
	first := m.customer(s, end, far)
	if end.Second == nil || far.Second == nil || first.State == "up" {
		return first
	}
	if second := m.customer(s, *end.Second, *far.Second); second.State == "up" {
		return second
	}
	return first
}

// customer says whether the customer's own equipment at end answers; far is the
// other end, whose gateway may be the one that asks.
func (m *Monitor) customer(s session.Session, end, far session.End) order.FarEnd {
	if end.Tunnel != nil {
		return m.tunnelEnd(end)
	}
	if far.Gateway() == "" {
		return order.FarEnd{State: "unknown", Detail: "nobody on the way asks it"}
	}
	p, ok, _ := m.probe(s, far, provision.CustomerProbe)
	switch {
	case !ok:
		return order.FarEnd{State: "unknown", Detail: "not measured at this moment"}
	case p.Received > 0 && m.Clock().Sub(p.LastReply) <= m.Stale:
		return order.FarEnd{State: "up", Since: p.LastReply}
	}
	return order.FarEnd{State: "down", Since: p.LastReply, Detail: fmt.Sprintf("%s does not answer", end.Terminal.Address)}
}

func (m *Monitor) tunnelEnd(end session.End) order.FarEnd {
	seen, ok := m.of(end.Gateway())
	t, known := seen.tunnels[provision.TunnelName(end.Tunnel.Port)]
	switch {
	case !ok || !known:
		return order.FarEnd{State: "unknown", Detail: "not measured at this moment"}
	case t.LastHandshake.IsZero():
		return order.FarEnd{State: "down", Detail: "the tunnel never had a handshake"}
	case m.Clock().Sub(t.LastHandshake) > handshakeLives:
		return order.FarEnd{State: "down", Since: t.LastHandshake, Detail: "the last handshake is too old"}
	}
	return order.FarEnd{State: "up", Since: t.LastHandshake}
}

// count adds the octets that passed the session's tunnel, or its attachment
// where there is no tunnel, and those of the attachments of both ends. What has
// two terminals has the sum of both.
func (m *Monitor) count(s session.Session, out *order.Measured) {
	out.AttachmentA, out.AttachmentZ = m.attachments(s.A), m.attachments(s.Z)
	out.SentOctets, out.RecvOctets = out.AttachmentA.In, out.AttachmentA.Out
	for _, e := range []session.End{s.Z, s.A} {
		if e.Tunnel == nil {
			continue
		}
		if sent, received, ok := m.tunnels(e); ok {
			out.SentOctets, out.RecvOctets = sent, received
			return
		}
	}
}

// tunnels returns what passed an end's tunnels; ok is false where a gateway is
// silent.
func (m *Monitor) tunnels(end session.End) (sent, received uint64, ok bool) {
	for _, e := range end.Both() {
		seen, fresh := m.of(e.Gateway())
		if !fresh || e.Tunnel == nil {
			return 0, 0, false
		}
		t := seen.tunnels[provision.TunnelName(e.Tunnel.Port)]
		sent, received = sent+t.TxBytes, received+t.RxBytes
	}
	return sent, received, true
}

// attachments is what the routers of an end have counted on its attachments.
func (m *Monitor) attachments(end session.End) order.Octets {
	sum := order.Octets{Known: true}
	for _, e := range end.Both() {
		one := m.attachment(e)
		sum = order.Octets{Known: sum.Known && one.Known, In: sum.In + one.In, Out: sum.Out + one.Out}
	}
	return sum
}

// attachment is what the router of an end has counted on its attachment.
func (m *Monitor) attachment(e session.End) order.Octets {
	a := e.Terminal.Attachment
	if a == nil {
		return order.Octets{}
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	// Routers are looked at seldom: what they counted last stays true.
	c, ok := m.seen[a.PE].attachments[attachmentKey{a.Port, a.VLAN}]
	return order.Octets{Known: ok, In: c.InOctets, Out: c.OutOctets}
}

// probe returns a session's probe on the gateway of one end; detail says why
// it is not known.
func (m *Monitor) probe(s session.Session, e session.End, kind string) (p southbound.ProbeResult, ok bool, detail string) {
	seen, fresh := m.of(e.Gateway())
	if !fresh {
		return p, false, fmt.Sprintf("gateway %s tells nothing", e.Gateway())
	}
	suffix := "z"
	if e.AccessPoint == s.A.AccessPoint {
		suffix = "a"
	}
	p, ok = seen.probes[provision.ProbeName(kind, s.ID, suffix)]
	if !ok {
		return p, false, fmt.Sprintf("gateway %s does not measure yet", e.Gateway())
	}
	return p, true, ""
}

// probing lists the ends of a way that have a gateway.
func probing(way [2]session.End) []session.End {
	var ends []session.End
	for _, e := range way {
		if e.Gateway() != "" {
			ends = append(ends, e)
		}
	}
	return ends
}
