// SPDX-License-Identifier: Apache-2.0

package router

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// node is an object of the tree, its members named without modules. A list is an
// array of nodes, each with its keys among its members.
type node = map[string]any

var errPath = errors.New("the path leads through what is no container or list entry")

// decode reads a JSON_IETF value (RFC 7951) and drops the modules of names.
func decode(body []byte) (any, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, fmt.Errorf("decode value: %w", err)
	}
	return bare(v), nil
}

func bare(v any) any {
	switch v := v.(type) {
	case node:
		out := make(node, len(v))
		for name, child := range v {
			out[unqualified(name)] = bare(child)
		}
		return out
	case []any:
		for i := range v {
			v[i] = bare(v[i])
		}
	}
	return v
}

func unqualified(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// lookup returns what is at a path; nil: nothing.
func lookup(root node, elems []*gpb.PathElem) any {
	var at any = root
	for _, e := range elems {
		object, ok := at.(node)
		if !ok {
			return nil
		}
		if at = object[unqualified(e.GetName())]; len(e.GetKey()) == 0 {
			continue
		}
		list, ok := at.([]any)
		if !ok {
			return nil
		}
		i := entry(list, e.GetKey())
		if i < 0 {
			return nil
		}
		at = list[i]
	}
	return at
}

// entry returns the place of the entry with these keys; -1: there is none.
func entry(list []any, keys map[string]string) int {
	return slices.IndexFunc(list, func(v any) bool {
		object, ok := v.(node)
		for name, want := range keys {
			got, isText := object[name].(string)
			if !isText {
				got = fmt.Sprint(object[name])
			}
			ok = ok && (got == want || unqualified(got) == unqualified(want))
		}
		return ok
	})
}

// put sets what is at a path, nil to remove it, and makes what leads there. It
// returns what was there.
func put(root node, elems []*gpb.PathElem, value any) (was any, err error) {
	if len(elems) == 0 {
		return nil, errors.New("the root cannot be replaced")
	}
	at := root
	for i, e := range elems {
		name, last := unqualified(e.GetName()), i == len(elems)-1
		if len(e.GetKey()) > 0 {
			if at, was, err = intoEntry(at, name, e.GetKey(), value, last); err != nil || at == nil {
				return was, err
			}
			continue
		}
		if last {
			was = at[name]
			if at[name] = value; value == nil {
				delete(at, name)
			}
			return was, nil
		}
		next, there := at[name].(node)
		if !there {
			if at[name] != nil {
				return nil, errPath
			}
			if value == nil {
				return nil, nil //nolint:nilnil // nothing was there
			}
			next = node{}
			at[name] = next
		}
		at = next
	}
	return nil, nil //nolint:nilnil // the entry was made on the way
}

// intoEntry steps from an object into an entry of its list, or sets that entry
// if it is the last; next is nil when there is nothing more to do.
func intoEntry(at node, name string, keys map[string]string, value any, last bool) (next node, was any, err error) {
	list, ok := at[name].([]any)
	if !ok && at[name] != nil {
		return nil, nil, errPath
	}
	i := entry(list, keys)
	if i >= 0 {
		was = list[i]
	}
	switch {
	case !last && i >= 0:
		next, ok = list[i].(node)
		if !ok {
			return nil, nil, errPath
		}
		return next, nil, nil
	case !last && value == nil, last && value == nil && i < 0:
		return nil, nil, nil
	case last && value == nil:
		at[name] = slices.Delete(list, i, i+1)
		return nil, was, nil
	}
	made := node{}
	if last {
		if made, ok = value.(node); !ok {
			return nil, nil, errPath
		}
	}
	for k, v := range keys {
		if made[k] == nil {
			made[k] = v
		}
	}
	if i >= 0 {
		list[i] = made
	} else {
		at[name] = append(list, made)
	}
	if last {
		return nil, was, nil
	}
	return made, nil, nil
}

// merge lays value over what is there (gNMI update): members of objects one by
// one, anything else as a whole.
func merge(there, value any) any {
	a, isObject := there.(node)
	b, laysObject := value.(node)
	if !isObject || !laysObject {
		return value
	}
	out := maps.Clone(a)
	for name, v := range b {
		out[name] = merge(out[name], v)
	}
	return out
}
