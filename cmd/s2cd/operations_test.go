// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/config"
	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/telemetry"
)

// newTestDaemon has the lab's inventory, an empty store and devices that
// nobody looks at.
func newTestDaemon(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{cfg: &config.Config{}, now: time.Now, log: slog.New(slog.DiscardHandler), ledger: pathcomp.NewLedger(time.Now)}
	box, err := seal.New(bytes.Repeat([]byte{7}, config.SealKeySize))
	if err != nil {
		t.Fatal(err)
	}
	d.store, err = sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "s2cd.db"), Clock: d.now, Logger: d.log, Seal: box})
	if err != nil {
		t.Fatal(err)
	}
	d.closers = append(d.closers, d.store)
	t.Cleanup(func() { _ = d.close() }) // a test may have closed it
	if d.inventory, err = inventory.Load("../../examples/lab-inventory.yaml"); err != nil {
		t.Fatal(err)
	}
	if d.monitor, err = telemetry.New(telemetry.Config{Timeout: time.Second, Stale: time.Minute, Clock: d.now, Log: d.log}); err != nil {
		t.Fatal(err)
	}
	for _, n := range d.inventory.Network.Nodes {
		if n.Management != "" {
			d.devices = append(d.devices, provision.Device{Name: n.Name, Driver: drivertest.NewFake(string(n.Name), d.now)})
		}
	}
	d.runner, err = provision.NewRunner(provision.Config{
		Store: d.store.Provision(), Ledger: d.ledger, Verifier: d.monitor, Devices: d.devices, Clock: d.now, Log: d.log, Holder: "test",
		Timing: provision.Timing{Lease: time.Second, RPC: time.Second, Rollback: time.Minute, Resync: time.Minute, Retry: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
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
