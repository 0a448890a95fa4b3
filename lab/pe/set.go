// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Set implements gNMI Set (specification section 3.4) with the extensions
// master arbitration and commit confirmed.
func (p *PE) Set(ctx context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	p.faults.count("sets")
	if err := p.faults.before(ctx, req); err != nil {
		p.faults.count("refused")
		return nil, err
	}
	err := p.set(ctx, req)
	if err != nil {
		p.faults.count("refused")
		p.log.Info("set refused", "err", err)
		return nil, err
	}
	p.faults.after(ctx)
	return response(req), nil
}

func (p *PE) set(ctx context.Context, req *gpb.SetRequest) error {
	if t := req.GetPrefix().GetTarget(); t != "" && t != p.cfg.Name {
		return status.Errorf(codes.NotFound, "target %q: this is %s", t, p.cfg.Name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err() // waited in line until the client gave up
	}
	var commit *gnmi_ext.Commit
	for _, ext := range req.GetExtension() {
		switch e := ext.GetExt().(type) {
		case *gnmi_ext.Extension_MasterArbitration:
			if err := p.arbitrate(e.MasterArbitration); err != nil {
				return err
			}
		case *gnmi_ext.Extension_Commit:
			commit = e.Commit
		}
	}
	if commit != nil {
		return p.commit(ctx, commit, req)
	}
	if p.pending != nil {
		return status.Errorf(codes.FailedPrecondition, "commit %q waits for its confirmation", p.pending.id)
	}
	return p.change(ctx, req)
}

// change is a plain Set.
func (p *PE) change(ctx context.Context, req *gpb.SetRequest) error {
	if len(req.GetDelete())+len(req.GetReplace())+len(req.GetUpdate()) == 0 {
		return nil
	}
	if err := p.transact(ctx, p.plain(req)); err != nil {
		return err
	}
	p.save()
	return nil
}

// plain is the request as lemming wants it: with target and origin, without
// extensions.
func (p *PE) plain(req *gpb.SetRequest) *gpb.SetRequest {
	out := proto.CloneOf(req)
	out.Extension = nil
	if out.Prefix == nil {
		out.Prefix = &gpb.Path{}
	}
	out.Prefix.Target, out.Prefix.Origin = p.cfg.Name, p.prefix().Origin
	return out
}

// response lists what was done, which lemming leaves out.
func response(req *gpb.SetRequest) *gpb.SetResponse {
	resp := &gpb.SetResponse{Prefix: req.GetPrefix(), Timestamp: time.Now().UnixNano()}
	add := func(op gpb.UpdateResult_Operation, path *gpb.Path) {
		resp.Response = append(resp.Response, &gpb.UpdateResult{Path: path, Op: op})
	}
	for _, d := range req.GetDelete() {
		add(gpb.UpdateResult_DELETE, d)
	}
	for _, u := range req.GetReplace() {
		add(gpb.UpdateResult_REPLACE, u.GetPath())
	}
	for _, u := range req.GetUpdate() {
		add(gpb.UpdateResult_UPDATE, u.GetPath())
	}
	return resp
}

// election is a 128 bit election id.
type election struct{ high, low uint64 }

func (e election) less(o election) bool {
	return e.high < o.high || e.high == o.high && e.low < o.low
}

// arbitrate refuses who is no longer master of a role (gNMI master
// arbitration extension). What it saw is kept, so a late one stays out.
func (p *PE) arbitrate(m *gnmi_ext.MasterArbitration) error {
	if m.GetElectionId() == nil {
		return status.Error(codes.InvalidArgument, "master arbitration without an election id")
	}
	role := m.GetRole().GetId()
	id := election{m.GetElectionId().GetHigh(), m.GetElectionId().GetLow()}
	if highest := p.highest[role]; id.less(highest) {
		return status.Errorf(codes.PermissionDenied, "election id %d:%d of role %q is lower than %d:%d, which was seen before",
			id.high, id.low, role, highest.high, highest.low)
	}
	p.highest[role] = id
	return nil
}
