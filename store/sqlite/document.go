// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/session"
)

// docSchema numbers the form of stored documents. A renamed or retyped field
// of session.Session is a new one and needs a reader for the old.
const docSchema = 1

// encode returns the document and the sealed secret of a session's sink.
func encode(seal Sealer, in session.Session) (doc string, token []byte, err error) {
	token = []byte{}
	if in.Sink != nil {
		if _, token, err = sealSink(seal, *in.Sink, string(in.ID)); err != nil {
			return "", nil, fmt.Errorf("encode session %s: %w", in.ID, err)
		}
	}
	body, err := json.Marshal(asEncoded(in))
	if err != nil {
		return "", nil, fmt.Errorf("encode session %s: %w", in.ID, err)
	}
	return string(body), token, nil
}

// asEncoded is what the document holds of a session, and parse returns of it, if its times are as asKept has them.
func asEncoded(in session.Session) session.Session {
	in.Version, in.Devices = 0, nil
	if in.Sink != nil {
		in.Sink = new(withoutSecret(*in.Sink))
	}
	return in
}

// parse reads a document alone.
func parse(id string, schema int64, doc string) (session.Session, error) {
	var out session.Session
	if schema != docSchema {
		return out, fmt.Errorf("session %s has document schema %d, this s2cd reads %d", id, schema, docSchema)
	}
	if err := json.Unmarshal([]byte(doc), &out); err != nil {
		return out, fmt.Errorf("decode session %s: %w", id, err)
	}
	return out, nil
}

// open adds the secret and the version to what is kept.
func open(seal Sealer, of kept) (session.Session, error) {
	out := of.session
	if len(of.token) > 0 && out.Sink != nil {
		sink, err := openSink(seal, *out.Sink, of.token, string(out.ID))
		if err != nil {
			return out, fmt.Errorf("session %s: %w", out.ID, err)
		}
		out.Sink = &sink
	}
	out.Version = uint64(of.version) //nolint:gosec // counts from 1
	return out, nil
}

// asRead is what will be read of a session that is written now, with its devices in
// the order of their names.
func asRead(in session.Session, version int64, token []byte) kept {
	out := asEncoded(in)
	out.Devices = in.Devices
	return kept{version: version, session: out, token: token}
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
