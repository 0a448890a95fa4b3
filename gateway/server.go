// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"github.com/openconfig/ygot/util"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// ModelName and ModelVersion are what Capabilities says of the module.
const (
	ModelName    = "s2cd-gateway"
	ModelVersion = "2026-11-22"
	gnmiVersion  = "0.10.0"
)

// Server answers gNMI for an Agent.
type Server struct {
	gpb.UnimplementedGNMIServer
	agent *Agent
}

var _ gpb.GNMIServer = (*Server)(nil)

// NewServer returns the gNMI service of a.
func NewServer(a *Agent) *Server { return &Server{agent: a} }

// Capabilities names the model and its encodings.
func (s *Server) Capabilities(context.Context, *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	return &gpb.CapabilityResponse{
		SupportedModels:    []*gpb.ModelData{{Name: ModelName, Organization: "s2cd", Version: ModelVersion}},
		SupportedEncodings: []gpb.Encoding{gpb.Encoding_JSON_IETF, gpb.Encoding_PROTO},
		GNMIVersion:        gnmiVersion,
		Extension:          []*extpb.Extension{},
	}, nil
}

// Get returns configuration, state or both below any path of the model; a key
// may be a wildcard. A path without data gives a notification without update.
// While a VRF that was taken out of the configuration could not be removed from
// the kernel, the configuration is Unavailable, so that nobody takes it for gone.
func (s *Server) Get(ctx context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	if e := req.GetEncoding(); e != gpb.Encoding_JSON_IETF {
		return nil, status.Errorf(codes.Unimplemented, "encoding %s is not supported, use JSON_IETF", e)
	}
	if left := s.agent.snapshot().leftover; len(left) > 0 && req.GetType() != gpb.GetRequest_STATE && req.GetType() != gpb.GetRequest_OPERATIONAL {
		return nil, status.Errorf(codes.Unavailable, "not removed from the kernel yet: vrf %s", strings.Join(left, ", vrf "))
	}
	root, err := s.root(ctx, req.GetType())
	if err != nil {
		return nil, err
	}
	paths := req.GetPath()
	if len(paths) == 0 {
		paths = []*gpb.Path{{}}
	}
	at := s.agent.cfg.Now().UnixNano()
	resp := &gpb.GetResponse{}
	for _, p := range paths {
		abs, err := absolute(req.GetPrefix(), p)
		if err != nil {
			return nil, err
		}
		updates, err := read(root, abs)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "%v", err)
		}
		n := &gpb.Notification{Timestamp: at, Update: updates}
		if t := req.GetPrefix().GetTarget(); t != "" {
			n.Prefix = &gpb.Path{Target: t}
		}
		resp.Notification = append(resp.Notification, n)
	}
	return resp, nil
}

// root returns the parts of the tree that a Get of this type may see.
func (s *Server) root(ctx context.Context, t gpb.GetRequest_DataType) (*gwyang.Root, error) {
	root := &gwyang.Root{}
	if t == gpb.GetRequest_ALL || t == gpb.GetRequest_CONFIG {
		if tr := s.agent.snapshot().tree; tr != nil {
			root.Vrfs = tr.root.Vrfs
		}
	}
	if t != gpb.GetRequest_CONFIG {
		st, err := s.agent.state(ctx)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "%v", err)
		}
		root.State = st
	}
	return root, nil
}

// Set changes the configuration; see Agent.Set.
func (s *Server) Set(ctx context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	if err := s.agent.Set(ctx, req); err != nil {
		s.agent.cfg.Log.Warn("a set was refused", "code", status.Code(err).String(), "error", err)
		return nil, err
	}
	resp := &gpb.SetResponse{Prefix: req.GetPrefix(), Timestamp: s.agent.cfg.Now().UnixNano(), Extension: req.GetExtension()}
	for _, p := range req.GetDelete() {
		resp.Response = append(resp.Response, &gpb.UpdateResult{Path: p, Op: gpb.UpdateResult_DELETE})
	}
	for _, u := range req.GetReplace() {
		resp.Response = append(resp.Response, &gpb.UpdateResult{Path: u.GetPath(), Op: gpb.UpdateResult_REPLACE})
	}
	for _, u := range req.GetUpdate() {
		resp.Response = append(resp.Response, &gpb.UpdateResult{Path: u.GetPath(), Op: gpb.UpdateResult_UPDATE})
	}
	return resp, nil
}

// read returns what is at path as JSON (RFC 7951), one update for each node.
func read(root *gwyang.Root, path *gpb.Path) ([]*gpb.Update, error) {
	nodes, err := ytypes.GetNode(gwyang.SchemaTree["Root"], root, path, &ytypes.GetHandleWildcards{}, &ytypes.GetPartialKeyMatch{})
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", pathText(path), err)
	}
	var out []*gpb.Update
	for _, n := range nodes {
		if util.IsValueNil(n.Data) {
			continue
		}
		v, err := ygot.EncodeTypedValue(n.Data, gpb.Encoding_JSON_IETF, &ygot.RFC7951JSONConfig{AppendModuleName: true})
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", pathText(n.Path), err)
		}
		if v == nil {
			continue
		}
		out = append(out, &gpb.Update{Path: n.Path, Val: v})
	}
	return out, nil
}

func pathText(p *gpb.Path) string {
	s, err := ygot.PathToString(p)
	if err != nil {
		return errors.Join(errors.New("a path"), err).Error()
	}
	return s
}
