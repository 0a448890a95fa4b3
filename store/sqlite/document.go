// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// docSchema numbers the form of stored documents. A renamed or retyped field
// of session.Session is a new one and needs a reader for the old.
const docSchema = 1

// sessionRow is how a session is read, whatever the query.
type sessionRow struct {
	N         int64
	Version   int64
	DocSchema int64
	Doc       string
	Token     []byte
}

// encode returns the document and the sealed token of a session.
func encode(seal Sealer, in session.Session) (doc string, token []byte, err error) {
	in.Version, in.Devices, token = 0, nil, []byte{}
	if in.Sink != nil && in.Sink.Token != "" {
		sink := *in.Sink
		token = seal.Seal([]byte(sink.Token), []byte(in.ID))
		sink.Token = ""
		in.Sink = &sink
	}
	body, err := json.Marshal(in)
	if err != nil {
		return "", nil, fmt.Errorf("encode session %s: %w", in.ID, err)
	}
	return string(body), token, nil
}

// mostDecoded bounds the documents that the writer keeps decoded.
const mostDecoded = 1024

// decoded keeps sessions by number as they were decoded last, for the writer
// alone: a VPN that grows is looked at with every session it gets. An entry is
// good while the document is the same to the letter. What it returns shares
// memory and is not to be changed.
type decoded map[int64]struct {
	doc     string
	session session.Session
}

func (d decoded) get(seal Sealer, row sessionRow) (session.Session, error) {
	if kept, ok := d[row.N]; ok && kept.doc == row.Doc && row.DocSchema == docSchema {
		return open(seal, row, kept.session)
	}
	plain, err := parse(row)
	if err != nil {
		return plain, err
	}
	if len(d) >= mostDecoded {
		clear(d)
	}
	d[row.N] = struct {
		doc     string
		session session.Session
	}{row.Doc, plain}
	return open(seal, row, plain)
}

func decode(seal Sealer, row sessionRow) (session.Session, error) {
	out, err := parse(row)
	if err != nil {
		return out, err
	}
	return open(seal, row, out)
}

// parse reads the document alone.
func parse(row sessionRow) (session.Session, error) {
	var out session.Session
	if row.DocSchema != docSchema {
		return out, fmt.Errorf("session %d has document schema %d, this s2cd reads %d", row.N, row.DocSchema, docSchema)
	}
	if err := json.Unmarshal([]byte(row.Doc), &out); err != nil {
		return out, fmt.Errorf("decode session %d: %w", row.N, err)
	}
	return out, nil
}

// open adds the secret and the version to what parse read.
func open(seal Sealer, row sessionRow, out session.Session) (session.Session, error) {
	if len(row.Token) > 0 && out.Sink != nil {
		token, err := seal.Open(row.Token, []byte(out.ID))
		if err != nil {
			return out, fmt.Errorf("open sink token of session %s: %w", out.ID, err)
		}
		sink := *out.Sink
		sink.Token = string(token)
		out.Sink = &sink
	}
	out.Version = uint64(row.Version) //nolint:gosec // counts from 1
	return out, nil
}

// full decodes a row and adds what other tables know.
func full(ctx context.Context, seal Sealer, q *sqlitedb.Queries, row sessionRow) (session.Session, error) {
	out, err := decode(seal, row)
	if err != nil {
		return out, err
	}
	return withDevices(ctx, q, row, out)
}

func withDevices(ctx context.Context, q *sqlitedb.Queries, row sessionRow, out session.Session) (session.Session, error) {
	devices, err := q.DevicesOf(ctx, row.N)
	if err != nil {
		return out, fmt.Errorf("read devices of session %s: %w", out.ID, err)
	}
	for _, d := range devices {
		out.Devices = append(out.Devices, session.DeviceState{
			Device: topology.NodeName(d.Device), Have: session.Presence(d.Have),
			Reason: d.Reason, At: fromMicros(d.At),
		})
	}
	return out, nil
}

// asKept returns s with its times as they will be read back: UTC, in whole
// microseconds.
func asKept(s session.Session) session.Session {
	for _, t := range []*time.Time{
		&s.Start, &s.Deadline, &s.StartedAt, &s.ExpiresAt, &s.EndedAt, &s.CreatedAt, &s.UpdatedAt,
		&s.Route.From, &s.Route.Until,
	} {
		*t = fromMicros(micros(*t))
	}
	if s.Sink != nil {
		sink := *s.Sink
		sink.TokenExpires = fromMicros(micros(sink.TokenExpires))
		s.Sink = &sink
	}
	return s
}
