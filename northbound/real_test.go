// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
)

type silent struct{}

// Measured implements order.Meter.
func (silent) Measured(session.Session) order.Measured { return order.Measured{} }

// setupReal is a bundle over the real use cases, on a store on disk; nothing
// delivers what is ordered.
func setupReal(t testing.TB, changes ...func(*Config)) *bundle {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s2cd.db")
	if err := sqlitetest.Put(path); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{
		Path: path, Clock: testNow, Logger: slog.New(slog.DiscardHandler), Seal: box,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	ledger := pathcomp.NewLedger(testNow)
	core, err := pathcomp.NewCore(testnet.Network(), ledger, testNow)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := order.New(order.Config{
		Store: store, Paths: core, Ledger: ledger, Meter: silent{}, Directory: testnet.Directory(), OfferKey: make([]byte, 32), Clock: testNow,
		NewID: func() session.ID { return session.ID(uuid.NewString()) }, Wake: func(session.Session) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return setupOn(t, cases, append(changes, func(c *Config) { c.RequestTimeout = time.Minute })...)
}
