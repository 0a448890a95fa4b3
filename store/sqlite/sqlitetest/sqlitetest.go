// SPDX-License-Identifier: Apache-2.0

// Package sqlitetest gives tests empty stores, all copies of one: to migrate a new
// store takes a test longer than what most of them show.
package sqlitetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/s2cd/s2cd/store/sqlite"
)

// empty is the file of an empty store.
//
//nolint:gochecknoglobals // made once a test binary and only read
var empty = sync.OnceValues(migrate)

// Put makes an empty store at path unless there is a file. sqlite.Open finds it
// as an s2cd would that ended before it wrote anything.
func Put(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := empty()
	if err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o600)
}

func migrate() (body []byte, err error) {
	dir, err := os.MkdirTemp("", "s2cd-empty-store-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "store")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(sqlite.Migrate(context.Background(), db), db.Close()); err != nil {
		return nil, fmt.Errorf("make an empty store: %w", err)
	}
	return os.ReadFile(path)
}
