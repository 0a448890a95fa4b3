// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func(func() time.Time) storetest.Backend {
		path := filepath.Join(t.TempDir(), "a store %20?.db")
		if err := sqlitetest.Put(path); err != nil {
			t.Fatal(err)
		}
		return func(clock func() time.Time) storetest.Backend {
			s, err := sqlite.Open(context.WithoutCancel(t.Context()), config(t, path, clock))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
