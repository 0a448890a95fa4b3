// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Timing are the executor's bounds. Rollback must be longer than Lease plus the
// slowest commit, so that a device never undoes what a successor still confirms.
type Timing struct {
	Lease    time.Duration // of a device
	RPC      time.Duration // of one call to a device, shorter than Lease
	Rollback time.Duration // until a device undoes what was not confirmed
	Resync   time.Duration // between two full read-backs without a reason
	Retry    time.Duration // after a failure; doubles up to Resync
}

// executor is the one writer of one device: it brings the device to what the
// store decided, in one device transaction at a time.
type executor struct {
	device      topology.NodeName
	gateway     bool
	observeOnly bool
	driver      southbound.Driver
	store       Store
	terms       Terms
	timing      Timing
	holder      string
	turns       Turns
	now         func() time.Time
	wake        func() // tells the runner that findings were written
	log         *slog.Logger

	kick                 chan struct{} // holds at most one wish to look again
	additions, deletions brake

	cleared    uint64     // the fence under which leftovers were undone
	fenced     int        // how often the device had seen a newer fence than ours
	mismatched bool       // the last read-back differed from what was written
	mu         sync.Mutex // guards state
	state      DeviceStatus
}

// DeviceStatus is what an executor says of its device.
type DeviceStatus struct {
	Device  topology.NodeName
	State   string // "in sync", "changing", "unreachable", "refused", "frozen", "leased elsewhere", "starting" ...
	Reason  string
	Since   time.Time // of State
	Changed time.Time // last transaction confirmed
	Fence   uint64
	Objects int // marked VRFs that are not this store's and are left alone
}

// Kick asks for another look; it never blocks.
func (x *executor) Kick() {
	select {
	case x.kick <- struct{}{}:
	default:
	}
}

// run looks at the device whenever it is kicked, and now and then, until ctx ends.
func (x *executor) run(ctx context.Context) {
	wait := time.Duration(0)
	backoff := x.timing.Retry
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-x.kick:
			timer.Stop()
		case <-timer.C:
		}
		deferred, err := x.sync(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case deferred:
			wait = x.timing.Retry
		case err == nil:
			wait, backoff = x.timing.Resync, x.timing.Retry
		default:
			x.log.Warn("device not in sync", "device", x.device, "error", err, "again", backoff)
			if !rest(ctx, x.timing.Retry) { // whatever kicks meanwhile
				return
			}
			wait, backoff = backoff-x.timing.Retry, min(2*backoff, x.timing.Resync)
		}
	}
}

// rest waits; false: ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// sync reads the device, changes what differs and writes down what it found.
// deferred says that the brakes left something to do.
func (x *executor) sync(ctx context.Context) (deferred bool, err error) {
	lease, err := x.lease(ctx)
	if err != nil {
		return false, err
	}
	// Every call to the device ends before the lease does: a successor that
	// waits for the lease can be sure that nothing of ours is on its way.
	ctx, cancel := context.WithTimeoutCause(ctx, lease.Until.Sub(x.now()), errors.New("device lease ends"))
	defer cancel()
	var sessions []*session.Session
	x.turns.Do(func() { sessions, err = x.store.OnDevice(ctx, x.device) })
	if err != nil {
		return false, fmt.Errorf("sessions on %s: %w", x.device, err)
	}
	freezes, err := x.store.Freezes(ctx)
	if err != nil {
		return false, fmt.Errorf("freezes: %w", err)
	}
	w := x.work(lease, sessions, freezes)
	err = w.carryOut(ctx)
	if err == nil {
		err = x.learnSlots(ctx)
	}
	if southbound.KindOf(err) == southbound.Fenced {
		// Whoever wrote had a lease after ours. Under another name we get the
		// next one once that has ended, never the old one again.
		x.fenced++
	}
	if saved := x.record(ctx, lease, w); saved != nil {
		err = errors.Join(err, saved)
	}
	x.report(w, err)
	return w.deferred, err
}

func (x *executor) lease(ctx context.Context) (Lease, error) {
	now := x.now()
	holder := x.holder
	if x.fenced > 0 {
		holder = fmt.Sprintf("%s/%d", x.holder, x.fenced)
	}
	lease, err := x.store.LeaseDevice(ctx, x.device, holder, now, now.Add(x.timing.Lease))
	if errors.Is(err, ErrLeased) {
		x.set("leased elsewhere", "another daemon manages the device")
	}
	if err != nil {
		return Lease{}, fmt.Errorf("lease %s: %w", x.device, err)
	}
	return lease, nil
}

// learnSlots keeps the public keys that a gateway announces for its next
// tunnels, so that a customer is told them when ordering.
func (x *executor) learnSlots(ctx context.Context) error {
	if !x.gateway {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, x.timing.RPC)
	defer cancel()
	o, err := x.driver.Observe(ctx)
	if err != nil {
		return err
	}
	if err := x.store.RecordSlots(ctx, x.device, o.Slots); err != nil {
		return fmt.Errorf("tunnel keys of %s: %w", x.device, err)
	}
	return nil
}

// recordAtOnce bounds the findings of one write: orders wait for it to end.
const recordAtOnce = 8

// record writes the findings under the lease.
func (x *executor) record(ctx context.Context, lease Lease, w *work) error {
	for found := range slices.Chunk(slices.Collect(maps.Values(w.findings)), recordAtOnce) {
		if err := x.store.RecordDevice(context.WithoutCancel(ctx), lease, found, x.now()); err != nil {
			return fmt.Errorf("record findings on %s: %w", x.device, err)
		}
		x.wake()
	}
	return nil
}

// report turns the outcome into the state that people see.
func (x *executor) report(w *work, err error) {
	x.mu.Lock()
	x.state.Fence, x.state.Objects = w.lease.Fence, len(w.foreign)
	if w.confirmed {
		x.state.Changed = x.now()
	}
	x.mu.Unlock()
	var op *southbound.OpError
	switch {
	case err == nil && w.frozen != "":
		x.set("frozen", w.frozen)
	case err == nil:
		x.set("in sync", "")
	case errors.As(err, &op):
		x.set(op.Kind.String(), op.Err.Error())
	default:
		x.set("failing", err.Error())
	}
}

func (x *executor) set(state, reason string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.state.State != state {
		x.state.Since = x.now()
	}
	x.state.Device, x.state.State, x.state.Reason = x.device, state, reason
}

// Status returns the newest state.
func (x *executor) Status() DeviceStatus {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.state
}

// fault is an error of this device that the executor itself found.
func (x *executor) fault(op string, kind southbound.Kind, err error) error {
	return &southbound.OpError{Device: string(x.device), Op: op, Kind: kind, Err: err}
}

// work prepares one look at the device.
func (x *executor) work(lease Lease, sessions []*session.Session, freezes []Freeze) *work {
	w := &work{
		x: x, lease: lease, findings: map[session.ID]Finding{}, vpns: map[string]bool{},
	}
	if x.observeOnly {
		w.frozen = "observing only"
	}
	for _, f := range freezes {
		if f.Scope == FreezeAll || f.Scope == FreezeDevice && f.Name == string(x.device) {
			w.frozen = f.Reason
			if w.frozen == "" {
				w.frozen = "frozen by an operator"
			}
		}
	}
	for _, s := range sessions {
		w.sort(s, heldTenant(freezes, s.Tenant))
	}
	return w
}

func heldTenant(freezes []Freeze, t session.TenantID) bool {
	for _, f := range freezes {
		if f.Scope == FreezeTenant && f.Name == string(t) {
			return true
		}
	}
	return false
}
