// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// warningDoc is what is kept of a warning as JSON. The sink is without secrets.
type warningDoc struct {
	Offers     []string
	Sink       session.Sink
	Correlator string
}

// encodeWarning returns the row of a hold's warning; nil: it has none.
func encodeWarning(seal Sealer, hold order.Hold) (*sqlitedb.InsertWarningParams, error) {
	w := hold.Warning
	if w == nil {
		return nil, nil //nolint:nilnil // absent is a value here
	}
	if w.Sink.URL == "" || len(w.Offers) == 0 || !w.At.Before(hold.Expires) {
		return nil, session.Errorf(session.Invalid, "", "a warning needs a sink, offers and a time before the hold's end")
	}
	sink, token, err := sealSink(seal, w.Sink, order.HoldOwner(hold.ID))
	if err != nil {
		return nil, fmt.Errorf("encode warning of hold %s: %w", hold.ID, err)
	}
	sink.TokenExpires = fromMicros(micros(sink.TokenExpires))
	doc, err := json.Marshal(warningDoc{Offers: w.Offers, Sink: sink, Correlator: w.Correlator})
	if err != nil {
		return nil, fmt.Errorf("encode warning of hold %s: %w", hold.ID, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make event id: %w", err)
	}
	return &sqlitedb.InsertWarningParams{HoldID: hold.ID, EventID: id.String(), At: micros(w.At), Doc: string(doc), Token: token}, nil
}

func (t *tx) warn(ctx context.Context, row sqlitedb.InsertWarningParams) error {
	if err := t.q.InsertWarning(ctx, row); err != nil {
		return fmt.Errorf("write warning of hold %s: %w", row.HoldID, err)
	}
	return nil
}

// claimWarning leases a warning that is due, of a hold that has not expired. One
// that cannot be read is lost.
func (s *Store) claimWarning(ctx context.Context, t *tx, holder string, now, until time.Time) (order.Stream, bool, error) {
	for {
		row, err := t.q.DueWarning(ctx, micros(now))
		if errors.Is(err, sql.ErrNoRows) {
			return order.Stream{}, false, nil
		}
		if err != nil {
			return order.Stream{}, false, fmt.Errorf("read due warning: %w", err)
		}
		out, err := openWarning(s.seal, row)
		if err != nil {
			s.log.ErrorContext(ctx, "warning cannot be read and is dropped", "hold", row.HoldID, "error", err)
			if err := t.q.DeleteWarning(ctx, row.HoldID); err != nil {
				return order.Stream{}, false, fmt.Errorf("drop warning of hold %s: %w", row.HoldID, err)
			}
			continue
		}
		claim := sqlitedb.SetWarningParams{
			NextAt: micros(until), Tries: row.Tries, Since: row.Since, Holder: holder, Fence: row.Fence + 1, HoldID: row.HoldID,
		}
		if err := t.q.SetWarning(ctx, claim); err != nil {
			return order.Stream{}, false, fmt.Errorf("claim warning of hold %s: %w", row.HoldID, err)
		}
		return out, true, nil
	}
}

// openWarning returns the stream of a warning that is about to be claimed.
func openWarning(seal Sealer, row sqlitedb.DueWarningRow) (order.Stream, error) {
	var doc warningDoc
	if err := json.Unmarshal([]byte(row.Doc), &doc); err != nil {
		return order.Stream{}, fmt.Errorf("decode: %w", err)
	}
	sink, err := openSink(seal, doc.Sink, row.Token, order.HoldOwner(row.HoldID))
	if err != nil {
		return order.Stream{}, err
	}
	return order.Stream{
		Expiring: &order.Expiring{Hold: row.HoldID, Offers: doc.Offers, Until: fromMicros(row.ExpiresAt)},
		Tenant:   session.TenantID(row.Tenant), Sink: sink,
		Event: session.Event{ID: row.EventID, Seq: 1, At: fromMicros(row.At), Correlator: doc.Correlator, Notify: true},
		Tries: int(row.Tries), Since: fromMicros(row.Since), Fence: uint64(row.Fence + 1), //nolint:gosec // counts from 1
	}, nil
}

// endWarning gives a warning back as set says; nil: it is done with. Where the
// hold has ended meanwhile nothing is left to be recorded.
func (s *Store) endWarning(ctx context.Context, st order.Stream, set func(*tx, *sqlitedb.SetWarningParams)) error {
	id := st.Expiring.Hold
	return s.writer.one(ctx, background, func(ctx context.Context, t *tx) error {
		row, err := t.q.Warning(ctx, id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read warning of hold %s: %w", id, err)
		}
		if uint64(row.Fence) != st.Fence { //nolint:gosec // counts from 1
			return session.Errorf(session.Aborted, "", "warning of hold %s was claimed by another", id)
		}
		if set == nil {
			if err := t.q.DeleteWarning(ctx, id); err != nil {
				return fmt.Errorf("end warning of hold %s: %w", id, err)
			}
			return nil
		}
		p := sqlitedb.SetWarningParams{Tries: row.Tries, Since: row.Since, Fence: row.Fence + 1, HoldID: id}
		set(t, &p)
		if err := t.q.SetWarning(ctx, p); err != nil {
			return fmt.Errorf("write warning of hold %s: %w", id, err)
		}
		return nil
	})
}
