// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/store/storetest"
)

// checked looks, when a test is over, whether what the store keeps in memory is
// what it wrote.
type checked struct {
	*sqlite.Store

	t *testing.T
}

func (c checked) Close() error {
	diffs, err := c.CheckKnown(context.WithoutCancel(c.t.Context()))
	if err != nil && !errors.Is(err, sqlite.ErrClosed) {
		c.t.Errorf("compare memory and file: %v", err)
	}
	for _, d := range diffs {
		c.t.Error(d)
	}
	return c.Store.Close()
}

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
			return checked{s, t}
		}
	})
}
