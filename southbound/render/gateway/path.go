// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"reflect"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
)

// elem is one step of a path; keys are pairs of name and value.
func elem(name string, keys ...string) *gpb.PathElem {
	e := &gpb.PathElem{Name: name}
	for i := 0; i+1 < len(keys); i += 2 {
		if e.Key == nil {
			e.Key = make(map[string]string)
		}
		e.Key[keys[i]] = keys[i+1]
	}
	return e
}

func path(elems ...*gpb.PathElem) *gpb.Path { return &gpb.Path{Elem: elems} }

// below is a longer path; p is not changed.
func below(p *gpb.Path, elems ...*gpb.PathElem) *gpb.Path {
	return path(append(append([]*gpb.PathElem{}, p.GetElem()...), elems...)...)
}

func vrfPath(name string) *gpb.Path { return path(elem("vrfs"), elem("vrf", "name", name)) }

// key is a path's text; paths made here always have one.
func key(p *gpb.Path) string {
	s, err := ygot.PathToString(p)
	if err != nil {
		return err.Error()
	}
	return s
}

func same[T any](a, b T) bool { return reflect.DeepEqual(a, b) }
