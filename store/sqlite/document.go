// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/s2cd/s2cd/session"
)

// docSchema numbers the form of stored documents. A renamed or retyped field
// of session.Session is a new one and needs a reader for the old. In 1 routes had
// Uses too, which are passed over; who reads 1 alone cannot do without them.
const docSchema = 2

// encode returns what will be read of a session that is written now, if its times
// are as asKept has them and its devices in the order of their names; and its
// document.
func encode(seal Sealer, in session.Session) (written *kept, doc string, err error) {
	written = &kept{session: in, token: []byte{}}
	pack(&written.session)
	if in.Sink != nil {
		sink, token, err := sealSink(seal, *in.Sink, string(in.ID))
		if err != nil {
			return nil, "", fmt.Errorf("encode session %s: %w", in.ID, err)
		}
		written.session.Sink, written.token = &sink, token
	}
	var body strings.Builder
	if err := json.NewEncoder(&body).Encode(stored{Session: &written.session}); err != nil {
		return nil, "", fmt.Errorf("encode session %s: %w", in.ID, err)
	}
	return written, strings.TrimSuffix(body.String(), "\n"), nil
}

// stored is a session as its document has it: what its row and those of its devices
// tell is empty there.
type stored struct {
	*session.Session

	Version uint64
	Devices []session.DeviceState
}

// parse reads a document alone.
func parse(id string, schema int64, doc string) (session.Session, error) {
	var out session.Session
	if schema < 1 || schema > docSchema {
		return out, fmt.Errorf("session %s has document schema %d, this s2cd reads 1 to %d", id, schema, docSchema)
	}
	if err := json.Unmarshal([]byte(doc), &out); err != nil {
		return out, fmt.Errorf("decode session %s: %w", id, err)
	}
	return out, nil
}

// open adds the secret to what is kept.
func open(seal Sealer, of *kept) (session.Session, error) {
	out := of.session
	if len(of.token) > 0 && out.Sink != nil {
		sink, err := openSink(seal, *out.Sink, of.token, string(out.ID))
		if err != nil {
			return out, fmt.Errorf("session %s: %w", out.ID, err)
		}
		out.Sink = &sink
	}
	return out, nil
}

// asKept returns s with its times as they will be read back: UTC, in whole
// microseconds.
func asKept(s session.Session) session.Session {
	s.Charges = slices.Clone(s.Charges)
	s.Former, s.Delivered = cloned(s.Former), cloned(s.Delivered)
	for _, t := range times(&s) {
		*t = fromMicros(micros(*t))
	}
	if s.Sink != nil {
		sink := *s.Sink
		sink.TokenExpires = fromMicros(micros(sink.TokenExpires))
		s.Sink = &sink
	}
	return s
}

// times returns the times of s but for its sink's.
func times(s *session.Session) []*time.Time {
	all := []*time.Time{
		&s.Start, &s.Deadline, &s.StartedAt, &s.ExpiresAt, &s.EndedAt, &s.CreatedAt, &s.UpdatedAt, &s.Route.From, &s.Route.Until,
	}
	for i := range s.Charges {
		all = append(all, &s.Charges[i].From)
	}
	if s.Former != nil {
		all = append(all, &s.Former.By, &s.Former.Route.From, &s.Former.Route.Until)
	}
	if s.Delivered != nil {
		all = append(all, &s.Delivered.At)
	}
	return all
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// mayKeep refuses a session that cannot be encoded or written: years have four
// digits (RFC 3339), a device is there once.
func mayKeep(s session.Session) error {
	all := times(&s)
	if s.Sink != nil {
		all = append(all, &s.Sink.TokenExpires)
	}
	for _, t := range all {
		if year := t.UTC().Year(); year < 0 || year > 9999 {
			return session.Errorf(session.OutOfRange, "", "the year %d is beyond what can be kept", year)
		}
	}
	for i, d := range s.Devices {
		for _, other := range s.Devices[:i] {
			if other.Device == d.Device {
				return session.Errorf(session.Invalid, "", "device %s is there twice", d.Device)
			}
		}
	}
	return nil
}
