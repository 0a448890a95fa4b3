// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

// DefaultRollback is how long a Fake waits for a confirmation when the
// transaction does not say.
const DefaultRollback = 30 * time.Second

// Doubt says what a Fake does with the next Apply before it loses the answer.
type Doubt int

const (
	// Answer is the normal case: nothing is lost.
	Answer Doubt = iota
	// LoseRequest loses the request: no effect.
	LoseRequest
	// LoseReply carries the request out and loses the reply.
	LoseReply
)

// Record is a call that reached a Fake.
type Record struct {
	Op   string // "apply", "confirm", "cancel"
	Tx   southbound.Transaction
	Kind southbound.Kind // of the error answered; 0: none
}

var _ southbound.Driver = (*Fake)(nil)

// Fake is a device in memory. It keeps what Apply gives it, has
// commit-confirmed with a timer on the injected clock, refuses old fences and
// fails as told. All methods are safe for concurrent use.
type Fake struct {
	name string
	now  func() time.Time

	mu          sync.Mutex // guards all below
	config      southbound.DeviceConfig
	open        *openCommit
	settled     map[string]bool // ids that Confirm and Cancel accept without an open commit
	fence       uint64
	records     []Record
	writes      int
	plain       bool
	foreign     bool
	unreachable error
	doubt       Doubt
	refuse      func(southbound.Transaction) error
	hook        func(ctx context.Context, op string) error
	observe     func(southbound.DeviceConfig, time.Time) southbound.Observation
}

type openCommit struct {
	id       string
	before   southbound.DeviceConfig
	deadline time.Time
}

// NewFake returns an empty device of that name; now is its clock, time.Now if nil.
func NewFake(name string, now func() time.Time) *Fake {
	if now == nil {
		now = time.Now
	}
	return &Fake{name: name, now: now, settled: map[string]bool{}}
}

// Read implements southbound.Reader.
func (f *Fake) Read(ctx context.Context) (southbound.DeviceConfig, error) {
	if err := f.enter(ctx, "read"); err != nil {
		return southbound.DeviceConfig{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tick()
	return Clone(f.config), nil
}

// Apply implements southbound.Transactor.
func (f *Fake) Apply(ctx context.Context, tx southbound.Transaction) error {
	return f.call(ctx, "apply", tx, f.apply)
}

// Confirm implements southbound.Transactor.
func (f *Fake) Confirm(ctx context.Context, tx southbound.Transaction) error {
	return f.call(ctx, "confirm", tx, f.confirm)
}

// Cancel implements southbound.Transactor.
func (f *Fake) Cancel(ctx context.Context, tx southbound.Transaction) error {
	return f.call(ctx, "cancel", tx, f.cancel)
}

// Observe implements southbound.Observer: what SetObserve gave, else the
// attachments and tunnels of the configuration with counters at zero.
func (f *Fake) Observe(ctx context.Context) (southbound.Observation, error) {
	if err := f.enter(ctx, "observe"); err != nil {
		return southbound.Observation{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tick()
	if f.observe != nil {
		return f.observe(Clone(f.config), f.now()), nil
	}
	o := southbound.Observation{At: f.now()}
	for _, v := range f.config.VRFs {
		for _, a := range v.Attachments {
			o.Attachments = append(o.Attachments, southbound.AttachmentState{Port: a.Port, VLAN: a.VLAN})
		}
		for _, t := range v.Tunnels {
			o.Tunnels = append(o.Tunnels, southbound.TunnelState{VRF: v.Name, Name: t.Name})
		}
	}
	return o, nil
}

// Close implements southbound.Driver; the device lives on.
func (f *Fake) Close() error { return nil }

// call runs one operation of the Transactor and records it.
func (f *Fake) call(ctx context.Context, op string, tx southbound.Transaction,
	do func(southbound.Transaction) error,
) error {
	err := f.enter(ctx, op)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.tick()
		err = do(tx)
	}
	rec := Record{Op: op, Tx: cloneTx(tx)}
	if err != nil {
		rec.Kind = southbound.KindOf(err)
	}
	f.records = append(f.records, rec)
	return err
}

// enter is the way to the device: latency, then reachability. It holds no lock
// while the hook runs, so the hook may block or change faults.
func (f *Fake) enter(ctx context.Context, op string) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, op); err != nil {
			var oe *southbound.OpError
			if errors.As(err, &oe) {
				return err
			}
			return f.fail(op, southbound.Unreachable, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return f.fail(op, southbound.Unreachable, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unreachable != nil {
		return f.fail(op, southbound.Unreachable, f.unreachable)
	}
	return nil
}

func (f *Fake) apply(tx southbound.Transaction) error {
	if err := f.admit("apply", tx); err != nil {
		return err
	}
	if f.foreign || f.open != nil {
		return f.fail("apply", southbound.Busy, errors.New("another commit waits for its confirmation"))
	}
	doubt := f.doubt
	f.doubt = Answer
	if doubt == LoseRequest {
		return f.fail("apply", southbound.InDoubt, errors.New("request lost"))
	}
	if f.refuse != nil {
		if err := f.refuse(cloneTx(tx)); err != nil {
			var oe *southbound.OpError
			if errors.As(err, &oe) {
				return err
			}
			return f.fail("apply", southbound.Refused, err)
		}
	}
	f.change(tx)
	if doubt == LoseReply {
		return f.fail("apply", southbound.InDoubt, errors.New("reply lost"))
	}
	return nil
}

// change carries tx out and opens its commit.
func (f *Fake) change(tx southbound.Transaction) {
	after, writes := merge(f.config, tx)
	f.writes += writes
	if writes == 0 || f.plain {
		// Nothing to confirm; Cancel finds the state before in tx itself.
		f.config = after
		f.settled[tx.ID] = true
		return
	}
	rollback := tx.Rollback
	if rollback <= 0 {
		rollback = DefaultRollback
	}
	delete(f.settled, tx.ID) // an id may come again once it is settled
	f.open = &openCommit{id: tx.ID, before: f.config, deadline: f.now().Add(rollback)}
	f.config = after
}

func (f *Fake) confirm(tx southbound.Transaction) error {
	if err := f.admit("confirm", tx); err != nil {
		return err
	}
	if f.open != nil && f.open.id == tx.ID {
		f.open = nil
		f.settled[tx.ID] = true
		return nil
	}
	if f.settled[tx.ID] {
		return nil
	}
	return f.fail("confirm", southbound.InDoubt, fmt.Errorf("no open commit %s", tx.ID))
}

func (f *Fake) cancel(tx southbound.Transaction) error {
	if err := f.admit("cancel", tx); err != nil {
		return err
	}
	if f.open != nil && f.open.id == tx.ID {
		f.config, f.open = f.open.before, nil
		return nil
	}
	if f.settled[tx.ID] && f.plain {
		back := tx
		back.Have, back.Want = tx.Want, tx.Have
		var writes int
		f.config, writes = merge(f.config, back)
		f.writes += writes
		return nil
	}
	if f.settled[tx.ID] {
		return nil
	}
	return f.fail("cancel", southbound.Refused, fmt.Errorf("no open commit %s", tx.ID))
}

// admit refuses a holder of an older lease.
func (f *Fake) admit(op string, tx southbound.Transaction) error {
	if tx.Fence < f.fence {
		return f.fail(op, southbound.Fenced, fmt.Errorf("fence %d is older than %d", tx.Fence, f.fence))
	}
	f.fence = tx.Fence
	return nil
}

// tick undoes a commit whose confirmation did not come in time.
func (f *Fake) tick() {
	if f.open != nil && !f.now().Before(f.open.deadline) {
		f.config, f.open = f.open.before, nil
	}
}

func (f *Fake) fail(op string, kind southbound.Kind, err error) error {
	return &southbound.OpError{Device: f.name, Op: op, Kind: kind, Err: err}
}

// merge carries the difference between tx.Have and tx.Want out on config and
// counts the VRFs written.
func merge(config southbound.DeviceConfig, tx southbound.Transaction) (southbound.DeviceConfig, int) {
	after, want := Clone(config), Clone(tx.Want)
	want.Normalize()
	writes := 0
	for _, h := range tx.Have.VRFs {
		gone := !slices.ContainsFunc(want.VRFs, func(v southbound.VRF) bool { return v.Name == h.Name })
		i := slices.IndexFunc(after.VRFs, func(v southbound.VRF) bool { return v.Name == h.Name })
		if gone && i >= 0 {
			after.VRFs = slices.Delete(after.VRFs, i, i+1)
			writes++
		}
	}
	for _, w := range want.VRFs {
		if tx.Epoch != 0 {
			w.Mark.Epoch = tx.Epoch
		}
		i := slices.IndexFunc(after.VRFs, func(v southbound.VRF) bool { return v.Name == w.Name })
		switch {
		case i < 0:
			after.VRFs = append(after.VRFs, w)
			writes++
		case !sameVRF(after.VRFs[i], w):
			after.VRFs[i] = w
			writes++
		}
	}
	after.Normalize()
	return after, writes
}

func sameVRF(a, b southbound.VRF) bool {
	x := southbound.DeviceConfig{VRFs: []southbound.VRF{a}}
	return x.Equal(southbound.DeviceConfig{VRFs: []southbound.VRF{b}})
}
