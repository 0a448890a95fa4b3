// SPDX-License-Identifier: Apache-2.0

// Package gateway renders a DeviceConfig in the module s2cd-gateway, which
// s2cgw serves, and reads it and the gateway's state back. It does no I/O and
// keeps nothing between calls.
package gateway

import (
	"errors"
	"fmt"
	"slices"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"

	"github.com/s2cd/s2cd/southbound"
	model "github.com/s2cd/s2cd/yang/gateway"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// Model renders for s2cgw. Its zero value is ready and safe for concurrent use.
type Model struct{}

// ConfigPaths returns the root of the configuration.
func (Model) ConfigPaths() []*gpb.Path { return []*gpb.Path{path(elem("vrfs"))} }

// StatePaths returns what ParseState reads.
func (Model) StatePaths() []*gpb.Path { return []*gpb.Path{path(elem("state"))} }

// Changes returns the deletes and replaces that turn have into want: a whole
// VRF where it is new, single entries where it is not. Nil: nothing differs.
// What a gateway cannot hold is an *southbound.OpError of kind Unsupported.
func (Model) Changes(have, want southbound.DeviceConfig, _ uint64) (*gpb.SetRequest, error) {
	have.Normalize()
	want.Normalize()
	c := &changes{req: &gpb.SetRequest{}}
	was := byName(have.VRFs)
	is := byName(want.VRFs)
	for _, v := range have.VRFs {
		if _, ok := is[v.Name]; !ok {
			c.remove(vrfPath(v.Name))
		}
	}
	for _, v := range want.VRFs {
		y, err := model.FromVRF(v)
		if err != nil {
			err = fmt.Errorf("vrf %s: %w", v.Name, err)
			return nil, &southbound.OpError{Op: "apply", Kind: southbound.Unsupported, Err: err}
		}
		if old, ok := was[v.Name]; ok {
			c.vrf(old, v)
		} else {
			c.replace(vrfPath(v.Name), y)
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	if len(c.req.GetDelete())+len(c.req.GetReplace()) == 0 {
		return nil, nil
	}
	return c.req, nil
}

func byName(vs []southbound.VRF) map[string]southbound.VRF {
	out := make(map[string]southbound.VRF, len(vs))
	for _, v := range vs {
		out[v.Name] = v
	}
	return out
}

// changes collects a SetRequest and its first error.
type changes struct {
	req *gpb.SetRequest
	err error
}

func (c *changes) remove(p *gpb.Path) { c.req.Delete = append(c.req.Delete, p) }

func (c *changes) replace(p *gpb.Path, node ygot.GoStruct) {
	v, err := ygot.EncodeTypedValue(node, gpb.Encoding_JSON_IETF, &ygot.RFC7951JSONConfig{AppendModuleName: true})
	if err != nil {
		text, _ := ygot.PathToString(p)
		c.err = errors.Join(c.err, fmt.Errorf("render %s: %w", text, err))
		return
	}
	c.req.Replace = append(c.req.Replace, &gpb.Update{Path: p, Val: v})
}

// vrf renders what differs within one VRF.
func (c *changes) vrf(old, v southbound.VRF) {
	at := vrfPath(v.Name)
	if old.Mark != v.Mark {
		c.replace(below(at, elem("mark")), model.FromMark(v.Mark))
	}
	list(c, old.Attachments, v.Attachments, model.FromAttachment, func(a southbound.Attachment) *gpb.Path {
		return below(at, elem("attachments"), elem("attachment", "port", a.Port, "vlan", fmt.Sprint(a.VLAN)))
	})
	list(c, old.Tunnels, v.Tunnels, model.FromTunnel, func(t southbound.Tunnel) *gpb.Path {
		return below(at, elem("tunnels"), elem("tunnel", "name", t.Name))
	})
	route := func(r southbound.StaticRoute) *gwyang.S2CdGateway_Vrfs_Vrf_Routes_Route {
		y, err := model.FromRoute(r)
		c.err = errors.Join(c.err, err)
		return y
	}
	list(c, old.Routes, v.Routes, route, func(r southbound.StaticRoute) *gpb.Path {
		return below(at, elem("routes"), elem("route", "prefix", r.Prefix.String()))
	})
	list(c, old.Probes, v.Probes, model.FromProbe, func(p southbound.Probe) *gpb.Path {
		return below(at, elem("probes"), elem("probe", "name", p.Name))
	})
}

// list renders the difference of one list: entries are the same when their
// paths are.
func list[T any, Y ygot.GoStruct](c *changes, old, now []T, render func(T) Y, at func(T) *gpb.Path) {
	was := make(map[string]T, len(old))
	for _, e := range old {
		was[key(at(e))] = e
	}
	for _, e := range now {
		p := at(e)
		before, ok := was[key(p)]
		delete(was, key(p))
		if !ok || !same(before, e) {
			c.replace(p, render(e))
		}
	}
	gone := make([]string, 0, len(was))
	for k := range was {
		gone = append(gone, k)
	}
	slices.Sort(gone)
	for _, k := range gone {
		c.remove(at(was[k]))
	}
}

// ParseConfig returns the gateway's configuration, normalised.
func (Model) ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error) {
	root, err := unmarshal(notifications)
	if err != nil {
		return southbound.DeviceConfig{}, fmt.Errorf("gateway configuration: %w", err)
	}
	cfg, err := model.ToConfig(root)
	if err != nil {
		return southbound.DeviceConfig{}, fmt.Errorf("gateway configuration: %w", err)
	}
	return cfg, nil
}

// ParseState returns what the gateway measures and counts, as of now.
func (Model) ParseState(notifications []*gpb.Notification, now time.Time) (southbound.Observation, error) {
	root, err := unmarshal(notifications, &ytypes.IgnoreExtraFields{})
	if err != nil {
		return southbound.Observation{}, fmt.Errorf("gateway state: %w", err)
	}
	obs, err := observation(root.State)
	if err != nil {
		return southbound.Observation{}, fmt.Errorf("gateway state: %w", err)
	}
	obs.At = now
	return obs, nil
}

func unmarshal(notifications []*gpb.Notification, opts ...ytypes.UnmarshalOpt) (*gwyang.Root, error) {
	root := &gwyang.Root{}
	schema := model.Schema(root)
	for _, n := range notifications {
		// Target and origin are the transport's, not the tree's.
		one := &gpb.Notification{Update: n.GetUpdate(), Delete: n.GetDelete()}
		if e := n.GetPrefix().GetElem(); len(e) > 0 {
			one.Prefix = &gpb.Path{Elem: e}
		}
		if err := ytypes.UnmarshalNotifications(schema, []*gpb.Notification{one}, opts...); err != nil {
			return nil, fmt.Errorf("notification: %w", err)
		}
	}
	return root, nil
}
