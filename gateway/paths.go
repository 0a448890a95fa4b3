// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// absolute joins a request's prefix and a path and checks it against the model.
func absolute(prefix, path *gpb.Path) (*gpb.Path, error) {
	for _, p := range []*gpb.Path{prefix, path} {
		if o := p.GetOrigin(); o != "" && o != "s2cd-gateway" && o != "rfc7951" {
			return nil, status.Errorf(codes.InvalidArgument, "origin %q is not known", o)
		}
		if len(p.GetElement()) > 0 { //nolint:staticcheck // refused, not used
			return nil, status.Error(codes.InvalidArgument, "paths made of element are not supported, use elem")
		}
	}
	out := &gpb.Path{}
	out.Elem = append(out.Elem, prefix.GetElem()...)
	out.Elem = append(out.Elem, path.GetElem()...)
	if err := inModel(out); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	return out, nil
}

// inModel walks the schema along path.
func inModel(path *gpb.Path) error {
	entry := gwyang.SchemaTree["Root"]
	if entry == nil {
		return fmt.Errorf("the model has no root")
	}
	at := ""
	for _, e := range path.GetElem() {
		at += "/" + e.GetName()
		child := childOf(entry, e.GetName())
		if child == nil {
			return fmt.Errorf("path %s is not in the model", at)
		}
		for k := range e.GetKey() {
			if !child.IsList() || child.Dir[k] == nil || child.Dir[k].IsContainer() {
				return fmt.Errorf("path %s has no key %s", at, k)
			}
		}
		entry = child
	}
	return nil
}

// childOf finds a data node below entry; choices and cases are no part of a path.
func childOf(entry *yang.Entry, name string) *yang.Entry {
	if c := entry.Dir[name]; c != nil && !c.IsChoice() && !c.IsCase() {
		return c
	}
	for _, c := range entry.Dir {
		if c.IsChoice() || c.IsCase() {
			if found := childOf(c, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// checkSetPaths refuses wildcards, state and what is not in the model.
func checkSetPaths(req *gpb.SetRequest) error {
	paths := append([]*gpb.Path{}, req.GetDelete()...)
	for _, u := range append(append([]*gpb.Update{}, req.GetReplace()...), req.GetUpdate()...) {
		if u.GetVal() == nil {
			return status.Error(codes.InvalidArgument, "an update has no value")
		}
		paths = append(paths, u.GetPath())
	}
	for _, p := range paths {
		abs, err := absolute(req.GetPrefix(), p)
		if err != nil {
			return err
		}
		if len(abs.GetElem()) > 0 && abs.GetElem()[0].GetName() == "state" {
			return status.Error(codes.InvalidArgument, "/state cannot be set")
		}
		for _, e := range abs.GetElem() {
			for _, v := range e.GetKey() {
				if v == "*" {
					return status.Errorf(codes.InvalidArgument, "a Set takes no wildcard (%s)", e.GetName())
				}
			}
		}
	}
	return nil
}

// covers reports whether path, which may hold wildcards, is full or a
// container of it.
func covers(path, full *gpb.Path) bool {
	if len(path.GetElem()) > len(full.GetElem()) {
		return false
	}
	for i, e := range path.GetElem() {
		f := full.GetElem()[i]
		if e.GetName() != f.GetName() && e.GetName() != "*" {
			return false
		}
		for k, v := range e.GetKey() {
			if v != "*" && f.GetKey()[k] != v {
				return false
			}
		}
	}
	return true
}
