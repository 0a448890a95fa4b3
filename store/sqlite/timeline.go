// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Glance implements order.Store. What is known is not read.
func (s *Store) Glance(ctx context.Context, id session.ID, most int) (session.Session, []session.Event, error) {
	if one, list, ok := s.known.now(id, most); ok {
		out, err := open(s.seal, one)
		return out, list, err
	}
	at := s.known.moment()
	var found []looked
	var list []session.Event
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		h, err := headOf(ctx, r.q, id)
		if err != nil {
			return err
		}
		found, err = s.look(ctx, r.q, []head{h}, func(n int64, one *kept) { s.known.learn(at, n, one) })
		if err != nil || most == 0 {
			return err
		}
		rows, err := r.q.NewestEvents(ctx, sqlitedb.NewestEventsParams{SessionN: h.N, Limit: int64(most)})
		list, err = events(id, rows, err)
		return err
	})
	if err != nil {
		return session.Session{}, nil, err
	}
	if most > 0 {
		s.known.learnTimeline(at, found[0].N, timeline{most: most, whole: len(list) < most, events: list})
	}
	out, err := s.one(found[0])
	return out, list, err
}

// Newest implements order.Store.
func (s *Store) Newest(ctx context.Context, id session.ID, what order.EventClass, most int) ([]session.Event, error) {
	var out []session.Event
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		n, err := r.number(ctx, id)
		if err != nil {
			return err
		}
		if what == order.GuaranteeEvents {
			rows, err := r.q.NewestGuaranteeEvents(ctx, sqlitedb.NewestGuaranteeEventsParams{SessionN: n, Limit: int64(most)})
			out, err = events(id, rows, err)
			return err
		}
		rows, err := r.q.NewestEvents(ctx, sqlitedb.NewestEventsParams{SessionN: n, Limit: int64(most)})
		out, err = events(id, rows, err)
		return err
	})
	return out, err
}

// number returns the number of a session.
func (r *reader) number(ctx context.Context, id session.ID) (int64, error) {
	n, err := r.q.SessionNumber(ctx, string(id))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound(id)
	}
	if err != nil {
		return 0, fmt.Errorf("read session %s: %w", id, err)
	}
	return n, nil
}

// eventLike is a row of one of the queries that read events.
type eventLike interface {
	sqlitedb.TimelineRow | sqlitedb.NewestEventsRow | sqlitedb.NewestGuaranteeEventsRow
}

// events returns the events of what a query has read; err is the query's.
func events[R eventLike](id session.ID, rows []R, err error) ([]session.Event, error) {
	if err != nil {
		return nil, fmt.Errorf("read events of session %s: %w", id, err)
	}
	out := make([]session.Event, 0, len(rows))
	for _, row := range rows {
		e, err := eventRow(row).event(id)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// verdictPart is how many events of verdicts share a transaction.
const verdictPart = 256

// TellVerdicts appends SLABreached and SLARestored events to the timelines of
// their sessions, behind what customers wait for. One that says again what the
// last one said, is no newer, or is of a session that is no longer there, is
// left out: so a batch may be repeated.
func (s *Store) TellVerdicts(ctx context.Context, list []session.Event) error {
	for len(list) > 0 {
		n := min(verdictPart, len(list))
		j := &job{lane: background}
		for _, e := range list[:n] {
			j.parts = append(j.parts, &part{run: func(ctx context.Context, t *tx) error { return s.tellVerdict(ctx, t, e) }})
		}
		if err := s.writer.write(ctx, j); err != nil {
			return err
		}
		for _, p := range j.parts {
			if p.err != nil {
				return p.err
			}
		}
		list = list[n:]
	}
	return nil
}

func (s *Store) tellVerdict(ctx context.Context, t *tx, e session.Event) error {
	row, err := headOf(ctx, t.q, e.Session)
	if session.CodeOf(err) == session.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := t.q.LastVerdict(ctx, row.N)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read verdict of session %s: %w", e.Session, err)
	}
	if before.Kind == "" {
		before.Kind = string(session.SLARestored) // as it was promised
	}
	found, err := s.look(ctx, t.q, []head{row}, t.keep)
	if err != nil {
		return err
	}
	of, err := s.one(found[0])
	if err != nil || before.Kind == string(e.Kind) || before.At >= micros(e.At) || of.Phase == session.Released {
		return err
	}
	last, err := t.q.LastEvent(ctx, row.N)
	if err != nil {
		return fmt.Errorf("read events of session %s: %w", e.Session, err)
	}
	e.Status, e.StatusInfo, e.Phase = of.Status, of.StatusInfo, of.Phase
	return t.tell(ctx, row.N, of, last, []session.Event{e})
}

// OpenBreaches returns the breaches that were told and not yet told to be over,
// of sessions that have not ended.
func (s *Store) OpenBreaches(ctx context.Context) (map[session.ID]session.Breach, error) {
	open := map[session.ID]session.Breach{}
	err := s.readLong(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.q.Verdicts(ctx)
		if err != nil {
			return fmt.Errorf("read verdicts: %w", err)
		}
		for _, row := range rows {
			id := session.ID(row.ID)
			delete(open, id)
			b, err := decodeBreach(row.Data)
			if err != nil {
				return fmt.Errorf("decode breach of session %s: %w", id, err)
			}
			if row.Kind == string(session.SLABreached) && b != nil {
				open[id] = *b
			}
		}
		return nil
	})
	return open, err
}

func encodeBreach(b *session.Breach) (string, error) {
	if b == nil {
		return "", nil
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("encode breach: %w", err)
	}
	return string(raw), nil
}

func decodeBreach(data string) (*session.Breach, error) {
	if data == "" {
		return nil, nil //nolint:nilnil // most events have none
	}
	b := &session.Breach{}
	if err := json.Unmarshal([]byte(data), b); err != nil {
		return nil, fmt.Errorf("decode breach: %w", err)
	}
	return b, nil
}
