// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// node is an object of a JSON_IETF tree, names without modules.
type node = map[string]any

// maxDepth bounds the nesting of a value, which a device decides.
const maxDepth = 64

// treeOf puts notifications together into one tree, whatever the depth of the
// paths that a server chose for its answer. With what is known, lists hold an
// *entry in place of a node where the answer lets them.
func treeOf(notifications []*gpb.Notification, known memory) (node, error) {
	root := node{}
	if inPieces(notifications) {
		known = nil
	}
	for _, n := range notifications {
		for _, u := range n.GetUpdate() {
			elems := slices.Concat(n.GetPrefix().GetElem(), u.GetPath().GetElem())
			value, err := known.decode(elems, u.GetVal())
			if err != nil {
				return nil, fmt.Errorf("value of %s: %w", pathText(elems), err)
			}
			if err := insert(root, elems, value); err != nil {
				return nil, fmt.Errorf("value of %s: %w", pathText(elems), err)
			}
		}
	}
	return root, nil
}

// decode turns a value into what encoding/json would make of it.
func decode(elems []*gpb.PathElem, v *gpb.TypedValue) (any, error) {
	switch v := v.GetValue().(type) {
	case *gpb.TypedValue_JsonIetfVal:
		return decodeJSON(v.JsonIetfVal)
	case *gpb.TypedValue_JsonVal:
		return decodeJSON(v.JsonVal)
	case *gpb.TypedValue_StringVal:
		return v.StringVal, nil
	case *gpb.TypedValue_BoolVal:
		return v.BoolVal, nil
	case *gpb.TypedValue_UintVal:
		// RFC 7951 section 6.1 writes 64-bit numbers as strings; of the leaves
		// read here cir and counters are so wide.
		if name := elems[max(len(elems), 1)-1].GetName(); name == "cir" || strings.HasSuffix(name, "-octets") {
			return strconv.FormatUint(v.UintVal, 10), nil
		}
		return float64(v.UintVal), nil
	case *gpb.TypedValue_IntVal:
		return float64(v.IntVal), nil
	case *gpb.TypedValue_LeaflistVal:
		list := make([]any, 0, len(v.LeaflistVal.GetElement()))
		for _, e := range v.LeaflistVal.GetElement() {
			item, err := decode(elems, e)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return nil, errors.New("encoding not asked for")
}

func decodeJSON(body []byte) (any, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return bare(v, 0)
}

// bare removes modules from names.
func bare(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	var err error
	switch v := v.(type) {
	case node:
		out := make(node, len(v))
		for name, child := range v {
			if out[bareName(name)], err = bare(child, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		for i := range v {
			if v[i], err = bare(v[i], depth+1); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func bareName(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

// insert puts value at its path below root, made where missing.
func insert(root node, elems []*gpb.PathElem, value any) error {
	if len(elems) == 0 {
		return merge(root, value)
	}
	if len(elems) > maxDepth {
		return errors.New("path too long")
	}
	name := bareName(elems[0].GetName())
	if keys := elems[0].GetKey(); len(keys) > 0 {
		entry, err := listEntry(root, name, keys)
		if err != nil {
			return err
		}
		return insert(entry, elems[1:], value)
	}
	if len(elems) == 1 {
		if _, isObject := value.(node); !isObject {
			return merge(root, node{name: value})
		}
	}
	child, ok := root[name].(node)
	if !ok {
		if root[name] != nil {
			return fmt.Errorf("%s is no container", name)
		}
		child = node{}
		root[name] = child
	}
	return insert(child, elems[1:], value)
}

// listEntry finds or makes the entry of a list with these keys.
func listEntry(root node, name string, keys map[string]string) (node, error) {
	list, ok := root[name].([]any)
	if !ok && root[name] != nil {
		return nil, fmt.Errorf("%s is no list", name)
	}
	for _, item := range list {
		entry, _ := item.(node)
		matches := entry != nil
		for k, v := range keys {
			matches = matches && withoutModule(text(entry[k])) == withoutModule(v)
		}
		if matches {
			return entry, nil
		}
	}
	entry := node{}
	for k, v := range keys {
		entry[k] = v
		if n, err := strconv.ParseUint(v, 10, 32); err == nil && (k == "index" && !strings.HasPrefix(v, "0") || k == "sequence") {
			entry[k] = float64(n)
		}
	}
	root[name] = append(list, entry)
	return entry, nil
}

func merge(into node, value any) error {
	from, ok := value.(node)
	if !ok {
		return errors.New("value is no object")
	}
	for name, v := range from {
		switch old := into[name].(type) {
		case node:
			if err := merge(old, v); err != nil {
				return err
			}
		case []any:
			if list, ok := v.([]any); ok {
				into[name] = append(old, list...)
			}
		default:
			into[name] = v
		}
	}
	return nil
}

// member returns the object below n along names; nil where there is none.
func member(n node, names ...string) node {
	for _, name := range names {
		n, _ = n[name].(node)
	}
	return n
}

// entries returns the objects of the list container/list of n.
func entries(n node, container, list string) []node {
	items, _ := member(n, container)[list].([]any)
	out := make([]node, 0, len(items))
	for _, item := range items {
		if e, ok := item.(node); ok {
			out = append(out, e)
		}
	}
	return out
}

// text returns a leaf as a string.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// number returns a leaf as a number, 0 where it is none.
func number(v any) uint64 {
	n, err := strconv.ParseUint(text(v), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func withoutModule(s string) string {
	// Only identities are qualified so; an IPv6 address starts otherwise.
	if rest, ok := strings.CutPrefix(s, "openconfig-"); ok {
		if _, name, ok := strings.Cut(rest, ":"); ok {
			return name
		}
	}
	return s
}

func pathText(elems []*gpb.PathElem) string {
	var b strings.Builder
	for _, e := range elems {
		b.WriteString("/" + e.GetName())
		for _, k := range slices.Sorted(maps.Keys(e.GetKey())) {
			b.WriteString("[" + k + "=" + e.GetKey()[k] + "]")
		}
	}
	return b.String()
}
