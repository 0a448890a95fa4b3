// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	model "github.com/s2cd/s2cd/yang/gateway"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// defaultRollback holds where a commit names no duration (the gNMI
// commit-confirmed extension, section "Commit").
const defaultRollback = 10 * time.Minute

// fence is the highest election id ever seen, an unsigned 128-bit number.
type fence struct {
	High uint64 `json:"high"`
	Low  uint64 `json:"low"`
}

func (f fence) less(o fence) bool {
	return f.High < o.High || f.High == o.High && f.Low < o.Low
}

// pendingCommit waits to be confirmed.
type pendingCommit struct {
	id       string
	deadline time.Time
	timer    *time.Timer
}

// Set carries out one gNMI Set: the fence first, then what the commit
// extension says, then the change itself. Errors are gRPC statuses:
// PermissionDenied for an old election id or none, FailedPrecondition while
// another commit is pending or for a VRF of another VPN or of a newer store,
// InvalidArgument for what can never be,
// Aborted for what the kernel refused (nothing is left of it), Internal where
// something may be left, Canceled or DeadlineExceeded for a caller that
// gave up before its turn came.
func (a *Agent) Set(ctx context.Context, req *gpb.SetRequest) error {
	commit, arbitration, err := extensions(req)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	// Whoever gave up while it waited for its turn takes it for not done.
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err() //nolint:wrapcheck // a gRPC status
	}
	if err := a.pass(arbitration); err != nil {
		return err
	}
	empty := len(req.GetDelete())+len(req.GetReplace())+len(req.GetUpdate())+len(req.GetUnionReplace()) == 0
	switch commit.GetAction().(type) {
	case *extpb.Commit_Confirm, *extpb.Commit_Cancel, *extpb.Commit_SetRollbackDuration:
		if !empty {
			return status.Error(codes.InvalidArgument, "confirm, cancel and set_rollback_duration go without changes")
		}
		return a.settlePending(ctx, commit)
	}
	if empty && commit == nil {
		return nil // arbitration alone, or nothing
	}
	if a.pending != nil {
		return status.Errorf(codes.FailedPrecondition, "commit %s is pending until %s",
			a.pending.id, a.pending.deadline.UTC().Format(time.RFC3339))
	}
	next, err := a.merge(req)
	if err != nil {
		return err
	}
	if commit != nil {
		return a.commit(ctx, next, commit)
	}
	return a.keep(ctx, next)
}

// keep realises next and makes it permanent at once.
func (a *Agent) keep(ctx context.Context, next *tree) error {
	before := a.running
	if err := a.change(ctx, next); err != nil {
		return refused(err)
	}
	if err := a.confirm(next, ""); err != nil {
		return status.Errorf(codes.Internal, "%v", a.undo(ctx, before, err))
	}
	return a.settled()
}

// refused is the status of a change that failed.
func refused(err error) error {
	if errors.Is(err, errPutBack) {
		return status.Errorf(codes.Internal, "%v", err)
	}
	return status.Errorf(codes.Aborted, "%v", err)
}

// undo goes back to before because of err.
func (a *Agent) undo(ctx context.Context, before *tree, err error) error {
	if back := a.change(ctx, before); back != nil {
		err = fmt.Errorf("%w; undoing it: %w", err, back)
	}
	return err
}

// settled renews the keys of slots that became free and shows it.
func (a *Agent) settled() error {
	if err := a.slots.settle(a.confirmed.cfg); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	a.show(nil)
	return nil
}

// pass lets the holder of the highest election id through.
func (a *Agent) pass(m *extpb.MasterArbitration) error {
	if m == nil {
		if a.fence != (fence{}) {
			return status.Error(codes.PermissionDenied, "a Set needs a master arbitration election id, one was seen before")
		}
		return nil
	}
	got := fence{High: m.GetElectionId().GetHigh(), Low: m.GetElectionId().GetLow()}
	if got.less(a.fence) {
		return status.Errorf(codes.PermissionDenied, "election id %d:%d is lower than %d:%d seen before",
			got.High, got.Low, a.fence.High, a.fence.Low)
	}
	if got == a.fence {
		return nil
	}
	if err := a.dir.write(fenceFile, got); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	a.fence = got
	a.show(nil)
	return nil
}

// merge returns the running tree changed by req, schema and meaning checked.
// Nothing is touched yet.
func (a *Agent) merge(req *gpb.SetRequest) (*tree, error) {
	if len(req.GetUnionReplace()) > 0 {
		return nil, status.Error(codes.Unimplemented, "union_replace is not supported")
	}
	if err := checkSetPaths(req); err != nil {
		return nil, err
	}
	copied, err := ygot.DeepCopy(a.running.root)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "copy the configuration: %v", err)
	}
	root, ok := copied.(*gwyang.Root)
	if !ok {
		return nil, status.Error(codes.Internal, "copy the configuration: not a root")
	}
	if err := ytypes.UnmarshalSetRequest(model.Schema(root), req); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	if root.State != nil {
		return nil, status.Error(codes.InvalidArgument, "/state cannot be set")
	}
	ygot.PruneEmptyBranches(root)
	if err := root.ΛValidate(); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	cfg, err := model.ToConfig(root)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	if err := check(cfg, a.slots); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	if err := checkOwners(a.running.cfg, cfg); err != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "%v", err)
	}
	return &tree{root: root, cfg: cfg}, nil
}

// commit realises next until it is confirmed, cancelled or too old.
func (a *Agent) commit(ctx context.Context, next *tree, c *extpb.Commit) error {
	wait, err := rollbackDuration(c.GetCommit().GetRollbackDuration())
	if err != nil {
		return err
	}
	// A former commit may have had the same id.
	if err := a.dir.remove(confirmedFile); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	// On disk first: an agent that dies from here on starts with the confirmed
	// configuration and knows why.
	if err := a.dir.write(pendingFile, map[string]string{"id": c.GetId()}); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	if err := a.change(ctx, next); err != nil {
		if rm := a.dir.remove(pendingFile); rm != nil {
			a.cfg.Log.Error("a failed commit's record stays", "error", rm)
		}
		return refused(err)
	}
	p := &pendingCommit{id: c.GetId(), deadline: a.cfg.Now().Add(wait)}
	p.timer = time.AfterFunc(wait, func() { a.expire(p) }) //nolint:contextcheck // outlives the call by intent
	a.pending = p
	a.show(nil)
	a.cfg.Log.Info("a commit waits to be confirmed", "commit", p.id, "rollback_at", p.deadline)
	return nil
}

func rollbackDuration(d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return defaultRollback, nil
	}
	if wait := d.AsDuration(); d.IsValid() && wait > 0 && wait <= 24*time.Hour {
		return wait, nil
	}
	return 0, status.Error(codes.InvalidArgument, "rollback_duration must be above 0 and at most 24 h")
}

// settlePending confirms, cancels or prolongs the pending commit.
func (a *Agent) settlePending(ctx context.Context, c *extpb.Commit) error {
	p := a.pending
	if p == nil {
		return status.Errorf(codes.FailedPrecondition, "commit %s is not pending, none is", c.GetId())
	}
	if p.id != c.GetId() {
		return status.Errorf(codes.FailedPrecondition, "commit %s is not pending, commit %s is", c.GetId(), p.id)
	}
	switch action := c.GetAction().(type) {
	case *extpb.Commit_SetRollbackDuration:
		wait, err := rollbackDuration(action.SetRollbackDuration.GetRollbackDuration())
		if err != nil {
			return err
		}
		p.timer.Stop()
		p.deadline = a.cfg.Now().Add(wait)
		p.timer = time.AfterFunc(wait, func() { a.expire(p) }) //nolint:contextcheck // outlives the call by intent
		a.show(nil)
		return nil
	case *extpb.Commit_Cancel:
		if err := a.rollback(ctx); err != nil {
			return status.Errorf(codes.Internal, "%v", err)
		}
		return nil
	}
	if err := a.confirm(a.running, p.id); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	p.timer.Stop()
	a.pending = nil
	if err := a.dir.remove(pendingFile); err != nil {
		return status.Errorf(codes.Internal, "%v", err)
	}
	return a.settled()
}

// expire undoes p unless it was settled in the meantime.
func (a *Agent) expire(p *pendingCommit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pending != p || a.cfg.Now().Before(p.deadline) {
		return
	}
	a.cfg.Log.Warn("a commit was not confirmed in time and is rolled back", "commit", p.id)
	if err := a.rollback(context.Background()); err != nil {
		a.cfg.Log.Error("the rollback is not complete", "commit", p.id, "error", err)
	}
	a.show(func(s *shown) { s.rolledBack = p.id })
}

// rollback goes back to the confirmed tree. What the kernel refuses now the
// next comparison tries again: running is the confirmed tree either way.
func (a *Agent) rollback(ctx context.Context) error {
	a.pending.timer.Stop()
	a.pending = nil
	err := a.apply(ctx, a.confirmed)
	if err != nil {
		a.Kick()
		err = fmt.Errorf("roll back: %w", err)
	}
	if rm := a.dir.remove(pendingFile); rm != nil {
		return rm
	}
	if settle := a.settled(); settle != nil {
		return settle
	}
	return err
}

// extensions returns the two that the agent knows; each may be there once.
func extensions(req *gpb.SetRequest) (*extpb.Commit, *extpb.MasterArbitration, error) {
	var commit *extpb.Commit
	var arbitration *extpb.MasterArbitration
	for _, e := range req.GetExtension() {
		switch ext := e.GetExt().(type) {
		case *extpb.Extension_Commit:
			if commit != nil {
				return nil, nil, status.Error(codes.InvalidArgument, "two commit extensions")
			}
			commit = ext.Commit
		case *extpb.Extension_MasterArbitration:
			if arbitration != nil {
				return nil, nil, status.Error(codes.InvalidArgument, "two master arbitration extensions")
			}
			if ext.MasterArbitration.GetElectionId() == nil {
				return nil, nil, status.Error(codes.InvalidArgument, "master arbitration without an election id")
			}
			arbitration = ext.MasterArbitration
		default:
			return nil, nil, status.Errorf(codes.Unimplemented, "extension %T is not supported", ext)
		}
	}
	if commit != nil && (commit.GetId() == "" || commit.GetAction() == nil) {
		return nil, nil, status.Error(codes.InvalidArgument, "a commit needs an id and an action")
	}
	return commit, arbitration, nil
}
