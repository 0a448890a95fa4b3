// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/sentence"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// GetSessionPerformance answers GET /sessions/{sessionId}/performance.
func (h handlers) GetSessionPerformance(w http.ResponseWriter, r *http.Request, id api.SessionPath, params api.GetSessionPerformanceParams) {
	f := order.PerformanceFilter{
		Begin: order.Span{From: value(params.WindowStartGte), Until: value(params.WindowStartLte)},
		Page:  int(valueOr(params.Page, 1)), PerPage: int(valueOr(params.PerPage, 20)),
	}
	p, err := h.s.cfg.UseCases.Performance(r.Context(), callerOf(r), session.ID(id.String()), f)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	out, err := encodePerformance(p)
	if err != nil {
		h.s.fail(w, r, err)
		return
	}
	out.Pagination = paginate(w, r, f.Page, f.PerPage, p.Total)
	h.s.reply(w, r, http.StatusOK, out)
}

func encodePerformance(p order.Performance) (api.SessionPerformance, error) {
	id, err := uuid.Parse(string(p.View.Session.ID))
	if err != nil {
		return api.SessionPerformance{}, fmt.Errorf("encode session %q: %w", p.View.Session.ID, err)
	}
	out := api.SessionPerformance{
		SessionId: id, Purchased: encodePurchased(&p.View), Delivered: encodeDelivered(&p.View), MeasurementInterval: optional(wire.Seconds(p.Every)),
		Windows: make([]api.Measurement, 0, len(p.Windows)), GuaranteeLog: encodeGuaranteeLog(p.Log, p.View.Session.EndedAt),
	}
	for _, one := range p.Windows {
		out.Windows = append(out.Windows, encodeMeasurement(one))
	}
	return out, nil
}

// encodePurchased renders what was bought, with the bounds of its level.
func encodePurchased(v *order.View) api.Purchased {
	s := &v.Session
	p := api.Purchased{Sla: api.Sla(s.Level), GuaranteedBandwidth: wire.Mbps(s.Rate.Forward), GuaranteedReverseBandwidth: wire.Mbps(s.Rate.Reverse)}
	if l := v.Promise; l != nil {
		p.MaxLatency = optional(wire.Millis(l.MaxRTTMicros))
		p.MaxPacketLossRate = optional(wire.Percent(l.MaxLossPPM))
		p.Availability = optional(wire.Percent(l.AvailabilityPPM))
	}
	return p
}

// encodeDelivered renders the sum of all windows, judged by what was promised.
func encodeDelivered(v *order.View) *api.Measurement {
	if v.Delivered == nil {
		return nil
	}
	sum := *v.Delivered
	sum.Judge(valueOr(v.Promise, session.Level{}))
	return new(encodeMeasurement(sum))
}

func encodeMeasurement(w session.SLAWindow) api.Measurement {
	m := api.Measurement{
		From: w.From.UTC(), Until: w.Until.UTC(), Verdict: api.Verdict(wire.Screaming(string(w.Verdict))),
		MetSeconds: w.Met.Seconds(), BreachedSeconds: w.Breached.Seconds(), UnknownSeconds: w.Unknown.Seconds(),
	}
	if !m.Verdict.Valid() {
		m.Verdict = api.VerdictUNKNOWN
	}
	if ppm, known := w.AvailabilityPPM(); known {
		m.Availability = new(wire.Percent(ppm))
	}
	if us, known := w.MeanRTTMicros(); known {
		m.Latency, m.WorstLatency = new(wire.Millis(us)), new(wire.Millis(w.WorstRTTMicros))
	}
	if ppm, known := w.LossPPM(); known {
		m.PacketLossRate = new(wire.Percent(ppm))
	}
	if w.Counted > 0 {
		m.SentOctets, m.ReceivedOctets = new(wire.Octets(w.SentOctets)), new(wire.Octets(w.RecvOctets))
		m.Bandwidth, m.ReverseBandwidth = new(rate(w.SentOctets, w.Counted)), new(rate(w.RecvOctets, w.Counted))
	}
	return m
}

// rate is the mean of octets over a time, Mbit/s.
func rate(octets uint64, over time.Duration) float64 {
	return float64(octets) * 8 / 1e6 / over.Seconds()
}

// encodeTimeline renders events; absent where none were asked for.
func encodeTimeline(events []session.Event) *[]api.TimelineEntry {
	if events == nil {
		return nil
	}
	out := make([]api.TimelineEntry, 0, len(events))
	for _, e := range events {
		if e.Kind == session.PathChanged {
			e.Correlator = "" // an operator's
		}
		out = append(out, api.TimelineEntry{
			Sequence: int64(e.Seq), Time: e.At.UTC(), Kind: eventKind(e.Kind), Status: api.Status(e.Status), //nolint:gosec // counts from 1
			StatusInfo: optional(api.StatusInfo(e.StatusInfo)), Cause: limit(sentence.OfEvent(e)), Correlator: optional(e.Correlator),
			Breach: wire.Breach(e.Breach),
		})
	}
	return &out
}

func eventKind(k session.EventKind) api.EventKind {
	switch k {
	case session.StatusChanged:
		return api.EventKindSTATUSCHANGED
	case session.SLABreached:
		return api.EventKindSLABREACHED
	case session.SLARestored:
		return api.EventKindSLARESTORED
	case session.PathChanged:
		return api.EventKindPATHCHANGED
	case session.RateChanged:
		return api.EventKindBANDWIDTHCHANGED
	}
	return api.EventKindSTATUSCHANGED
}

// encodeGuaranteeLog makes one entry of a breach and its end. events are newest
// first; a breach that goes on at the end of service ends with it.
func encodeGuaranteeLog(events []session.Event, ended time.Time) []api.GuaranteeLogEntry {
	out := make([]api.GuaranteeLogEntry, 0, len(events))
	var restored time.Time // when the breach began whose end was read last
	for _, e := range events {
		entry := api.GuaranteeLogEntry{From: e.At.UTC(), Detail: limit(sentence.OfEvent(e))}
		switch e.Kind {
		case session.PathChanged:
			entry.Kind = api.GuaranteeLogKindPATHCHANGED
		case session.RateChanged:
			entry.Kind = api.GuaranteeLogKindBANDWIDTHCHANGED
		case session.SLABreached, session.SLARestored:
			if e.Breach == nil || e.Kind == session.SLABreached && e.Breach.From.Equal(restored) {
				continue
			}
			b := *e.Breach
			if e.Kind == session.SLARestored {
				restored = b.From
			} else {
				b.Until = ended
			}
			entry.Kind, entry.From, entry.Until = api.GuaranteeLogKindBREACH, b.From.UTC(), moment(b.Until)
			entry.Broken = new(wire.Broken(b.Broken))
		case session.StatusChanged:
			continue
		}
		out = append(out, entry)
	}
	return out
}
