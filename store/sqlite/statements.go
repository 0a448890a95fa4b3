// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// statements is a connection that prepares each statement when it is first
// used, for whoever has the connection to itself.
type statements struct {
	conn  *sql.Conn
	ready map[string]*sql.Stmt // by text, all of which are constants
}

func newStatements(conn *sql.Conn) *statements {
	return &statements{conn: conn, ready: map[string]*sql.Stmt{}}
}

// PrepareContext returns the statement, which close closes.
func (s *statements) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := s.ready[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare %.40s: %w", text, err)
	}
	s.ready[text] = stmt
	return stmt, nil
}

// ExecContext runs a statement without answer.
func (s *statements) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := s.PrepareContext(ctx, text) //nolint:sqlclosecheck // close does, for all that are ready
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...) //nolint:wrapcheck // callers name what they wanted
}

// QueryContext runs a statement that answers with rows.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.PrepareContext(ctx, text) //nolint:sqlclosecheck // close does, for all that are ready
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...) //nolint:wrapcheck // callers name what they wanted
}

// QueryRowContext runs a statement that answers with a row.
func (s *statements) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	stmt, err := s.PrepareContext(ctx, text) //nolint:sqlclosecheck // close does, for all that are ready
	if err != nil {
		return s.conn.QueryRowContext(ctx, text, args...) // tells the same error
	}
	return stmt.QueryRowContext(ctx, args...)
}

// close closes the statements and gives the connection back.
func (s *statements) close() error {
	var errs []error
	for _, stmt := range s.ready {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}
