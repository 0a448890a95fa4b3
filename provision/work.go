// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// work is one look at one device: which sessions it shall hold, what was done
// and what was found.
type work struct {
	x           *executor
	lease       Lease
	frozen      string            // why nothing may change; empty: it may
	keep        []session.Session // shall be on the device and are
	add         []session.Session // shall be and are not known to be
	drop        []session.Session // shall not be and are not known to be gone
	findings    map[session.ID]Finding
	before      map[session.ID]session.DeviceState
	quarantined int
	confirmed   bool
	deferred    bool // the brakes held sessions back
}

// sort puts a session where it belongs. A session that is admitted but not yet
// due is nowhere; one of a frozen tenant stays as it is.
func (w *work) sort(s session.Session, held bool) {
	state := stateOn(s, w.x.device)
	if w.before == nil {
		w.before = map[session.ID]session.DeviceState{}
	}
	w.before[s.ID] = state
	wanted := s.Decision == session.DecidePresent && s.Phase != session.Admitted
	switch {
	case held && state.Have == session.Present:
		w.keep = append(w.keep, s)
	case held:
	case wanted && state.Have == session.Present:
		w.keep = append(w.keep, s)
	case wanted:
		w.add = append(w.add, s)
	case s.Phase != session.Admitted:
		w.drop = append(w.drop, s)
	}
}

func stateOn(s session.Session, device topology.NodeName) session.DeviceState {
	for _, d := range s.Devices {
		if d.Device == device {
			return d
		}
	}
	return session.DeviceState{Have: session.Unknown}
}

// carryOut brings the device to what shall be. When it refuses the whole, each
// new session is tried by itself, so that one bad session never keeps the
// others out.
func (w *work) carryOut(ctx context.Context) error {
	if w.frozen == "" {
		w.clear(ctx)
	}
	have, err := w.read(ctx)
	if err != nil {
		w.blame(slices.Concat(w.add, w.drop), err)
		return err
	}
	if w.frozen != "" {
		return nil
	}
	w.hold()
	want := Desired(w.x.device, slices.Concat(w.keep, w.add), w.x.terms)
	err = w.transact(ctx, have, want)
	if southbound.KindOf(err) == southbound.Refused && len(w.add) > 0 {
		return w.oneByOne(ctx, err)
	}
	if err != nil {
		w.blame(slices.Concat(w.add, w.drop), err)
		return err
	}
	w.settle(slices.Concat(w.keep, w.add), session.Present)
	w.settle(w.drop, session.Absent)
	return nil
}

// hold keeps back what the brakes do not let through: it stays as it is on the
// device until the next look.
func (w *work) hold() {
	now := w.x.now()
	if n := w.x.additions.take(len(w.add), now); n < len(w.add) {
		w.add, w.deferred = w.add[:n], true
	}
	if n := w.x.deletions.take(len(w.drop), now); n < len(w.drop) {
		w.keep, w.drop, w.deferred = append(w.keep, w.drop[n:]...), w.drop[:n], true
	}
}

// oneByOne removes what shall go, then adds session after session; those that
// the device refuses are declined for good.
func (w *work) oneByOne(ctx context.Context, whole error) error {
	good := slices.Clone(w.keep)
	if len(w.add) > 1 || len(w.drop) > 0 {
		if err := w.try(ctx, good); err != nil {
			w.blame(slices.Concat(w.add, w.drop), err)
			return err
		}
	}
	w.settle(w.drop, session.Absent)
	w.settle(good, session.Present)
	for _, s := range w.add {
		err := whole
		if len(w.add) > 1 || len(w.drop) > 0 {
			err = w.try(ctx, append(good, s))
		}
		switch {
		case err == nil:
			good = append(good, s)
			w.settle([]session.Session{s}, session.Present)
		case southbound.KindOf(err) == southbound.Refused, southbound.KindOf(err) == southbound.Unsupported:
			w.findings[s.ID] = Finding{Session: s.ID, Have: session.Absent, Reason: reason(err), Refused: true}
		default:
			w.blame([]session.Session{s}, err)
			return err
		}
	}
	return nil
}

func (w *work) try(ctx context.Context, sessions []session.Session) error {
	have, err := w.read(ctx)
	if err != nil {
		return err
	}
	return w.transact(ctx, have, Desired(w.x.device, sessions, w.x.terms))
}

// read returns what is on the device. Objects of a newer store epoch are left
// alone: this store is an old copy and must not prune them.
func (w *work) read(ctx context.Context) (southbound.DeviceConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, w.x.timing.RPC)
	defer cancel()
	have, err := w.x.driver.Read(ctx)
	if err != nil {
		return southbound.DeviceConfig{}, err
	}
	var ours southbound.DeviceConfig
	w.quarantined = 0
	for _, v := range have.VRFs {
		if v.Mark.Epoch > w.x.terms.Epoch {
			w.quarantined++
			continue
		}
		ours.VRFs = append(ours.VRFs, v)
	}
	return ours, nil
}

// transact changes the device from have to want, reads it back and confirms.
func (w *work) transact(ctx context.Context, have, want southbound.DeviceConfig) error {
	if have.Equal(want) {
		return nil
	}
	x := w.x
	x.set("changing", "")
	tx := southbound.Transaction{
		ID: transactionID(w.lease.Fence), Fence: w.lease.Fence, Epoch: x.terms.Epoch,
		Have: have, Want: want, Rollback: x.timing.Rollback,
	}
	// Until the confirmation is in, the change may be undone by the device: the
	// next look starts by undoing it for certain.
	x.cleared = 0
	if err := w.call(ctx, tx, x.driver.Apply); err != nil {
		return err
	}
	got, err := w.read(ctx)
	if err == nil && !got.Equal(want) {
		err = &southbound.OpError{
			Device: string(x.device), Op: "read", Kind: southbound.Refused,
			Err: fmt.Errorf("the device holds something else than was written: %s", Difference(want, got)),
		}
	}
	if err != nil {
		return errors.Join(err, w.call(context.WithoutCancel(ctx), tx, x.driver.Cancel))
	}
	if err := w.call(ctx, tx, x.driver.Confirm); err != nil {
		return err
	}
	x.cleared = w.lease.Fence
	w.confirmed = true
	x.log.Info("device changed", "device", x.device, "transaction", tx.ID, "vrfs", len(want.VRFs))
	return nil
}

// clear undoes, once under each lease, what an earlier holder applied and did
// not live to confirm. The device would do so by itself, but later. That there
// is nothing to undo is the usual case, so the answer does not matter.
func (w *work) clear(ctx context.Context) {
	if w.x.cleared == w.lease.Fence {
		return
	}
	for fence := max(w.lease.Fence, 2) - 1; fence <= w.lease.Fence; fence++ {
		tx := southbound.Transaction{ID: transactionID(fence), Fence: w.lease.Fence, Epoch: w.x.terms.Epoch}
		if err := w.call(ctx, tx, w.x.driver.Cancel); err != nil {
			w.x.log.Debug("nothing to undo", "device", w.x.device, "transaction", tx.ID, "answer", err)
		}
	}
	w.x.cleared = w.lease.Fence
}

// transactionID names the one transaction that can be open under a lease, so
// that whoever comes next can undo it.
func transactionID(fence uint64) string { return fmt.Sprintf("s2cd-%d", fence) }

func (w *work) call(ctx context.Context, tx southbound.Transaction, f func(context.Context, southbound.Transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, w.x.timing.RPC)
	defer cancel()
	return f(ctx, tx)
}

func (w *work) settle(sessions []session.Session, have session.Presence) {
	for _, s := range sessions {
		w.findings[s.ID] = Finding{Session: s.ID, Have: have}
	}
}

// blame leaves sessions unknown, with the reason.
func (w *work) blame(sessions []session.Session, err error) {
	for _, s := range sessions {
		w.findings[s.ID] = Finding{Session: s.ID, Have: session.Unknown, Reason: reason(err)}
	}
}

// changedFindings leaves out what the store knows already.
func (w *work) changedFindings() []Finding {
	var changed []Finding
	for id, f := range w.findings {
		if b := w.before[id]; f.Refused || b.Have != f.Have || b.Reason != f.Reason {
			changed = append(changed, f)
		}
	}
	return changed
}

func reason(err error) string {
	var op *southbound.OpError
	if errors.As(err, &op) {
		return fmt.Sprintf("%s %s: %v", op.Device, op.Kind, op.Err)
	}
	return err.Error()
}
