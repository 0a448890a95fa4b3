// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/sentence"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// eventTypes starts the type of every event of this API.
const eventTypes = "org.camaraproject.site-to-cloud-vpn.v0."

// envelope is a CloudEvent 1.0 in structured mode. The contract has a schema
// for each type, which differ in data alone.
type envelope struct {
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	SpecVersion     string    `json:"specversion"`
	DataContentType string    `json:"datacontenttype"`
	Time            time.Time `json:"time"`
	Data            any       `json:"data"`
}

// event renders the head of a stream.
func (w *Worker) event(s order.Stream) ([]byte, error) {
	source, name, data, err := render(s)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(envelope{
		ID: s.Event.ID, Source: w.cfg.Source + source, Type: eventTypes + name,
		SpecVersion: "1.0", DataContentType: "application/json", Time: s.Event.At.UTC(), Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", s.Event.ID, err)
	}
	return raw, nil
}

// render returns where in the API an event is from, the name of its type and its
// data.
func render(s order.Stream) (source, name string, data any, err error) {
	if e := s.Expiring; e != nil {
		return "/check-availability", "offer-expiring", api.OfferExpiring{OfferIds: e.Offers, HeldUntil: e.Until.UTC()}, nil
	}
	id, err := uuid.Parse(string(s.Session))
	if err != nil {
		return "", "", nil, fmt.Errorf("session id %q: %w", s.Session, err)
	}
	name, data, err = ofSession(id, s)
	return "/sessions/" + string(s.Session), name, data, err
}

// ofSession renders a session's event by its kind. The event's cause names
// devices: it is for operators.
func ofSession(id uuid.UUID, s order.Stream) (name string, data any, err error) {
	e := s.Event
	switch e.Kind {
	case session.StatusChanged:
		data := statusChanged(id, e)
		if s.Account != nil {
			data.Account = new(wire.Account(*s.Account))
		}
		return "session-status-changed", data, nil
	case session.SLABreached, session.SLARestored:
		if e.Breach != nil {
			return string(e.Kind), verdictChanged(id, e), nil
		}
	case session.PathChanged, session.RateChanged: // entries of the timeline alone
	}
	return "", nil, fmt.Errorf("event %s of kind %q is not told to sinks", e.ID, e.Kind)
}

func statusChanged(id uuid.UUID, e session.Event) api.SessionStatusChanged {
	data := api.SessionStatusChanged{SessionId: id, Status: api.Status(e.Status), Sequence: sequence(e)}
	if e.StatusInfo != "" {
		data.StatusInfo = new(api.StatusInfo(e.StatusInfo))
	}
	data.StatusMessage = new(sentence.OfStatus(e))
	return data
}

func verdictChanged(id uuid.UUID, e session.Event) api.SlaVerdictChanged {
	return api.SlaVerdictChanged{
		SessionId: id, Status: api.Status(e.Status), StatusMessage: new(sentence.OfEvent(e)), Breach: *wire.Breach(e.Breach), Sequence: sequence(e),
	}
}

func sequence(e session.Event) *int64 { return new(int64(e.Seq)) } //nolint:gosec // counts from 1
