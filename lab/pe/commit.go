// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// defaultRollback is the specification's.
const defaultRollback = 10 * time.Minute

// pendingCommit is a commit that is undone unless it is confirmed in time.
type pendingCommit struct {
	id    string
	undo  *gpb.SetRequest
	timer *time.Timer
}

// commit handles gnmi_ext.Commit (gNMI commit confirmed extension). Only one
// can wait at a time, and while it does every other Set is refused.
func (p *PE) commit(ctx context.Context, c *gnmi_ext.Commit, req *gpb.SetRequest) error {
	if c.GetId() == "" {
		return status.Error(codes.InvalidArgument, "commit without an id")
	}
	if a, ok := c.GetAction().(*gnmi_ext.Commit_Commit); ok {
		return p.beginCommit(ctx, c.GetId(), a.Commit.GetRollbackDuration().AsDuration(), req)
	}
	if len(req.GetDelete())+len(req.GetReplace())+len(req.GetUpdate()) > 0 {
		return status.Error(codes.InvalidArgument, "only a commit can carry changes")
	}
	if p.pending == nil {
		return status.Errorf(codes.FailedPrecondition, "no commit waits for its confirmation, %q neither", c.GetId())
	}
	if p.pending.id != c.GetId() {
		return status.Errorf(codes.InvalidArgument, "commit %q is not the one that waits, which is %q", c.GetId(), p.pending.id)
	}
	switch a := c.GetAction().(type) {
	case *gnmi_ext.Commit_Confirm:
		p.pending.timer.Stop()
		p.pending = nil
		p.save()
		p.faults.count("confirms")
		return nil
	case *gnmi_ext.Commit_Cancel:
		return p.rollback(ctx, "cancelled")
	case *gnmi_ext.Commit_SetRollbackDuration:
		d := a.SetRollbackDuration.GetRollbackDuration().AsDuration()
		if d <= 0 {
			return status.Error(codes.InvalidArgument, "rollback duration must be positive")
		}
		p.pending.timer.Stop()
		p.pending.timer = p.rollbackAfter(d, c.GetId()) //nolint:contextcheck // a rollback comes after the request
		return nil
	}
	return status.Error(codes.InvalidArgument, "commit without an action")
}

func (p *PE) beginCommit(ctx context.Context, id string, after time.Duration, req *gpb.SetRequest) error {
	if p.pending != nil {
		return status.Errorf(codes.FailedPrecondition, "commit %q waits for its confirmation", p.pending.id)
	}
	if after < 0 {
		return status.Error(codes.InvalidArgument, "rollback duration must be positive")
	}
	if after == 0 {
		after = defaultRollback
	}
	body, err := encodeRoot(p.root)
	if err != nil {
		return status.Errorf(codes.Internal, "keep tree for a rollback: %v", err)
	}
	if err := p.transact(ctx, p.plain(req)); err != nil {
		return err
	}
	p.pending = &pendingCommit{id: id, undo: p.rootRequest(body), timer: p.rollbackAfter(after, id)} //nolint:contextcheck // a rollback comes after the request
	p.faults.count("commits")
	return nil
}

func (p *PE) rollbackAfter(d time.Duration, id string) *time.Timer {
	return time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pending == nil || p.pending.id != id {
			return // confirmed or cancelled in the meantime
		}
		if err := p.rollback(context.Background(), "not confirmed"); err != nil {
			p.log.Error("rollback failed", "commit", id, "err", err)
		}
	})
}

// rollback restores tree and box. A rollback that fails stays pending: the
// device takes no other change until a cancel works.
func (p *PE) rollback(ctx context.Context, why string) error {
	p.pending.timer.Stop()
	if err := p.transact(ctx, p.pending.undo); err != nil {
		return err
	}
	p.log.Info("rolled back", "commit", p.pending.id, "reason", why)
	p.pending = nil
	p.save()
	p.faults.count("rollbacks")
	return nil
}
