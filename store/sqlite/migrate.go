// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/s2cd/s2cd/store/internal/schema"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrator returns the migrations for db. A migration expands first and contracts
// a release later, so that the release before still runs.
func migrator(db *sql.DB) (*goose.Provider, error) {
	return schema.Migrator(db, migrations, goose.NewGoMigration(5, &goose.GoFunc{RunTx: fewerRows}, &goose.GoFunc{}))
}

// Migrate makes a store of an empty database, or brings an older one up to date,
// as Open does.
func Migrate(ctx context.Context, db *sql.DB) error {
	p, err := migrator(db)
	if err != nil {
		return err
	}
	return schema.Up(ctx, p)
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
