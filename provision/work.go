// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// work is one look at one device: which sessions it shall hold, what was done
// and what was found. It may wait long for the device, and holds no copy of a
// session: those that it has are the store's, and not to be changed.
type work struct {
	x        *executor
	lease    Lease
	frozen   string                 // why nothing may change; empty: it may
	keep     []*session.Session     // shall be on the device and are
	add      []*session.Session     // shall be and are not known to be
	drop     []*session.Session     // shall not be and are not known to be gone
	held     []*session.Session     // of a frozen tenant: stay as they are
	stay     []*session.Session     // as they are on the device, a change is held back
	findings map[session.ID]Finding // that the store does not know
	vpns     map[string]bool        // that the store knows on this device

	foreign   map[string]southbound.Mark // VRFs that are marked and not this store's, by name
	confirmed bool
	deferred  bool // the brakes held sessions back
}

// sort puts a session where it belongs. A session that is admitted but not yet
// due is nowhere.
func (w *work) sort(s *session.Session, held bool) {
	state := stateOn(s, w.x.device)
	w.vpns[string(s.VPN.ID)] = true
	wanted := s.Decision == session.DecidePresent
	switch {
	case s.Phase == session.Admitted:
	case held:
		w.held = append(w.held, s)
	case wanted && state.Have == session.Present:
		w.keep = append(w.keep, s)
	case wanted:
		w.add = append(w.add, s)
	case state.Have != session.Absent:
		w.drop = append(w.drop, s)
	}
}

func stateOn(s *session.Session, device topology.NodeName) session.DeviceState {
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
		if err := w.clear(ctx); err != nil {
			w.blame(slices.Concat(w.add, w.drop), err)
			return err
		}
	}
	have, err := w.read(ctx)
	if err != nil {
		w.blame(slices.Concat(w.add, w.drop), err)
		return err
	}
	if w.frozen != "" {
		return nil
	}
	w.hold(have)
	err = w.transact(ctx, have, w.desired(w.keep, w.stay, w.add))
	if (declined(err) || keyless(err)) && len(w.add) > 0 {
		return w.oneByOne(ctx)
	}
	if err != nil {
		w.blame(slices.Concat(w.add, w.drop), err)
		return err
	}
	w.settle(slices.Concat(w.keep, w.add), session.Present)
	w.settle(w.drop, session.Absent)
	return nil
}

func (w *work) desired(lists ...[]*session.Session) (want southbound.DeviceConfig) {
	w.x.turns.Do(func() { want = Desired(w.x.device, slices.Concat(lists...), w.x.terms) })
	return want
}

// declined reports whether a device said no for good.
func declined(err error) bool {
	k := southbound.KindOf(err)
	return err != nil && (k == southbound.Refused || k == southbound.Unsupported)
}

// changedAtOnce bounds the sessions that one transaction brings to a device, and
// those that it takes off: what it costs to compare, check and carry out grows
// faster than their number, and all that is in it waits for its end.
const changedAtOnce = 64

// hold keeps back what the brakes do not let through, and what a frozen tenant
// has: it stays on the device as it is there until the next look.
func (w *work) hold(have southbound.DeviceConfig) {
	now := w.x.now()
	for _, s := range w.held {
		if w.holds(have, s) {
			w.leave(s)
		}
	}
	if n := w.x.additions.take(min(len(w.add), changedAtOnce), now); n < len(w.add) {
		for _, s := range w.add[n:] {
			if w.holds(have, s) {
				w.leave(s)
			}
		}
		w.add, w.deferred = w.add[:n], true
	}
	var there, gone []*session.Session
	for _, s := range w.drop {
		if w.holds(have, s) {
			there = append(there, s)
		} else {
			gone = append(gone, s)
		}
	}
	n := w.x.deletions.take(min(len(there), changedAtOnce), now)
	w.deferred = w.deferred || n < len(there)
	w.keep, w.drop = append(w.keep, there[n:]...), append(gone, there[:n]...)
}

// leave has a session that the device holds stay there: as it was, if it is to be
// changed and has not been.
func (w *work) leave(s *session.Session) {
	if s.Former != nil && stateOn(s, w.x.device).Have != session.Present {
		was, _ := s.Was()
		w.stay = append(w.stay, &was)
		return
	}
	w.keep = append(w.keep, s)
}

// holds reports whether the device has a session's attachments and tunnels.
func (w *work) holds(have southbound.DeviceConfig, s *session.Session) bool {
	for _, v := range Desired(w.x.device, []*session.Session{s}, w.x.terms).VRFs {
		i := slices.IndexFunc(have.VRFs, func(o southbound.VRF) bool { return o.Name == v.Name && o.Mark.VPN == v.Mark.VPN })
		if i < 0 {
			return false
		}
		on := have.VRFs[i]
		for _, t := range v.Tunnels {
			if !slices.ContainsFunc(on.Tunnels, func(o southbound.Tunnel) bool { return o.Name == t.Name }) {
				return false
			}
		}
		for _, a := range v.Attachments {
			if findAttachment(&on, a.Port, a.VLAN) == nil {
				return false
			}
		}
	}
	return true
}

// oneByOne first brings the device to what it shall hold without the new
// sessions and with the changed ones as they were, then adds them one after
// another. Those that the device refuses are declined for good.
func (w *work) oneByOne(ctx context.Context) error {
	settled, fresh := slices.Clone(w.keep), []*session.Session(nil)
	good := slices.Clone(w.stay)
	for _, s := range w.add {
		switch {
		case s.Former != nil:
			was, _ := s.Was()
			good, fresh = append(good, &was), append(fresh, s)
		case !s.StartedAt.IsZero(): // in service, and as it was before a change that failed
			settled = append(settled, s)
		default:
			fresh = append(fresh, s)
		}
	}
	good = append(good, settled...)
	if err := w.try(ctx, good); err != nil {
		w.blame(slices.Concat(w.add, w.drop), err)
		return err
	}
	w.settle(w.drop, session.Absent)
	w.settle(settled, session.Present)
	return w.addEach(ctx, good, fresh)
}

// addEach adds sessions to the good ones, each in place of what it was. One whose
// secret cannot be had waits, with the reason.
func (w *work) addEach(ctx context.Context, good, fresh []*session.Session) error {
	refused := map[session.ID]error{}
	var waits error
	for i, s := range fresh {
		with := slices.DeleteFunc(slices.Clone(good), func(was *session.Session) bool { return was.ID == s.ID })
		with = append(with, s)
		err := w.try(ctx, with)
		switch {
		case err == nil:
			good = with
			w.settle([]*session.Session{s}, session.Present)
		case declined(err):
			refused[s.ID] = err
		case keyless(err):
			w.blame([]*session.Session{s}, err)
			waits = err
		default:
			w.blame(fresh[i:], err)
			return errors.Join(err, w.decline(ctx, refused))
		}
	}
	return errors.Join(w.decline(ctx, refused), waits)
}

// decline reads once more: only what was seen not to be there is absent. A
// session whose change was refused is still there as it was.
func (w *work) decline(ctx context.Context, refused map[session.ID]error) error {
	if len(refused) == 0 {
		return nil
	}
	have, err := w.read(ctx)
	for _, s := range w.add {
		why, ok := refused[s.ID]
		if !ok {
			continue
		}
		f := Finding{Have: session.Absent, Reason: reason(why), Refused: true}
		if err != nil || w.holds(have, s) {
			f.Have = session.Unknown
		}
		if s.Former != nil {
			f.Have, f.Refused = session.Refused, false
		}
		w.find(s, f)
	}
	return err
}

func (w *work) try(ctx context.Context, sessions []*session.Session) error {
	have, err := w.read(ctx)
	if err != nil {
		return err
	}
	return w.transact(ctx, have, w.desired(sessions))
}

// read returns what this store has on the device. Marked objects of a newer
// store epoch, or of a VPN that the store does not know there, are left alone:
// the store may be an old copy, or a new one, and must not prune them.
func (w *work) read(ctx context.Context) (southbound.DeviceConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, w.x.timing.RPC)
	defer cancel()
	have, err := w.x.driver.Read(ctx)
	if err != nil {
		return southbound.DeviceConfig{}, err
	}
	var ours southbound.DeviceConfig
	w.foreign = map[string]southbound.Mark{}
	for _, v := range have.VRFs {
		if v.Mark.Epoch > w.x.terms.Epoch || !w.vpns[v.Mark.VPN] {
			w.foreign[v.Name] = v.Mark
			continue
		}
		ours.VRFs = append(ours.VRFs, v)
	}
	return ours, nil
}

// transact changes the device from have to want, reads it back and confirms.
func (w *work) transact(ctx context.Context, have, want southbound.DeviceConfig) error {
	if have.Equal(want) {
		w.x.mismatched = false
		return nil
	}
	for _, v := range want.VRFs {
		if m, ok := w.foreign[v.Name]; ok {
			return w.x.fault("apply", southbound.Refused, fmt.Errorf("vrf %s is there for VPN %s of epoch %d, which this store does not know", v.Name, m.VPN, m.Epoch))
		}
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
	if err := w.compare(ctx, want); err != nil {
		// What Cancel says comes first: when it fails the device is in doubt.
		return errors.Join(w.cancel(ctx, tx), err)
	}
	if err := w.call(ctx, tx, x.driver.Confirm); err != nil {
		return err
	}
	x.cleared, x.mismatched = w.lease.Fence, false
	w.confirmed = true
	x.log.Info("device changed", "device", x.device, "transaction", tx.ID, "vrfs", len(want.VRFs))
	return nil
}

// compare reads back what was written. The first difference is a doubt (the
// device may have restarted in between); one that comes again is a refusal.
func (w *work) compare(ctx context.Context, want southbound.DeviceConfig) error {
	got, err := w.read(ctx)
	if err != nil || got.Equal(want) {
		return err
	}
	kind := southbound.InDoubt
	if w.x.mismatched {
		kind = southbound.Refused
	}
	w.x.mismatched = true
	return w.x.fault("read", kind, fmt.Errorf("the device holds something else than was written: %s", Difference(want, got)))
}

// cancel undoes tx also when ctx has ended, but never beyond the lease.
func (w *work) cancel(ctx context.Context, tx southbound.Transaction) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(0, w.lease.Until.Sub(w.x.now())))
	defer cancel()
	return w.call(ctx, tx, w.x.driver.Cancel)
}

// clear undoes, once under each lease, what an earlier holder applied and did
// not live to confirm. The device would do so by itself, but later, and then
// under our feet. That there is nothing to undo is the usual answer.
func (w *work) clear(ctx context.Context) error {
	if w.x.cleared == w.lease.Fence {
		return nil
	}
	for fence := max(w.lease.Fence, 2) - 1; fence <= w.lease.Fence; fence++ {
		tx := southbound.Transaction{ID: transactionID(fence), Fence: w.lease.Fence, Epoch: w.x.terms.Epoch}
		if err := w.call(ctx, tx, w.x.driver.Cancel); err != nil && !declined(err) {
			return err
		}
	}
	w.x.cleared = w.lease.Fence
	return nil
}

// transactionID names the one transaction that can be open under a lease, so
// that whoever comes next can undo it.
func transactionID(fence uint64) string { return fmt.Sprintf("s2cd-%d", fence) }

func (w *work) call(ctx context.Context, tx southbound.Transaction, f func(context.Context, southbound.Transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, w.x.timing.RPC)
	defer cancel()
	return f(ctx, tx)
}

func (w *work) settle(sessions []*session.Session, have session.Presence) {
	for _, s := range sessions {
		w.find(s, Finding{Have: have})
	}
}

// blame leaves sessions unknown, with the reason.
func (w *work) blame(sessions []*session.Session, err error) {
	why := reason(err)
	for _, s := range sessions {
		w.find(s, Finding{Have: session.Unknown, Reason: why})
	}
}

// refreshReason is how often the words of an unchanged trouble are written anew:
// they may hold a time of day and then differ at every look.
const refreshReason = time.Minute

// find notes what was found of a session, in place of what was before, unless the
// store knows it already.
func (w *work) find(s *session.Session, f Finding) {
	f.Session, f.Change = s.ID, s.Change
	b := stateOn(s, w.x.device)
	trouble := f.Reason != "" && b.Reason != ""
	if f.Refused || b.Have != f.Have || b.Reason != f.Reason && (!trouble || w.x.now().Sub(b.At) > refreshReason) {
		w.findings[s.ID] = f
	} else {
		delete(w.findings, s.ID)
	}
}

func reason(err error) string {
	var op *southbound.OpError
	if errors.As(err, &op) {
		return fmt.Sprintf("%s %s: %v", op.Device, op.Kind, op.Err)
	}
	return err.Error()
}
