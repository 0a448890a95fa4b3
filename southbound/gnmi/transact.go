// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"context"
	"fmt"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/s2cd/s2cd/southbound"
)

// manner is how a transaction was applied, which decides how it ends.
type manner int

const (
	unknown   manner = iota // applied by another process, or not at all
	empty                   // nothing differed, nothing was sent
	plain                   // kept at once
	committed               // waits for its confirmation
)

// remembered is how many transactions' manners are kept.
const remembered = 64

// Apply implements southbound.Transactor.
func (d *Device) Apply(ctx context.Context, tx southbound.Transaction) error {
	req, err := d.changes("apply", tx.Have, tx.Want, tx.Epoch)
	if err != nil {
		return err
	}
	if err := d.acquire(ctx, "apply"); err != nil {
		return err
	}
	defer d.release()
	if isEmpty(req) {
		d.remember(tx.ID, empty)
		return nil
	}
	if err := d.probeCommit(ctx, tx); err != nil {
		return err
	}
	if d.commit == supported {
		d.remember(tx.ID, committed)
		err := d.set(ctx, "apply", tx, req, commitExtension(tx.ID, d.rollback(tx)))
		if !d.learnCommit(err) {
			return err
		}
	}
	d.remember(tx.ID, plain)
	return d.set(ctx, "apply", tx, req, nil)
}

// Confirm implements southbound.Transactor. With a commit that is no longer
// open (its time ran out, or it was confirmed) the device may hold either
// state: that is in doubt.
func (d *Device) Confirm(ctx context.Context, tx southbound.Transaction) error {
	if err := d.acquire(ctx, "confirm"); err != nil {
		return err
	}
	defer d.release()
	manner, err := d.mannerOf(ctx, "confirm", tx)
	if err != nil || manner != committed {
		return err
	}
	return d.settle(ctx, "confirm", tx, confirmExtension(tx.ID), southbound.InDoubt)
}

// Cancel implements southbound.Transactor.
func (d *Device) Cancel(ctx context.Context, tx southbound.Transaction) error {
	if err := d.acquire(ctx, "cancel"); err != nil {
		return err
	}
	defer d.release()
	manner, err := d.mannerOf(ctx, "cancel", tx)
	if err != nil {
		return err
	}
	switch manner {
	case committed:
		return d.settle(ctx, "cancel", tx, cancelExtension(tx.ID), southbound.Refused) // nothing to undo
	case plain:
		return d.undo(ctx, tx)
	case empty, unknown:
	}
	return nil
}

// undo makes the inverse change on a device that kept tx at once.
func (d *Device) undo(ctx context.Context, tx southbound.Transaction) error {
	epoch := tx.Epoch
	if len(tx.Have.VRFs) > 0 {
		epoch = tx.Have.VRFs[0].Mark.Epoch
	}
	req, err := d.changes("cancel", tx.Want, tx.Have, epoch)
	if err != nil {
		return err
	}
	if isEmpty(req) {
		return nil
	}
	return d.set(ctx, "cancel", tx, req, nil)
}

// settle ends an open commit. A server that has none says so; missing is what
// that means.
func (d *Device) settle(ctx context.Context, op string, tx southbound.Transaction, ext *gnmi_ext.Extension,
	missing southbound.Kind,
) error {
	err := d.set(ctx, op, tx, &gpb.SetRequest{}, ext)
	if s := statusOf(err); s != nil && (s.Code() == codes.FailedPrecondition || s.Code() == codes.NotFound) {
		return &southbound.OpError{Device: d.config.Device, Op: op, Kind: missing, Err: unwrapOp(err)}
	}
	return err
}

// mannerOf says how tx was applied. Where this process did not apply it, what
// the device can do decides: one with commit-confirmed is asked, one without
// has kept it.
func (d *Device) mannerOf(ctx context.Context, op string, tx southbound.Transaction) (manner, error) {
	if m := d.outcome[tx.ID]; m != unknown {
		return m, nil
	}
	if err := d.probeCommit(ctx, tx); err != nil {
		return unknown, d.rename(op, err)
	}
	if d.commit == supported {
		return committed, nil
	}
	return plain, nil
}

// set sends one SetRequest and sorts its failure.
func (d *Device) set(ctx context.Context, op string, tx southbound.Transaction, req *gpb.SetRequest,
	commit *gnmi_ext.Extension,
) error {
	err := d.trySet(ctx, op, tx, req, commit)
	if d.arbitration && refusesArbitration(err) {
		d.arbitration = false
		err = d.trySet(ctx, op, tx, req, commit)
	}
	return err
}

func (d *Device) trySet(ctx context.Context, op string, tx southbound.Transaction, req *gpb.SetRequest,
	commit *gnmi_ext.Extension,
) error {
	req = &gpb.SetRequest{
		Prefix: d.config.prefix(), Delete: req.GetDelete(), Replace: req.GetReplace(), Update: req.GetUpdate(),
	}
	if d.arbitration {
		req.Extension = append(req.Extension, arbitrationExtension(tx.Fence))
	}
	if commit != nil {
		req.Extension = append(req.Extension, commit)
	}
	if size := proto.Size(req); size > d.config.MaxSet {
		return d.fail(op, southbound.Refused, fmt.Errorf("change of %d bytes is larger than %d", size, d.config.MaxSet))
	}
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeout)
	defer cancel()
	ctx, sent := withSent(ctx)
	start := d.config.Now()
	_, err := d.client.Set(ctx, req)
	d.config.Logger.DebugContext(ctx, "gnmi set", "device", d.config.Device, "op", op, "tx", tx.ID,
		"deletes", len(req.GetDelete()), "replaces", len(req.GetReplace()), "updates", len(req.GetUpdate()),
		"took", d.config.Now().Sub(start), "ok", err == nil)
	if err != nil {
		return d.fail(op, setKind(err, sent.Load()), &statusError{error: brief(err, req), status: err})
	}
	return nil
}

func (d *Device) changes(op string, have, want southbound.DeviceConfig, epoch uint64) (*gpb.SetRequest, error) {
	req, err := d.config.Model.Changes(have, want, epoch)
	if err != nil {
		return nil, d.fail(op, southbound.Refused, err)
	}
	return req, nil
}

func isEmpty(req *gpb.SetRequest) bool {
	return len(req.GetDelete())+len(req.GetReplace())+len(req.GetUpdate())+len(req.GetUnionReplace()) == 0
}

// remember keeps how a transaction was applied, the newest ones only.
func (d *Device) remember(id string, m manner) {
	if _, ok := d.outcome[id]; !ok {
		d.order = append(d.order, id)
		if len(d.order) > remembered {
			delete(d.outcome, d.order[0])
			d.order = d.order[1:]
		}
	}
	d.outcome[id] = m
}
