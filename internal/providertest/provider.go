// SPDX-License-Identifier: Apache-2.0

// Package providertest is a whole provider in one process for tests of what
// customers use: the API over TLS with tokens of an issuer, the real core and
// store, and devices in memory. The network is testnet's Twin.
package providertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/devtoken"
	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/telemetry"
	"github.com/s2cd/s2cd/topology"
)

// What the tenants' applications are known by: the client ids are TENANT-app.
const (
	Secret   = "top hush+1"
	audience = "s2cd-test"
)

// Provider runs until Close.
type Provider struct {
	API    *httptest.Server // its Client trusts it
	Issuer string           // URL

	store   *sqlite.Store
	ledger  *pathcomp.Ledger
	devices map[topology.NodeName]*drivertest.Fake
	monitor *telemetry.Monitor
	runner  *provision.Runner
	orders  *order.Service
	issuer  *devtoken.Issuer
	stop    func() error
}

// Start runs a provider whose store lies in dir.
func Start(dir string) (*Provider, error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Provider{ledger: pathcomp.NewLedger(time.Now)}
	for _, step := range []func(context.Context, string) error{p.openStore, p.buildDevices, p.buildProvision, p.buildOrders, p.buildAPI} {
		if err := step(ctx, dir); err != nil {
			cancel()
			return nil, fmt.Errorf("provider for tests: %w", err)
		}
	}
	done := make(chan error, 3)
	for _, run := range []func(context.Context) error{p.runner.Run, p.monitor.Run, p.issuer.Serve} {
		go func() { done <- run(ctx) }()
	}
	p.stop = func() (err error) {
		cancel()
		for range cap(done) {
			if ended := <-done; !errors.Is(ended, context.Canceled) {
				err = errors.Join(err, ended)
			}
		}
		return err
	}
	return p, nil
}

// Close ends it.
func (p *Provider) Close() error {
	p.API.Close()
	return errors.Join(p.stop(), p.store.Close())
}

func (p *Provider) openStore(ctx context.Context, dir string) error {
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "s2cd.db")
	if err := sqlitetest.Put(path); err != nil {
		return err
	}
	p.store, err = sqlite.Open(ctx, sqlite.Config{
		Path: path, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Seal: box,
	})
	return err
}

func (p *Provider) buildDevices(context.Context, string) error {
	p.devices = map[topology.NodeName]*drivertest.Fake{}
	var sources []telemetry.Source
	for _, n := range testnet.Twin().Nodes {
		d := drivertest.NewFake(string(n.Name), time.Now)
		p.devices[n.Name] = d
		if n.Role == topology.Gateway {
			d.SetObserve(drivertest.Answering)
			sources = append(sources, telemetry.Source{Device: n.Name, Observer: d, Interval: 20 * time.Millisecond})
		}
	}
	var err error
	p.monitor, err = telemetry.New(telemetry.Config{Sources: sources, Timeout: time.Second, Stale: 5 * time.Second, Clock: time.Now})
	return err
}

func (p *Provider) buildProvision(ctx context.Context, _ string) error {
	epoch, err := p.store.Epoch(ctx)
	if err != nil {
		return err
	}
	const lease = 10 * time.Second
	cfg := provision.Config{
		Store: p.store.Provision(), Ledger: p.ledger, Verifier: p.monitor, Holder: "test", Clock: time.Now,
		Terms:  provision.Terms{AS: 65000, Epoch: epoch, MaxPrefixes: 100, ProbeInterval: 100, KeepaliveSecs: 25},
		Timing: provision.Timing{Lease: lease, RPC: 5 * time.Second, Rollback: 3 * lease, Resync: time.Minute, Retry: time.Second},
	}
	for n, d := range p.devices {
		cfg.Devices = append(cfg.Devices, provision.Device{Name: n, Gateway: isGateway(n), Driver: d})
	}
	p.runner, err = provision.NewRunner(cfg)
	return err
}

func isGateway(n topology.NodeName) bool {
	return testnet.TwinDirectory().Nodes[n].Role == topology.Gateway
}

func (p *Provider) buildOrders(context.Context, string) error {
	core, err := pathcomp.NewCore(testnet.Twin(), p.ledger, time.Now)
	if err != nil {
		return err
	}
	p.orders, err = order.New(order.Config{
		Store: p.store, Paths: core, Ledger: p.ledger, Meter: p.monitor, Directory: testnet.TwinDirectory(), OfferKey: make([]byte, 32),
		Clock: time.Now, NewID: func() session.ID { return session.ID(uuid.Must(uuid.NewV7()).String()) },
		Wake: func(session.Session) { p.runner.Wake() },
	})
	return err
}

func (p *Provider) buildAPI(ctx context.Context, _ string) error {
	scopes, err := northbound.Scopes()
	if err != nil {
		return err
	}
	log, directory := slog.New(slog.DiscardHandler), testnet.TwinDirectory()
	cfg := devtoken.Config{Addr: "127.0.0.1:0", Audience: audience, Log: log}
	tenants := map[string]session.TenantID{}
	for _, t := range directory.Tenants {
		for _, id := range t.Clients {
			tenants[id] = t.ID
			cfg.Clients = append(cfg.Clients, devtoken.Client{ID: id, Secret: Secret, Scopes: scopes})
		}
	}
	if p.issuer, err = devtoken.Listen(ctx, cfg); err != nil {
		return err
	}
	p.Issuer = p.issuer.URL()
	verifier, err := auth.New(auth.Config{Issuer: p.Issuer, Audience: audience})
	if err != nil {
		return err
	}
	server, err := northbound.New(northbound.Config{
		UseCases: p.orders, Authenticator: verifier, Log: log,
		TenantOf: func(client string) (session.TenantID, bool) { t, ok := tenants[client]; return t, ok },
	})
	if err != nil {
		return err
	}
	p.API = httptest.NewTLSServer(server)
	return nil
}
