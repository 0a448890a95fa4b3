// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/config"
	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/topology"
)

// newTestDaemon has the lab's inventory, an empty store and devices in memory
// that nobody looks at until it runs.
func newTestDaemon(t *testing.T) *daemon {
	t.Helper()
	cfg, dir := config.Default(), t.TempDir()
	cfg.Inventory.File = "../../examples/lab-inventory.yaml"
	cfg.Store.Path, cfg.Store.SealKeyFile = filepath.Join(dir, "s2cd.db"), filepath.Join(dir, "seal.key")
	if err := os.WriteFile(cfg.Store.SealKeyFile, []byte(strings.Repeat("07", config.SealKeySize)), 0o600); err != nil {
		t.Fatal(err)
	}
	return startTestDaemon(t, &cfg)
}

// startTestDaemon is newTestDaemon on a store that may be there.
func startTestDaemon(t *testing.T, cfg *config.Config) *daemon {
	t.Helper()
	d := &daemon{cfg: cfg, now: time.Now, log: slog.New(slog.DiscardHandler)}
	t.Cleanup(func() { _ = d.close() }) // a test may have closed it
	if err := sqlitetest.Put(cfg.Store.Path); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(context.Context) error{d.openStore, d.loadInventory, d.fakeDevices, d.buildProvision, d.buildOrders} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// fakeDevices stands in for connectDevices.
func (d *daemon) fakeDevices(context.Context) error {
	for _, n := range d.inventory.Network.Nodes {
		if n.Management != "" {
			fake := drivertest.NewFake(string(n.Name), d.now)
			d.devices = append(d.devices, provision.Device{Name: n.Name, Gateway: n.Role == topology.Gateway, Driver: fake})
		}
	}
	return nil
}

func TestBrakesOnNothingAreRefused(t *testing.T) {
	t.Parallel()
	o := operations{newTestDaemon(t)}
	for _, tc := range []struct {
		scope       provision.FreezeScope
		name, known string // known: part of the refusal
	}{
		{provision.FreezeDevice, "PE9", "no device is called PE9, known are GW, PE1, PE2"},
		{provision.FreezeDevice, "P1", "known are GW, PE1, PE2"}, // not managed
		{provision.FreezeTenant, "PE1", "no tenant is called PE1, known are tenant-1, tenant-2"},
		{provision.FreezeDevice, "PE1", ""}, {provision.FreezeTenant, "tenant-1", ""}, {provision.FreezeAll, "", ""},
	} {
		f := provision.Freeze{Scope: tc.scope, Name: tc.name, Reason: "works", Since: time.Now()}
		err := o.SetFreeze(t.Context(), f, true)
		var refusal *session.Error
		switch {
		case tc.known == "" && err != nil:
			t.Errorf("%+v: %v", f, err)
		case tc.known != "" && (!errors.As(err, &refusal) || refusal.Code != session.NotFound || !strings.Contains(refusal.Detail, tc.known)):
			t.Errorf("%+v: %v", f, err)
		}
	}
	findings, err := o.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := northbound.Finding{Severity: "warning", Subject: "tenant tenant-1", Detail: "frozen: works"}
	found := 0
	for _, f := range findings {
		if f == want {
			found++
		}
	}
	if found != 1 {
		t.Errorf("doctor says %+v", findings)
	}
	if err := o.SetFreeze(t.Context(), provision.Freeze{Scope: provision.FreezeDevice, Name: "PE9"}, false); err != nil {
		t.Errorf("a thaw: %v", err)
	}
}

func TestReadyNeedsAStoreThatReads(t *testing.T) {
	t.Parallel()
	d := newTestDaemon(t)
	if err := d.ready(t.Context()); err != nil {
		t.Errorf("at the start: %v", err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.ready(t.Context()); err == nil {
		t.Error("ready with a store that is closed")
	}
}
