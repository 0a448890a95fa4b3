// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/testnet"
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

// world is a whole core on a real store, with devices in memory.
type world struct {
	t       *testing.T
	store   *sqlite.Store
	ledger  *pathcomp.Ledger
	orders  *order.Service
	devices map[topology.NodeName]*drivertest.Fake
	path    string
	stop    func() // ends the running daemon
	runner  *provision.Runner
	brakes  provision.Brakes
}

const (
	lasts = 5 * time.Minute
	lease = 10 * time.Second
)

// newWorld starts the core in a synctest bubble; it ends with the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, provision.Brakes{})
}

func newWorldWith(t *testing.T, brakes provision.Brakes) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "s2cd.db"), devices: map[topology.NodeName]*drivertest.Fake{}, brakes: brakes}
	for _, n := range []topology.NodeName{"pe1", "pe2", "gw1"} {
		w.devices[n] = drivertest.NewFake(string(n), time.Now)
	}
	w.devices["gw1"].SetObserve(drivertest.Answering)
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

// start runs a daemon on the store; the devices live on from one to the next.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	box, err := seal.New(make([]byte, seal.KeySize))
	w.must(err)
	w.must(sqlitetest.Put(w.path))
	w.store, err = sqlite.Open(ctx, sqlite.Config{Path: w.path, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Seal: box})
	w.must(err)
	w.ledger = pathcomp.NewLedger(time.Now)
	w.must(w.store.LoadBookings(ctx, w.ledger.Load))
	core, err := pathcomp.NewCore(testnet.Network(), w.ledger, time.Now)
	w.must(err)
	monitor, err := telemetry.New(telemetry.Config{
		Sources: []telemetry.Source{{Device: "gw1", Observer: w.devices["gw1"], Interval: time.Second}},
		Timeout: time.Second, Stale: 5 * time.Second, Clock: time.Now,
	})
	w.must(err)
	epoch, err := w.store.Epoch(ctx)
	w.must(err)
	cfg := provision.Config{
		Store: w.store.Provision(), Ledger: w.ledger, Verifier: monitor, Meter: monitor, Holder: "test", Clock: time.Now, Brakes: w.brakes,
		Terms: provision.Terms{AS: 65000, Epoch: epoch, MaxPrefixes: 100, ProbeInterval: 100, KeepaliveSecs: 25},
		Timing: provision.Timing{
			Lease: lease, RPC: 5 * time.Second, Rollback: 3 * lease, Resync: time.Minute, Retry: time.Second,
		},
	}
	for n, d := range w.devices {
		cfg.Devices = append(cfg.Devices, provision.Device{Name: n, Gateway: n == "gw1", Driver: d})
	}
	w.runner, err = provision.NewRunner(cfg)
	w.must(err)
	w.orders, err = order.New(order.Config{
		Store: w.store, Paths: core, Ledger: w.ledger, Meter: monitor, Directory: testnet.Directory(), OfferKey: make([]byte, 32),
		Clock: time.Now, NewID: func() session.ID { return session.ID(uuid.NewString()) },
		Wake: func(session.Session) { w.runner.Wake() },
	})
	w.must(err)
	done := make(chan struct{}, 2)
	go func() { _ = w.runner.Run(ctx); done <- struct{}{} }()
	go func() { _ = monitor.Run(ctx); done <- struct{}{} }()
	w.stop = func() {
		cancel()
		<-done
		<-done
		w.must(w.store.Close())
		w.stop = func() {}
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restart ends the daemon and starts it again on the same store.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

func caller() order.Caller { return order.Caller{Tenant: "acme", Client: "app", Correlator: "c-1"} }

// wish is an order from site n to the cloud.
func wish(n int) order.Order {
	return order.Order{
		Inquiry: order.Inquiry{
			A: order.EndRequest{AccessPoint: fmt.Sprintf("site%d", n), Prefixes: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", n))}},
			Z: order.EndRequest{
				AccessPoint: fmt.Sprintf("cloud%d", n), Prefixes: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("172.16.%d.0/24", n))},
				WireGuard: &order.WireGuardEnd{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
			},
			Rate: session.Rate{Forward: 10_000, Reverse: 10_000}, Duration: lasts, Level: session.LevelA,
		},
		Routing: session.Static,
	}
}

// order places a wish that must be accepted.
func (w *world) order(o order.Order) session.Session {
	w.t.Helper()
	made, _, err := w.orders.Create(context.Background(), caller(), o)
	w.must(err)
	return made
}

func (w *world) session(id session.ID) session.Session {
	w.t.Helper()
	s, err := w.store.Session(context.Background(), id)
	w.must(err)
	return s
}

// await lets time pass until the session is in phase.
func (w *world) await(id session.ID, phase session.Phase) session.Session {
	w.t.Helper()
	deadline, step := time.Now().Add(3*time.Hour), 200*time.Millisecond
	if phase == session.Active || phase == session.Released { // they last
		step = time.Second
	}
	for time.Now().Before(deadline) {
		if s := w.session(id); s.Phase == phase {
			return s
		}
		time.Sleep(step) // the bubble's time
	}
	s := w.session(id)
	w.t.Fatalf("session is %s (%s) with devices %+v, want %s; devices: %+v", s.Phase, s.Reason, s.Devices, phase, w.runner.Status())
	return s
}

// clean fails unless nothing is left on any device and nothing is reserved.
func (w *world) clean() {
	w.t.Helper()
	for n, d := range w.devices {
		if got := d.Config(); len(got.VRFs) != 0 {
			w.t.Errorf("%s still holds %+v", n, got)
		}
		if id := d.Open(); id != "" {
			w.t.Errorf("%s still has commit %s open", n, id)
		}
	}
	err := w.store.LoadBookings(context.Background(), func(b pathcomp.Booking) error {
		if b.Owner != "" {
			return fmt.Errorf("%s still has %v", b.Owner, b.Uses)
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
}
