// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// Device is a managed device and its driver.
type Device struct {
	Name    topology.NodeName
	Gateway bool
	Driver  southbound.Driver
}

// Config is what a Runner needs. All fields but Meter, Moved, Log and Turns are required.
type Config struct {
	Store    Store
	Ledger   order.Ledger
	Verifier Verifier
	Meter    order.Meter // nil: what was delivered is not kept when a session ends
	Devices  []Device
	Turns    Turns
	Terms    Terms
	Timing   Timing
	Brakes   Brakes
	Holder   string // this daemon in leases: the same after a restart on the same store, never shared
	Clock    func() time.Time
	Moved    func(session.Session) // told of a session that was moved on; must not block; nil: nobody is
	Log      *slog.Logger
}

// claimLimit and claimFor bound how many sessions are worked on at once and for
// how long nobody else looks at them. Between two turns the runner rests while
// customers wait: each keeps the store's writer for some 10 ms.
const (
	claimLimit = movers
	claimFor   = 10 * time.Second
	pollEvery  = 500 * time.Millisecond
	movers     = 16 // sessions moved on at the same time: their commits share transactions
)

// Runner moves sessions through their phases and keeps devices as decided.
type Runner struct {
	Config
	executors map[topology.NodeName]*executor
	wake      chan struct{}

	mu    sync.Mutex                     // guards watch
	watch map[session.ID]session.Session // wait for packets, polled from memory
}

// NewRunner returns a Runner; nothing happens before Run.
func NewRunner(c Config) (*Runner, error) {
	if c.Store == nil || c.Ledger == nil || c.Verifier == nil || c.Clock == nil || c.Holder == "" {
		return nil, errors.New("provision: store, ledger, verifier, clock and holder are required")
	}
	if c.Timing.Rollback <= c.Timing.Lease {
		return nil, fmt.Errorf("provision: the rollback time %s must be longer than the device lease %s", c.Timing.Rollback, c.Timing.Lease)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{Config: c, executors: map[topology.NodeName]*executor{}, wake: make(chan struct{}, 1), watch: map[session.ID]session.Session{}}
	for _, d := range c.Devices {
		x := &executor{
			device: d.Name, gateway: d.Gateway, driver: d.Driver, store: c.Store, terms: c.Terms, timing: c.Timing,
			holder: c.Holder, turns: c.Turns, now: c.Clock, wake: r.Wake, log: c.Log, kick: make(chan struct{}, 1),
			observeOnly: c.Brakes.ObserveOnly, additions: brake{limit: c.Brakes.ChangesPerMinute}, deletions: brake{limit: c.Brakes.DeletionsPerMinute},
		}
		x.set("starting", "")
		r.executors[d.Name] = x
	}
	return r, nil
}

// Wake makes the runner look for due sessions now. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Status returns the state of every device, by name.
func (r *Runner) Status() []DeviceStatus {
	all := make([]DeviceStatus, 0, len(r.executors))
	for _, x := range r.executors {
		all = append(all, x.Status())
	}
	slices.SortFunc(all, func(a, b DeviceStatus) int { return strings.Compare(string(a.Device), string(b.Device)) })
	return all
}

// Resync makes every executor read its device back.
func (r *Runner) Resync() {
	for _, x := range r.executors {
		x.Kick()
	}
}

// Run works until ctx ends; then it waits for what it started.
func (r *Runner) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, x := range r.executors {
		group.Go(func() error { x.run(ctx); return nil })
	}
	group.Go(func() error { r.loop(ctx); return nil })
	return group.Wait()
}

// loop takes turns. While there is more to do and customers wait it rests after
// each turn: their orders need the store too.
func (r *Runner) loop(ctx context.Context) {
	for {
		began := time.Now()
		more, err := r.turn(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("sessions cannot be moved on", "error", err)
		}
		wait := pollEvery
		if more {
			wait = r.Turns.rest(time.Since(began))
		} else if r.watching() {
			wait = repoll
		}
		wake := r.wake
		if more {
			wake = nil // that there is work is known
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (r *Runner) watching() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.watch) > 0
}

// turn moves on what is due; more is true when there may be more.
func (r *Runner) turn(ctx context.Context) (more bool, err error) {
	now := r.Clock()
	due, err := r.Store.ClaimDue(ctx, r.Holder, now, now.Add(claimFor), claimLimit)
	if err != nil {
		return false, fmt.Errorf("claim due sessions: %w", err)
	}
	var move []session.Session
	var stay []Later
	for _, s := range due {
		if later, ok := r.stays(s, now); ok {
			stay = append(stay, later)
		} else {
			move = append(move, s)
		}
	}
	var group errgroup.Group
	group.SetLimit(movers)
	for _, s := range append(move, r.proven(now)...) {
		group.Go(func() error {
			if err := r.moveOn(ctx, s); err != nil && ctx.Err() == nil {
				r.Log.Warn("session not moved on", "session", s.ID, "phase", s.Phase, "error", err)
			}
			return nil
		})
	}
	if len(stay) > 0 {
		err = r.Store.LookLater(ctx, r.Holder, stay)
	}
	if err := errors.Join(group.Wait(), err); err != nil {
		return false, err
	}
	return len(due) == claimLimit, nil
}

// stays says when to look again at a session that stays entirely as it is: many
// of them are written at once.
func (r *Runner) stays(s session.Session, now time.Time) (Later, bool) {
	_, moves, again := decide(s, now, r.Verifier)
	if moves || r.stay(s, again).Reserve != nil {
		return Later{}, false
	}
	r.kickFor(s)
	r.note(s, s)
	return Later{Session: s.ID, Version: s.Version, Due: again}, true
}

// proven returns the watched sessions that can become active now and are not
// claimed already.
func (r *Runner) proven(now time.Time) []session.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ready []session.Session
	for id, s := range r.watch {
		if !now.Before(s.Start) && r.Verifier.Verify(s).Proven {
			ready = append(ready, s)
			delete(r.watch, id)
		}
	}
	return ready
}

// moveOn takes one session as far as it goes without waiting.
func (r *Runner) moveOn(ctx context.Context, s session.Session) error {
	for {
		step, ok, again := decide(s, r.Clock(), r.Verifier)
		if !ok {
			r.kickFor(s)
			step = r.stay(s, again)
		}
		if s.EndedAt.IsZero() && !step.Session.EndedAt.IsZero() && r.Meter != nil {
			step.Session.Delivered = order.DeliveredOf(r.Meter.Measured(s))
		}
		next, err := r.Store.Advance(ctx, step, r.Ledger)
		if (errors.Is(err, order.ErrConflict) || errors.Is(err, order.ErrNotBooked)) && step.Reserve != nil {
			r.Log.Error("what a session has on devices cannot be reserved", "session", s.ID, "until", step.Reserve.Window.Until, "reason", s.Reason, "error", err)
			if ok {
				ok, again = false, r.Clock().Add(relook)
			}
			next, err = r.Store.Advance(ctx, order.Step{Session: s, Due: again}, r.Ledger)
		}
		if session.CodeOf(err) == session.Aborted {
			// An executor or the customer was faster: decide again on what is now.
			next, err = r.Store.Session(ctx, s.ID)
			ok = true
		}
		if err != nil {
			return fmt.Errorf("advance to %s: %w", step.Session.Phase, err)
		}
		r.note(s, next)
		if !ok || next.Phase == session.Released {
			return nil
		}
		s = next
	}
}

// overstay is by how much the reservation of a session that should be gone and is
// not is pushed forward at a time: bandwidth returns by proof, not by the clock.
const overstay = 2 * time.Minute

// stay is the step of a session that stays as it is.
func (r *Runner) stay(s session.Session, again time.Time) order.Step {
	step := order.Step{Session: s, Due: again}
	until := s.Route.Until
	if s.Decision != session.DecideAbsent || r.Clock().Before(until.Add(-overstay/2)) || !placed(s) {
		return step
	}
	step.Session.Route.Until = until.Add(overstay)
	on := s.Route
	if was, changed := s.Was(); changed && was.Rate.Larger() > s.Rate.Larger() {
		on = s.Former.Route // nobody knows which of the two is there
	}
	step.Reserve = &pathcomp.Admission{
		Class: on.Class, Variant: on.Variant, Window: pathcomp.Window{From: until, Until: step.Session.Route.Until},
	}
	step.Like = new(on.Variant)
	return step
}

// placed reports whether a session may still be on a device.
func placed(s session.Session) bool {
	return s.Phase != session.Released && !everywhere(s, session.Absent)
}

// note logs a move and keeps the set of sessions that wait for packets.
func (r *Runner) note(before, after session.Session) {
	if before.Phase != after.Phase {
		r.Log.Info("session moved", "session", after.ID, "from", before.Phase, "to", after.Phase, "reason", after.Reason)
	}
	if r.Moved != nil && after.Version != before.Version {
		r.Moved(after)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if after.Phase == session.Verifying {
		r.watch[after.ID] = after
	} else {
		delete(r.watch, after.ID)
	}
}

// kickFor wakes the executors whose devices are not as decided.
func (r *Runner) kickFor(s session.Session) {
	want := session.Present
	if s.Decision == session.DecideAbsent {
		want = session.Absent
	}
	if s.Phase == session.Admitted || s.Phase == session.Released {
		return
	}
	for _, d := range s.Devices {
		if x := r.executors[d.Device]; x != nil && d.Have != want {
			x.Kick()
		}
	}
}
