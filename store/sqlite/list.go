// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Session implements order.Store. The session is not to be changed in depth.
func (s *Store) Session(ctx context.Context, id session.ID) (session.Session, error) {
	if one, _, ok := s.known.now(id, 0); ok {
		return open(s.seal, one)
	}
	found, err := s.find(ctx, func(ctx context.Context, r *reader) ([]head, error) {
		h, err := headOf(ctx, r.q, id)
		return []head{h}, err
	})
	if err != nil {
		return session.Session{}, err
	}
	return s.one(found[0])
}

// headOf returns the head of a session; a session.Error of code NotFound without one.
func headOf(ctx context.Context, q *sqlitedb.Queries, id session.ID) (head, error) {
	row, err := q.SessionByID(ctx, string(id))
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, notFound(id)
	}
	if err != nil {
		return head{}, fmt.Errorf("read session %s: %w", id, err)
	}
	return head(row), nil
}

// VPN implements order.Store. The sessions are not to be changed in depth.
func (s *Store) VPN(ctx context.Context, id session.VPNID) ([]session.Session, error) {
	all, err := s.find(ctx, func(ctx context.Context, r *reader) ([]head, error) { return headsOfVPN(ctx, r.q, string(id)) })
	if err != nil {
		return nil, err
	}
	return s.several(all)
}

func headsOfVPN(ctx context.Context, q *sqlitedb.Queries, id string) ([]head, error) {
	all, err := heads(q.SessionsOfVPN(ctx, id))
	if err != nil {
		return nil, fmt.Errorf("read sessions of vpn %s: %w", id, err)
	}
	return all, nil
}
