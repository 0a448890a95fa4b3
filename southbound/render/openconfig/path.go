// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"cmp"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
)

// path builds a path of element names; an item key=value is a key of the
// element before it.
func path(items ...string) *gpb.Path { return below(&gpb.Path{}, items...) }

// below returns the path p extended by items; p itself is not changed.
func below(p *gpb.Path, items ...string) *gpb.Path {
	elems := append(make([]*gpb.PathElem, 0, len(p.GetElem())+len(items)), p.GetElem()...)
	for _, item := range items {
		key, value, isKey := strings.Cut(item, "=")
		if !isKey {
			elems = append(elems, &gpb.PathElem{Name: item})
			continue
		}
		last := elems[len(elems)-1]
		if last.Key == nil {
			last.Key = map[string]string{}
		}
		last.Key[key] = value
	}
	return &gpb.Path{Elem: elems}
}

// identity is an enumeration's name in a path key, without its module.
func identity(e ygot.GoEnum) string {
	s, err := ygot.EnumName(e)
	if err != nil { // not of the model: the device will say so
		return ""
	}
	return s
}

func compareText(a, b string) int { return cmp.Compare(a, b) }
