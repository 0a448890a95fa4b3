// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// eventRow is how an event is read, whatever the query.
type eventRow struct {
	Seq        int64
	ID         string
	At         int64
	Status     string
	StatusInfo string
	Phase      string
	Cause      string
	Correlator string
	Notify     int64
	Kind       string
	Data       string
}

func (r eventRow) event(id session.ID) (session.Event, error) {
	breach, err := decodeBreach(r.Data)
	if err != nil {
		return session.Event{}, fmt.Errorf("decode event %d of session %s: %w", r.Seq, id, err)
	}
	return session.Event{
		ID: r.ID, Session: id, Seq: uint64(r.Seq), At: fromMicros(r.At), //nolint:gosec // counts from 1
		Status: session.Status(r.Status), StatusInfo: session.StatusInfo(r.StatusInfo), Phase: session.Phase(r.Phase),
		Cause: r.Cause, Correlator: r.Correlator, Notify: r.Notify != 0, Kind: session.EventKind(r.Kind), Breach: breach,
	}, nil
}

// tell adds events behind the last one of a session and makes its stream due
// when the customer is to be told. One without sink has no stream: a sink that
// comes later hears of what happens from then on.
func (t *tx) tell(ctx context.Context, n int64, of session.Session, last int64, events []session.Event) error {
	notify := false
	for i, e := range events {
		notify = notify || e.Notify
		if err := t.tellOne(ctx, n, of.ID, last+int64(i), e); err != nil {
			return err
		}
	}
	var err error
	switch {
	case of.Sink == nil && last > 0:
		err = t.q.DeleteStream(ctx, n)
	case of.Sink != nil && notify && last == 0 && t.waits:
		return t.insert(ctx, streamRows, n, 0, streamLive, micros(t.now), 0, 0, "", 0, "")
	case of.Sink != nil && notify:
		err = t.q.OpenStream(ctx, sqlitedb.OpenStreamParams{SessionN: n, Delivered: last, NextAt: micros(t.now)})
	}
	if err != nil {
		return fmt.Errorf("write stream of session %s: %w", of.ID, err)
	}
	return nil
}

// tellOne adds an event behind the last one.
func (t *tx) tellOne(ctx context.Context, n int64, of session.ID, last int64, e session.Event) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make event id: %w", err)
	}
	at := micros(e.At)
	if at == 0 {
		at = micros(t.now)
	}
	data, err := encodeBreach(e.Breach)
	if err != nil {
		return err
	}
	row := eventRow{
		Seq: last + 1, ID: id.String(), At: at, Status: string(e.Status), StatusInfo: string(e.StatusInfo), Phase: string(e.Phase),
		Cause: e.Cause, Correlator: e.Correlator, Notify: flag(e.Notify), Kind: string(e.Kind), Data: data,
	}
	err = t.insert(ctx, eventRows, n, row.Seq, row.ID, row.At, row.Status, row.StatusInfo, row.Phase, row.Cause, row.Correlator, row.Notify, row.Kind, row.Data)
	if err != nil {
		return err
	}
	e, err = row.event(of)
	if err != nil {
		return err
	}
	t.note(n, last, e)
	return nil
}

// note keeps an event in mind that the part under way adds.
func (t *tx) note(n, last int64, e session.Event) {
	before, had := t.told[n]
	t.undo = append(t.undo, func() {
		if delete(t.told, n); had {
			t.told[n] = before
		}
	})
	if !had {
		before = told{after: last}
	}
	t.told[n] = told{after: before.after, events: append(slices.Clip(before.events), e)}
}

// Timeline implements order.Store.
func (s *Store) Timeline(ctx context.Context, id session.ID) ([]session.Event, error) {
	var out []session.Event
	err := s.read(ctx, func(ctx context.Context, r *reader) error {
		n, err := r.number(ctx, id)
		if err != nil {
			return err
		}
		rows, err := r.q.Timeline(ctx, n)
		out, err = events(id, rows, err)
		return err
	})
	return out, err
}
