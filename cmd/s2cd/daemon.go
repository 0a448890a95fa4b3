// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/s2cd/s2cd/internal/config"
	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/northbound/webhook"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sla"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/telemetry"
)

// daemon is everything that runs, wired. Its parts are built in the order in
// which they need each other and stopped together.
type daemon struct {
	cfg   *config.Config
	dev   bool
	cores int // of the machine, as far as they are ours
	now   func() time.Time
	log   *slog.Logger

	metrics   *metrics
	inventory *inventory.Inventory
	store     *sqlite.Store
	ledger    *pathcomp.Ledger
	paths     *pathcomp.Core
	telling   sync.Mutex // held while an operator tells paths of a link or node
	devices   []provision.Device
	turns     provision.Turns  // of computing for devices
	requests  northbound.Crowd // of customers, under way
	monitor   *telemetry.Monitor
	measured  *sla.Store
	recorder  *telemetry.Recorder
	runner    *provision.Runner
	orders    *order.Service
	verifier  *auth.Verifier
	keys      *webhook.Keys // nil: sinks' tokens are not fetched
	parts     []part        // what runs until the end
	closers   closers
}

// part is something that runs until its context ends.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// build makes every part. What it opened is closed by close, also after a failure.
func (d *daemon) build(ctx context.Context) error {
	d.metrics = newMetrics()
	for _, step := range []func(context.Context) error{
		d.openStore, d.loadInventory, d.connectDevices, d.buildProvision, d.buildOrders, d.followAll, d.buildNorthbound,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// run runs all parts until ctx ends or one of them fails, then waits for all.
func (d *daemon) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range d.parts {
		group.Go(func() error {
			if err := p.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (d *daemon) close() error { return d.closers.Close() }

func (d *daemon) openStore(ctx context.Context) error {
	key, err := d.cfg.Store.ReadSealKey()
	if err != nil {
		return fmt.Errorf("seal key: %w", err)
	}
	box, err := seal.New(key)
	if err != nil {
		return fmt.Errorf("seal key: %w", err)
	}
	d.store, err = sqlite.Open(ctx, sqlite.Config{Path: d.cfg.Store.Path, Clock: d.now, Logger: d.log, Seal: box, Lead: d.lead()})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	d.closers = append(d.closers, d.store)
	d.parts = append(d.parts, d.purge())
	return nil
}

// loadInventory makes the inventory a revision of the topology, and the ledger
// what the store says is reserved on it.
func (d *daemon) loadInventory(ctx context.Context) error {
	inv, err := inventory.Load(d.cfg.Inventory.File)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	if err := d.checkPlaced(ctx, inv.Network); err != nil {
		return fmt.Errorf("inventory %s: %w", d.cfg.Inventory.File, err)
	}
	body, err := json.Marshal(inv)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	revision, changed, err := d.store.SaveTopology(ctx, inv.Digest, body)
	if err != nil {
		return fmt.Errorf("save topology: %w", err)
	}
	inv.Network.Revision = revision
	d.inventory = inv
	d.ledger = pathcomp.NewLedger(d.now)
	if err := d.store.LoadBookings(ctx, d.ledger.Load); err != nil {
		return fmt.Errorf("load reservations: %w", err)
	}
	if d.paths, err = pathcomp.NewCore(inv.Network, d.ledger, d.now); err != nil {
		return fmt.Errorf("topology: %w", err)
	}
	d.parts = append(d.parts, d.expireHolds(), part{"paths", func(ctx context.Context) error {
		d.paths.Run(ctx)
		return nil
	}})
	d.log.Info("topology loaded", "revision", revision, "changed", changed, "nodes", len(inv.Network.Nodes), "links", len(inv.Network.Links))
	for _, e := range d.ledger.Excesses() {
		d.log.Warn("more is reserved than may be sold", "excess", e)
	}
	return nil
}

func (d *daemon) buildProvision(ctx context.Context) error {
	epoch, err := d.store.Epoch(ctx)
	if err != nil {
		return fmt.Errorf("store epoch: %w", err)
	}
	t := d.cfg.Devices.Defaults
	if d.monitor, err = d.buildMonitor(); err != nil {
		return err
	}
	if err := d.buildRecorder(ctx); err != nil {
		return err
	}
	d.runner, err = provision.NewRunner(provision.Config{
		Store: d.store.Provision(), Ledger: d.ledger, Verifier: d.monitor, Meter: d.monitor, Devices: d.devices, Turns: d.turns, Clock: d.now, Log: d.log,
		Moved: d.recorder.Follow,
		// One process has the store, so a restarted daemon may go on with its leases.
		Holder: "s2cd",
		Terms: provision.Terms{
			AS: d.inventory.Network.AS, Epoch: epoch, MaxPrefixes: customerPrefixes, KeepaliveSecs: tunnelKeepalive,
			ProbeInterval: uint32(d.cfg.Telemetry.ProbeEvery / time.Millisecond), //nolint:gosec // the configuration bounds it
		},
		Timing: provision.Timing{Lease: t.LeaseTTL, RPC: t.RPCTimeout, Rollback: t.Rollback, Resync: t.ReadEvery, Retry: retryAfter},
		Brakes: provision.Brakes{
			ObserveOnly:      d.cfg.Provision.ObserveOnly,
			ChangesPerMinute: d.cfg.Provision.Brakes.ChangesPerMinute, DeletionsPerMinute: d.cfg.Provision.Brakes.DeletionsPerMinute,
		},
	})
	if err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	d.parts = append(d.parts, part{"provision", d.runner.Run}, part{"telemetry", d.monitor.Run}, part{"measurements", d.recorder.Run})
	return nil
}

// Constants of what is written on devices.
const (
	customerPrefixes = 1000 // routes taken from a customer's BGP session
	tunnelKeepalive  = 25   // seconds; WireGuard's own recommendation for ends behind NAT
	retryAfter       = time.Second
	purgeEvery       = time.Minute
	expireEvery      = time.Second // holds
)

// buildMonitor looks at gateways as often as configured, at routers, which only
// count, less often.
func (d *daemon) buildMonitor() (*telemetry.Monitor, error) {
	c := telemetry.Config{
		Timeout: d.cfg.Devices.Defaults.RPCTimeout, Stale: d.cfg.Telemetry.StaleAfter, Clock: d.now, Log: d.log,
		Looked: func() {
			if d.runner != nil {
				d.runner.Wake()
			}
		},
	}
	for _, dev := range d.devices {
		every := d.cfg.Telemetry.Interval
		if !dev.Gateway {
			every *= 20
		}
		c.Sources = append(c.Sources, telemetry.Source{Device: dev.Name, Observer: dev.Driver, Interval: every})
	}
	m, err := telemetry.New(c)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return m, nil
}

func (d *daemon) buildOrders(context.Context) error {
	key, err := d.cfg.Store.ReadSealKey()
	if err != nil {
		return fmt.Errorf("seal key: %w", err)
	}
	offerKey, err := hkdf.Key(sha256.New, key, nil, "s2cd offers", 32)
	if err != nil {
		return fmt.Errorf("offer key: %w", err)
	}
	d.orders, err = order.New(order.Config{
		Store: d.store, Paths: d.paths, Ledger: d.ledger, Meter: d.monitor, Records: d.measured, Directory: directory(d.inventory), OfferKey: offerKey,
		Clock: d.now, NewID: newID,
		Wake: func(s session.Session) { d.recorder.Follow(s); d.runner.Wake() }, Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	return nil
}

// purge forgets what ended longer ago than the catalogue keeps it readable.
func (d *daemon) purge() part {
	return d.sweep("ended sessions", purgeEvery, func(ctx context.Context) (int, error) {
		return d.store.Purge(ctx, d.now().Add(-d.inventory.Catalogue.KeepTerminated))
	})
}

// newID makes session ids that grow with time (RFC 9562 section 5.7): the store
// then keeps those of an hour side by side.
func newID() session.ID { return session.ID(uuid.Must(uuid.NewV7()).String()) }

// expireHolds returns the room of holds that nobody spent in time: at the start
// of those that ended meanwhile, then as they end.
func (d *daemon) expireHolds() part {
	return d.sweep("expired holds", expireEvery, func(ctx context.Context) (int, error) {
		return d.store.ExpireHolds(ctx, d.now(), d.ledger)
	})
}
