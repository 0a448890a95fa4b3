// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxJSONDepth  = 64        // of one value
	maxJSONValues = 1_000_000 // in one value: a node or a link
)

// jsonValue is a value with the place where it begins.
type jsonValue struct {
	at     int
	token  json.Token  // string, json.Number, bool or nil; json.Delim of an object or list
	names  []string    // of an object's members, without their module (RFC 7951 section 4)
	values []jsonValue // of an object or a list
}

// get walks down the members called path.
func (v jsonValue) get(path ...string) (jsonValue, bool) {
	at := v
	for _, name := range path {
		i := slices.Index(at.names, name)
		if i < 0 {
			return jsonValue{}, false
		}
		at = at.values[i]
	}
	return at, true
}

// list returns the elements of the list at path.
func (v jsonValue) list(path ...string) []jsonValue {
	found, _ := v.get(path...)
	if found.token != json.Delim('[') {
		return nil
	}
	return found.values
}

// text returns the text at path, or the digits of a number; RFC 7951 writes
// large and decimal numbers as texts.
func (v jsonValue) text(path ...string) (string, bool) {
	found, _ := v.get(path...)
	switch t := found.token.(type) {
	case string:
		return t, true
	case json.Number:
		return t.String(), true
	}
	return "", false
}

// jsonScanner walks a JSON text token by token and knows where it is. Its errors
// end the walk.
type jsonScanner struct {
	data []byte
	dec  *json.Decoder

	seen, line, start int // place has counted up to seen: line there, from 0, and where it begins
}

func newJSONScanner(data []byte) *jsonScanner {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return &jsonScanner{data: data, dec: dec}
}

// offset returns where the next token begins.
func (s *jsonScanner) offset() int {
	i := int(s.dec.InputOffset())
	for i < len(s.data) && strings.IndexByte(" \t\r\n,:", s.data[i]) >= 0 {
		i++
	}
	return i
}

// place returns line and column of an offset, from 1. It is quick when offsets
// ascend.
func (s *jsonScanner) place(offset int) (line, column int) {
	offset = min(offset, len(s.data))
	if offset < s.seen {
		s.seen, s.line, s.start = 0, 0, 0
	}
	part := s.data[s.seen:offset]
	if last := bytes.LastIndexByte(part, '\n'); last >= 0 {
		s.line += bytes.Count(part, []byte{'\n'})
		s.start = s.seen + last + 1
	}
	s.seen = offset
	return s.line + 1, offset - s.start + 1
}

// fault is a reason to end the walk at an offset.
func (s *jsonScanner) fault(offset int, format string, args ...any) error {
	line, column := s.place(offset)
	return &Fault{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}

func (s *jsonScanner) token() (json.Token, error) {
	at := s.offset()
	t, err := s.dec.Token()
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, s.fault(len(s.data), "the JSON text ends too early")
	}
	return nil, s.fault(at, "not valid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// open enters an object or a list.
func (s *jsonScanner) open(delim json.Delim, what string) error {
	at := s.offset()
	t, err := s.token()
	if err != nil {
		return err
	}
	if t != delim {
		return s.fault(at, "want %s", what)
	}
	return nil
}

// object calls member for each member of an object with its name, without the
// module; member reads or skips the value.
func (s *jsonScanner) object(what string, member func(name string) error) error {
	if err := s.open('{', what); err != nil {
		return err
	}
	for s.dec.More() {
		name, err := s.name()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := s.token()
	return err
}

// list calls element for each element of a list; element reads it.
func (s *jsonScanner) list(what string, element func() error) error {
	if err := s.open('[', what); err != nil {
		return err
	}
	for s.dec.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := s.token()
	return err
}

func (s *jsonScanner) name() (string, error) {
	t, err := s.token()
	if err != nil {
		return "", err
	}
	name, ok := t.(string)
	if !ok {
		return "", s.fault(s.offset(), "want a name")
	}
	return name[strings.IndexByte(name, ':')+1:], nil
}

// skip passes over a value.
func (s *jsonScanner) skip() error {
	for depth := 0; ; {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// value reads a value whole.
func (s *jsonScanner) value() (jsonValue, error) {
	room := maxJSONValues
	return s.nested(&room, 0)
}

func (s *jsonScanner) nested(room *int, depth int) (jsonValue, error) {
	v := jsonValue{at: s.offset()}
	t, err := s.token()
	if err != nil {
		return v, err
	}
	v.token = t
	if *room--; *room < 0 || depth > maxJSONDepth {
		return v, s.fault(v.at, "a value of more than %d parts or %d levels", maxJSONValues, maxJSONDepth)
	}
	if t != json.Delim('{') && t != json.Delim('[') {
		return v, nil
	}
	for s.dec.More() {
		if t == json.Delim('{') {
			name, err := s.name()
			if err != nil {
				return v, err
			}
			v.names = append(v.names, name)
		}
		inner, err := s.nested(room, depth+1)
		if err != nil {
			return v, err
		}
		v.values = append(v.values, inner)
	}
	_, err = s.token()
	return v, err
}

// end refuses anything after the first value.
func (s *jsonScanner) end() error {
	at := s.offset()
	if _, err := s.dec.Token(); !errors.Is(err, io.EOF) {
		return s.fault(at, "more than one JSON value")
	}
	return nil
}
