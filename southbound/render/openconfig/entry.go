// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// Paths of the lists whose entries are read by themselves, names without
// modules.
const (
	subinterfaceList = "interfaces/interface/subinterfaces/subinterface"
	instanceList     = "network-instances/network-instance"
	policyList       = "qos/scheduler-policies/scheduler-policy"
	bindingList      = "qos/interfaces/interface"
)

// entryKey names what a device says in one entry of a list: by a digest, so that
// no text stays in memory, which may hold keys.
type entryKey struct {
	list string
	text [sha256.Size]byte
}

// entry is an entry of such a list: what it says, or what was made of the same
// text before.
type entry struct {
	key     entryKey // zero: not known, the answer came in other pieces
	members node
	made    any
}

// memory is what was made of the entries of the last answer. It is never changed
// once the answer is read.
type memory map[entryKey]any

// recall returns what read made of the same text before, or reads the entry, and
// has it in into for the next time, unless read says that it holds this once only.
func recall[T any](into memory, e *entry, read func(node) (made T, lasting bool, err error)) (T, error) {
	made, lasting := e.made.(T)
	if !lasting {
		var err error
		if made, lasting, err = read(e.members); err != nil {
			return made, err
		}
		e.made = made
	}
	if lasting && e.key.list != "" {
		into[e.key] = e.made
	}
	return made, nil
}

// entriesOf returns the entries of the list container/list of n.
func entriesOf(n node, container, list string) []*entry {
	items, _ := member(n, container)[list].([]any)
	out := make([]*entry, 0, len(items))
	for _, item := range items {
		switch item := item.(type) {
		case *entry:
			out = append(out, item)
		case node:
			out = append(out, &entry{members: item})
		}
	}
	return out
}

// inPieces reports whether a path leads into a list: then entries may come in
// pieces, which have to be put together first.
func inPieces(notifications []*gpb.Notification) bool {
	within := func(p *gpb.Path) bool {
		for _, e := range p.GetElem() {
			if len(e.GetKey()) > 0 {
				return true
			}
		}
		return false
	}
	for _, n := range notifications {
		if within(n.GetPrefix()) {
			return true
		}
		for _, u := range n.GetUpdate() {
			if within(u.GetPath()) {
				return true
			}
		}
	}
	return false
}

// decode is the function decode, but for the entries that are known.
func (known memory) decode(elems []*gpb.PathElem, v *gpb.TypedValue) (any, error) {
	if body := v.GetJsonIetfVal(); known != nil && body != nil {
		names := make([]string, len(elems))
		for i, e := range elems {
			names[i] = bareName(e.GetName())
		}
		if n, err := known.sift(strings.Join(names, "/"), body); err == nil {
			return n, nil
		}
	}
	return decode(elems, v)
}

// errShape is of text that is read as a whole: that says what is wrong, if
// anything is.
var errShape = errors.New("not of the expected shape")

// sifter decodes JSON as decodeJSON does, but leaves the entries that are known
// as they are: of an answer nearly all, and to decode one takes a hundred times
// as long as its digest.
type sifter struct {
	known memory
	dec   *json.Decoder
	text  json.RawMessage // of the entry at hand
}

// sift decodes the object at the path at.
func (known memory) sift(at string, body []byte) (node, error) {
	s := sifter{known: known, dec: json.NewDecoder(bytes.NewReader(body))}
	v, err := s.value(at, 0)
	if err != nil {
		return nil, err
	}
	if _, err := s.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errShape
	}
	n, ok := v.(node)
	if !ok {
		return nil, errShape
	}
	return n, nil
}

func (s *sifter) value(at string, depth int) (any, error) {
	switch at {
	case "", "interfaces", "interfaces/interface/subinterfaces", "network-instances",
		"qos", "qos/scheduler-policies", "qos/interfaces":
		return s.object(at, depth)
	case "interfaces/interface":
		return s.list(at, depth, s.object)
	case subinterfaceList, instanceList, policyList, bindingList:
		return s.list(at, depth, s.entry)
	}
	var v any
	if err := s.dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return bare(v, depth)
}

func (s *sifter) object(at string, depth int) (any, error) {
	if t, err := s.dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errShape
	}
	out := node{}
	for s.dec.More() {
		t, err := s.dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errShape
		}
		name = bareName(name)
		below := name
		if at != "" {
			below = at + "/" + name
		}
		if out[name], err = s.value(below, depth+1); err != nil {
			return nil, err
		}
	}
	return out, s.end()
}

func (s *sifter) list(at string, depth int, item func(at string, depth int) (any, error)) (any, error) {
	if t, err := s.dec.Token(); err != nil || t != json.Delim('[') {
		return nil, errShape
	}
	out := []any{}
	for s.dec.More() {
		v, err := item(at, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, s.end()
}

// end reads what closes an object or a list.
func (s *sifter) end() error {
	if _, err := s.dec.Token(); err != nil {
		return errShape
	}
	return nil
}

func (s *sifter) entry(at string, depth int) (any, error) {
	if err := s.dec.Decode(&s.text); err != nil {
		return nil, errShape
	}
	e := &entry{key: entryKey{list: at, text: sha256.Sum256(s.text)}}
	if made, ok := s.known[e.key]; ok {
		e.made = made
		return e, nil
	}
	var v any
	if err := json.Unmarshal(s.text, &v); err != nil {
		return nil, errShape
	}
	v, err := bare(v, depth)
	if err != nil {
		return nil, err
	}
	var ok bool
	if e.members, ok = v.(node); !ok {
		return nil, errShape
	}
	return e, nil
}
