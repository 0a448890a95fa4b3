// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrator returns the migrations for db: the embedded ones, and what SQL cannot
// say. A migration expands first and contracts a release later, so that the
// release before still runs.
func migrator(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithGoMigrations(
		goose.NewGoMigration(5, &goose.GoFunc{RunTx: fewerRows}, &goose.GoFunc{}),
	))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	p, err := migrator(db)
	if err != nil {
		return err
	}
	is, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if is > knows {
		return fmt.Errorf("a newer s2cd made it: its schema is %d, this s2cd knows %d", is, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// explain says in words what an operator has to know about a failed open.
func explain(path string, err error) error {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return fmt.Errorf("open store %s: %w", path, err)
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("open store %s: it is not an s2cd store: %w", path, err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("open store %s: it is damaged, restore a backup: %w", path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("open store %s: the disk is full: %w", path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("open store %s: it cannot be written: %w", path, err)
	}
	return fmt.Errorf("open store %s: %w", path, err)
}
