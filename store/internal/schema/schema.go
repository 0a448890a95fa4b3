// SPDX-License-Identifier: Apache-2.0

// Package schema brings the SQLite files of this module to the schema that their
// stores know.
package schema

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrator returns the migrations for db: those in the folder "migrations" of
// files, and what SQL cannot say.
func Migrator(db *sql.DB, files fs.FS, more ...*goose.Migration) (*goose.Provider, error) {
	dir, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithGoMigrations(more...))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// Up runs the migrations that are missing. It fails in words when a newer s2cd
// made the file.
func Up(ctx context.Context, p *goose.Provider) error {
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
