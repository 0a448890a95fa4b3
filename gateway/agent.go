// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/s2cd/s2cd/southbound"
	model "github.com/s2cd/s2cd/yang/gateway"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// Config is what an Agent needs.
type Config struct {
	StateDir  string // made 0700 where missing
	FirstSlot uint16 // UDP ports that tunnels may listen on,
	LastSlot  uint16 // first and last, at most 4096 of them
	Version   string
	Realiser  Realiser
	Prober    Prober
	Now       func() time.Time // default time.Now
	Log       *slog.Logger     // default discards
	Reconcile time.Duration    // how often the kernel is compared again; default 10 s
	ApplyWait time.Duration    // how long one realisation may take; default 60 s
}

// Agent holds the configuration of one gateway and answers for it.
type Agent struct {
	cfg   Config
	dir   stateDir
	slots *slots
	wake  chan struct{} // asks Run for a reconcile

	// mu serialises everything that changes the configuration or the kernel.
	mu        sync.Mutex
	confirmed *tree
	running   *tree           // confirmed, or what a pending commit made of it
	failed    blame           // of the last realisation
	present   map[string]bool // VRFs that the kernel may hold
	fence     fence
	pending   *pendingCommit

	// stateMu guards what Get and Subscribe show; it is taken after mu, never
	// before, and never held over a change of the kernel.
	stateMu sync.Mutex
	shown   shown
}

// tree is a configuration in both its forms; neither is ever changed.
type tree struct {
	root *gwyang.Root
	cfg  southbound.DeviceConfig
}

// shown is a copy of what the agent says of itself.
type shown struct {
	tree       *tree
	ready      bool
	faults     []string
	leftover   []string // VRFs that are not configured and could not be removed
	fence      fence
	pending    string
	rollbackAt time.Time
	rolledBack string
	slots      []shownSlot
}

type shownSlot struct {
	port      uint16
	publicKey string
	tunnel    string
}

// New loads what the state folder holds. It touches nothing in the kernel; Start does.
func New(cfg Config) (*Agent, error) {
	if cfg.FirstSlot == 0 || cfg.LastSlot < cfg.FirstSlot || int(cfg.LastSlot)-int(cfg.FirstSlot) >= 4096 {
		return nil, fmt.Errorf("slots %d to %d: need 1 to 4096 UDP ports, lowest first", cfg.FirstSlot, cfg.LastSlot)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Reconcile == 0 {
		cfg.Reconcile = 10 * time.Second
	}
	if cfg.ApplyWait == 0 {
		cfg.ApplyWait = time.Minute
	}
	a := &Agent{cfg: cfg, wake: make(chan struct{}, 1)}
	var err error
	if a.dir, err = openStateDir(cfg.StateDir); err != nil {
		return nil, err
	}
	if a.slots, err = openSlots(a.dir, cfg.FirstSlot, cfg.LastSlot); err != nil {
		return nil, err
	}
	if _, err := a.dir.read(fenceFile, &a.fence); err != nil {
		return nil, err
	}
	if a.confirmed, err = a.load(); err != nil {
		return nil, err
	}
	a.running = a.confirmed
	return a, nil
}

// load returns the last confirmed configuration.
func (a *Agent) load() (*tree, error) {
	b, err := a.dir.readBytes(configFile)
	if err != nil {
		return nil, err
	}
	root := &gwyang.Root{}
	if b != nil {
		if err := gwyang.Unmarshal(b, root); err != nil {
			return nil, fmt.Errorf("state file %s: %w", configFile, err)
		}
	}
	cfg, err := model.ToConfig(root)
	if err != nil {
		return nil, fmt.Errorf("state file %s: %w", configFile, err)
	}
	return &tree{root: root, cfg: cfg}, nil
}

// Start makes the kernel equal to the confirmed configuration, adopting what
// runs. A commit that was pending when the last agent ended is thereby rolled
// back. It fails only when the state folder does; a kernel that refuses is a
// fault in the state, and Run tries again.
func (a *Agent) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var left struct {
		ID string `json:"id"`
	}
	found, err := a.dir.read(pendingFile, &left)
	if err != nil {
		return err
	}
	if err := a.apply(ctx, a.confirmed); err != nil {
		a.cfg.Log.Error("the configuration cannot be realised", "error", err)
	}
	if found {
		confirmed, err := a.wasConfirmed(left.ID)
		if err != nil {
			return err
		}
		if !confirmed {
			a.cfg.Log.Warn("a commit was pending at the last end and is rolled back", "commit", left.ID)
			a.show(func(s *shown) { s.rolledBack = left.ID })
		}
		if err := a.dir.remove(pendingFile); err != nil {
			return err
		}
	}
	if err := a.slots.settle(a.confirmed.cfg); err != nil {
		return err
	}
	a.show(nil)
	return nil
}

// Run compares the kernel with the configuration from time to time until ctx
// ends, then stops the probes. The data plane stays.
func (a *Agent) Run(ctx context.Context) {
	tick := time.NewTicker(a.cfg.Reconcile)
	defer tick.Stop()
	defer a.stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-a.wake:
		}
		a.mu.Lock()
		if err := a.apply(ctx, a.running); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("the configuration cannot be realised", "error", err)
		}
		a.mu.Unlock()
	}
}

// Kick asks for a comparison soon, for example when a child process died.
func (a *Agent) Kick() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// stop ends probes and the rollback timer; a pending commit's file stays, so
// the next start rolls it back.
func (a *Agent) stop() {
	a.mu.Lock()
	if a.pending != nil {
		a.pending.timer.Stop()
	}
	a.mu.Unlock()
	a.cfg.Prober.Close()
}

// apply has t realised and says in the state how it went. mu is held.
func (a *Agent) apply(ctx context.Context, t *tree) error {
	keys, err := a.slots.assign(t.cfg)
	if err != nil {
		a.show(func(s *shown) { s.ready, s.faults = false, []string{err.Error()} })
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.ApplyWait)
	defer cancel()
	faults, err := a.cfg.Realiser.Apply(ctx, Desired{Config: t.cfg, Keys: keys})
	if err != nil {
		faults = append(faults, messages(err)...)
	}
	a.cfg.Prober.Set(t.cfg)
	a.running, a.failed = t, blameOf(err)
	a.present = a.failed.present(a.present, t.cfg)
	left := leftover(a.present, t.cfg)
	a.show(func(s *shown) { s.ready, s.faults, s.leftover = err == nil, faults, left })
	return err
}

// show copies what Get and Subscribe see. mu is held.
func (a *Agent) show(change func(*shown)) {
	a.stateMu.Lock()
	defer a.stateMu.Unlock()
	if change != nil {
		change(&a.shown)
	}
	a.shown.tree, a.shown.fence = a.running, a.fence
	a.shown.pending, a.shown.rollbackAt = "", time.Time{}
	if a.pending != nil {
		a.shown.pending, a.shown.rollbackAt = a.pending.id, a.pending.deadline
	}
	a.shown.slots = a.shown.slots[:0:0]
	for i, sl := range a.slots.slot {
		a.shown.slots = append(a.shown.slots, shownSlot{
			port: a.slots.first + uint16(i), publicKey: sl.public, tunnel: sl.Tunnel,
		})
	}
}

// errPutBack says that a change failed and the gateway is not as it was before it.
var errPutBack = errors.New("the former configuration could not be put back")

// change realises next. Where one of the VRFs that it changes fails, the former
// tree is put back and the error names the objects; with errPutBack in it that
// failed too. VRFs that it does not change may fail: that is a fault in the
// state, as it was without the change. mu is held.
func (a *Agent) change(ctx context.Context, next *tree) error {
	before, failed := a.running, a.failed
	changed := differing(before.cfg, next.cfg)
	err := a.apply(ctx, next)
	if err == nil {
		return nil
	}
	if !blameOf(err).among(changed) {
		a.cfg.Log.Error("VRFs beside the changed ones cannot be realised", "error", err)
		return nil
	}
	if undo := a.apply(ctx, before); undo != nil && blameOf(undo).without(failed).among(changed) {
		err = errors.Join(err, fmt.Errorf("%w: %w", errPutBack, undo))
	}
	if settle := a.slots.settle(before.cfg); settle != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", errPutBack, settle))
	}
	a.show(nil)
	return err
}
