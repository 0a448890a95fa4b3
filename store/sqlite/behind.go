// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"sync"

	"github.com/s2cd/s2cd/session"
)

// rows names a table whose rows are written many at once.
type rows int

// The tables, each after those that its rows point at.
const (
	deviceRows rows = iota
	eventRows
	streamRows
	keyRows
	vpnRows
	bookingRows
	secretRows
	rowsCount
)

// into is where rows go, and how many values one has.
type into struct {
	text  string
	width int
}

func (r rows) into() into {
	return [...]into{
		deviceRows: {"INSERT INTO session_device (session_n, device, have, reason, at)", 5},
		eventRows:  {"INSERT INTO event (session_n, seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data)", 12},
		streamRows: {"INSERT INTO stream (session_n, delivered, state, next_at, tries, since, holder, fence, reason)", 9},
		keyRows: {
			"INSERT OR REPLACE INTO idempotency (tenant, client, key, fingerprint, session_id, created_at, answer)", 7,
		},
		vpnRows: {"INSERT OR REPLACE INTO vpn (id, tenant, number, vrf, route_target)", 5},
		bookingRows: {
			"INSERT INTO booking (seq, owner, variant, releases, replaces, class, from_at, until_at, uses, live, at)", 11,
		},
		secretRows: {"INSERT INTO session_secret (session_n, ref, sealed)", 3},
	}[r]
}

// sessionRows comes before all others.
func sessionRows() into {
	return into{"INSERT INTO session (n, id, tenant, client, name, vpn, a_point, z_point, level, status, phase, decision, kbps, " +
		"live, released_at, version, due_at, claim_holder, claim_until, next_at, doc_schema, pool_values, created_at, start_at, doc, token)", 26}
}

// behind is what waits to be written with that of other parts.
type behind struct {
	sessions []*newSession
	encoding sync.WaitGroup // of their documents
	rows     [rowsCount][]any
	ends     []func(context.Context) error // of offers that are spent
}

// newSession is a session that waits, and its document, which another core
// encodes meanwhile.
type newSession struct {
	n    int64
	row  []any
	doc  string
	kept *kept
	err  error
}

// addSession puts the row of session n down. What is in front of the document is
// given.
func (t *tx) addSession(s *Store, n int64, in *session.Session, front ...any) {
	one := &newSession{n: n, row: front}
	t.behind.encoding.Go(func() {
		one.kept, one.doc, one.err = encode(s.seal, *in)
	})
	before := len(t.behind.sessions)
	t.undo = append(t.undo, func() { t.behind.sessions = t.behind.sessions[:before] })
	t.behind.sessions = append(t.behind.sessions, one)
}

// insert puts one row down, or writes it where the part does not wait.
func (t *tx) insert(ctx context.Context, r rows, values ...any) error {
	if !t.waits {
		return t.w.many.insert(ctx, r.into(), values)
	}
	before := len(t.behind.rows[r])
	t.undo = append(t.undo, func() { t.behind.rows[r] = t.behind.rows[r][:before] })
	t.behind.rows[r] = append(t.behind.rows[r], values...)
	return nil
}

// flush writes what waits, and forgets what was read with it in mind.
func (t *tx) flush(ctx context.Context) error {
	if !t.seen.any {
		return nil
	}
	t.behind.encoding.Wait()
	var sessions []any
	for _, one := range t.behind.sessions {
		if one.err != nil {
			return one.err
		}
		sessions = append(append(sessions, one.row...), one.doc, one.kept.token)
		t.keep(one.n, one.kept)
	}
	if err := t.w.many.insert(ctx, sessionRows(), sessions); err != nil {
		return err
	}
	for r, values := range t.behind.rows {
		if err := t.w.many.insert(ctx, rows(r).into(), values); err != nil {
			return err
		}
		t.behind.rows[r] = values[:0]
	}
	if err := t.writeSeen(ctx); err != nil {
		return err
	}
	for _, end := range t.behind.ends {
		if err := end(ctx); err != nil {
			return err
		}
	}
	t.behind.sessions, t.behind.ends, t.seen = nil, nil, newSeen()
	return nil
}
