// SPDX-License-Identifier: Apache-2.0

// Package router simulates the management plane of a PE: a gNMI server with a
// tree of configuration, commit confirmed and master arbitration, without schema
// and without packets. It costs next to nothing, as a router costs the daemon
// nothing. What a router refuses is for lab/pe to show, which has the schema.
package router

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Router is one simulated router.
type Router struct {
	gpb.UnimplementedGNMIServer

	mu      sync.Mutex // guards all below
	root    node
	pending *pending
	highest uint64 // election id of the master
}

// pending is a commit that waits for its confirmation.
type pending struct {
	id   string
	undo []change // in the order in which they were made
	roll *time.Timer
}

// change is what was at a path.
type change struct {
	path []*gpb.PathElem
	was  any
}

// New returns a router without configuration.
func New() *Router { return &Router{root: node{}} }

// Capabilities implements gNMI Capabilities.
func (r *Router) Capabilities(context.Context, *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	return &gpb.CapabilityResponse{
		GNMIVersion: "0.10.0", SupportedEncodings: []gpb.Encoding{gpb.Encoding_JSON_IETF},
		SupportedModels: []*gpb.ModelData{{Name: "openconfig-network-instance", Organization: "OpenConfig working group", Version: "4.0.1"}},
	}, nil
}

// Get implements gNMI Get for configuration; where there is none it is NotFound.
func (r *Router) Get(_ context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	resp := &gpb.GetResponse{}
	for _, path := range req.GetPath() {
		at := lookup(r.root, slices.Concat(req.GetPrefix().GetElem(), path.GetElem()))
		if at == nil {
			return nil, status.Error(codes.NotFound, "nothing is configured there")
		}
		body, err := json.Marshal(at)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "encode: %v", err)
		}
		resp.Notification = append(resp.Notification, &gpb.Notification{
			Timestamp: time.Now().UnixNano(), Prefix: req.GetPrefix(),
			Update: []*gpb.Update{{Path: path, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}}}},
		})
	}
	return resp, nil
}

// Set implements gNMI Set with the extensions master arbitration and commit
// confirmed.
func (r *Router) Set(_ context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var commit *gnmi_ext.Commit
	for _, ext := range req.GetExtension() {
		switch e := ext.GetExt().(type) {
		case *gnmi_ext.Extension_MasterArbitration:
			id := e.MasterArbitration.GetElectionId().GetLow()
			if id < r.highest {
				return nil, status.Error(codes.PermissionDenied, "another is master")
			}
			r.highest = id
		case *gnmi_ext.Extension_Commit:
			commit = e.Commit
		}
	}
	if commit.GetConfirm() != nil || commit.GetCancel() != nil {
		return &gpb.SetResponse{}, r.settle(commit)
	}
	if r.pending != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "commit %q waits for its confirmation", r.pending.id)
	}
	undo, err := r.apply(req)
	if err != nil {
		r.takeBack(undo)
		return nil, status.Errorf(codes.InvalidArgument, "set: %v", err)
	}
	if asked := commit.GetCommit(); asked != nil {
		p := &pending{id: commit.GetId(), undo: undo}
		p.roll = time.AfterFunc(asked.GetRollbackDuration().AsDuration(), func() { r.expire(p) })
		r.pending = p
	}
	return &gpb.SetResponse{Timestamp: time.Now().UnixNano()}, nil
}

// apply carries a request out in the order of gNMI section 3.4: deletes, replaces,
// updates. It returns what it changed, also when it fails.
func (r *Router) apply(req *gpb.SetRequest) (undo []change, err error) {
	set := func(path *gpb.Path, value any) error {
		full := slices.Concat(req.GetPrefix().GetElem(), path.GetElem())
		made := 1 // what leads there is made on the way, and goes with it
		for made < len(full) && lookup(r.root, full[:made]) != nil {
			made++
		}
		was, err := put(r.root, full, value)
		undo = append(undo, change{full[:min(made, len(full))], was})
		return err
	}
	for _, path := range req.GetDelete() {
		if err := set(path, nil); err != nil {
			return undo, err
		}
	}
	for i, u := range slices.Concat(req.GetReplace(), req.GetUpdate()) {
		value, err := decode(u.GetVal().GetJsonIetfVal())
		if err != nil {
			return undo, err
		}
		if i >= len(req.GetReplace()) {
			value = merge(lookup(r.root, slices.Concat(req.GetPrefix().GetElem(), u.GetPath().GetElem())), value)
		}
		if err := set(u.GetPath(), value); err != nil {
			return undo, err
		}
	}
	return undo, nil
}

func (r *Router) takeBack(undo []change) {
	for _, c := range slices.Backward(undo) {
		_, _ = put(r.root, c.path, c.was) // led there before
	}
}

// settle confirms or cancels the commit that waits.
func (r *Router) settle(commit *gnmi_ext.Commit) error {
	if r.pending == nil || r.pending.id != commit.GetId() {
		return status.Errorf(codes.FailedPrecondition, "no commit %q waits", commit.GetId())
	}
	r.pending.roll.Stop()
	if commit.GetCancel() != nil {
		r.takeBack(r.pending.undo)
	}
	r.pending = nil
	return nil
}

// expire rolls back a commit that was not confirmed in time.
func (r *Router) expire(p *pending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending == p {
		r.takeBack(p.undo)
		r.pending = nil
	}
}
