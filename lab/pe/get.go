// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"github.com/openconfig/lemming/gnmi/oc"
	"github.com/openconfig/ygot/util"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var _ gpb.GNMIServer = (*PE)(nil)

// Get implements gNMI Get (specification section 3.3) for configuration at any
// path and for interface counters, in JSON_IETF. A path that names a list
// without keys gives the list; one where there is nothing is NotFound.
func (p *PE) Get(ctx context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	p.faults.count("gets")
	if err := p.faults.read(ctx); err != nil {
		return nil, err
	}
	if e := req.GetEncoding(); e != gpb.Encoding_JSON_IETF && e != gpb.Encoding_JSON {
		return nil, status.Errorf(codes.Unimplemented, "encoding %s: only JSON_IETF is supported", e)
	}
	resp := &gpb.GetResponse{}
	for _, path := range req.GetPath() {
		full := path
		if len(req.GetPrefix().GetElem()) > 0 {
			var err error
			if full, err = util.JoinPaths(req.GetPrefix(), path); err != nil {
				return nil, status.Errorf(codes.InvalidArgument, "join prefix and path: %v", err)
			}
		}
		value, err := p.read(full, req.GetType())
		if err != nil {
			return nil, err
		}
		resp.Notification = append(resp.Notification, &gpb.Notification{
			Timestamp: time.Now().UnixNano(), Prefix: req.GetPrefix(),
			Update: []*gpb.Update{{Path: path, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: value}}}},
		})
	}
	return resp, nil
}

func (p *PE) read(path *gpb.Path, kind gpb.GetRequest_DataType) ([]byte, error) {
	name, err := ygot.PathToString(path)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "path: %v", err)
	}
	if counters, ok := p.countersAt(path); ok {
		return counters()
	}
	if kind == gpb.GetRequest_STATE || kind == gpb.GetRequest_OPERATIONAL {
		return nil, status.Errorf(codes.NotFound, "%s: there is no state but counters", name)
	}
	tree, err := p.currentTree()
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode tree: %v", err)
	}
	value, ok := lookup(tree, path.GetElem())
	if !ok {
		return nil, status.Errorf(codes.NotFound, "%s: nothing is configured there", name)
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode %s: %v", name, err)
	}
	return body, nil
}

// currentTree is the RFC 7951 encoding of the last good Set's tree, made once.
func (p *PE) currentTree() (map[string]any, error) {
	p.mu.Lock()
	root := p.root
	p.mu.Unlock()
	p.treeMu.Lock()
	defer p.treeMu.Unlock()
	if p.tree != nil && p.treeRoot == root {
		return p.tree, nil
	}
	body, err := encodeRoot(root)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if err := json.Unmarshal(body, &tree); err != nil {
		return nil, fmt.Errorf("decode own encoding: %w", err)
	}
	p.treeRoot, p.tree = root, tree
	return tree, nil
}

func encodeRoot(root *oc.Root) ([]byte, error) {
	body, err := ygot.Marshal7951(root, &ygot.RFC7951JSONConfig{AppendModuleName: true, PreferShadowPath: true})
	if err != nil {
		return nil, fmt.Errorf("encode tree: %w", err)
	}
	if string(body) == "null" {
		return []byte("{}"), nil
	}
	return body, nil
}

// lookup walks down the encoding. The members of what it returns are
// qualified by module, as those at the top of a value have to be (RFC 7951
// section 4).
func lookup(tree map[string]any, elems []*gpb.PathElem) (any, bool) {
	var node any = tree
	module := ""
	for _, e := range elems {
		object, ok := node.(map[string]any)
		if !ok {
			return nil, false
		}
		name, child, ok := member(object, e.GetName())
		if !ok {
			return nil, false
		}
		if m, _, qualified := strings.Cut(name, ":"); qualified {
			module = m
		}
		node = child
		if len(e.GetKey()) == 0 {
			continue
		}
		if node, ok = entry(child, e.GetKey()); !ok {
			return nil, false
		}
	}
	if object, ok := node.(map[string]any); ok {
		return qualify(object, module), true
	}
	if list, ok := node.([]any); ok {
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = item
			if object, ok := item.(map[string]any); ok {
				out[i] = qualify(object, module)
			}
		}
		return out, true
	}
	return node, true
}

func qualify(object map[string]any, module string) map[string]any {
	if module == "" {
		return object
	}
	out := make(map[string]any, len(object))
	for name, v := range object {
		if !strings.Contains(name, ":") {
			name = module + ":" + name
		}
		out[name] = v
	}
	return out
}

// member finds a child by its name, qualified or not.
func member(object map[string]any, name string) (string, any, bool) {
	if v, ok := object[name]; ok {
		return name, v, true
	}
	_, bare, qualified := strings.Cut(name, ":")
	if !qualified {
		bare = name
	}
	for n, v := range object {
		if _, rest, ok := strings.Cut(n, ":"); (ok && rest == bare) || n == bare {
			return n, v, true
		}
	}
	return "", nil, false
}

// entry finds a list's entry by its keys.
func entry(list any, keys map[string]string) (any, bool) {
	items, ok := list.([]any)
	if !ok {
		return nil, false
	}
	for _, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, false
		}
		match := true
		for key, want := range maps.All(keys) {
			_, v, ok := member(object, key)
			got := fmt.Sprint(v)
			match = match && ok && (got == want || unqualified(got) == unqualified(want))
		}
		if match {
			return object, true
		}
	}
	return nil, false
}

// unqualified drops the module of an identity, which a client may leave out.
// An address is no identity, though it has colons too.
func unqualified(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Contains(s[:i], "-") && strings.ToUpper(s[i+1:]) == s[i+1:] {
		return s[i+1:]
	}
	return s
}

// Capabilities implements gNMI Capabilities with the models that are realised.
func (p *PE) Capabilities(ctx context.Context, _ *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	if err := p.faults.read(ctx); err != nil {
		return nil, err
	}
	resp := &gpb.CapabilityResponse{
		SupportedEncodings: []gpb.Encoding{gpb.Encoding_JSON_IETF},
		GNMIVersion:        "0.10.0",
		Extension:          []*gnmi_ext.Extension{},
	}
	for _, m := range []struct{ name, version string }{
		{"openconfig-interfaces", "3.0.0"}, {"openconfig-vlan", "3.2.1"}, {"openconfig-if-ip", "3.1.1"},
		{"openconfig-network-instance", "4.0.1"}, {"openconfig-bgp", "9.4.0"}, {"openconfig-local-routing", "2.0.1"}, {"openconfig-qos", "0.7.0"},
	} {
		resp.SupportedModels = append(resp.SupportedModels, &gpb.ModelData{Name: m.name, Organization: "OpenConfig working group", Version: m.version})
	}
	return resp, nil
}
