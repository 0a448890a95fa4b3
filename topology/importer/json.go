// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const maxJSONValues = 200_000 // in one node or link

// jsonValue is a value with the place where it begins.
type jsonValue struct {
	at     int
	raw    []byte      // a scalar as it is written; of an object or list its bracket
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
	if !bytes.HasPrefix(found.raw, []byte("[")) {
		return nil
	}
	return found.values
}

// text returns the text at path, or the digits of a number; RFC 7951 writes
// large and decimal numbers as texts.
func (v jsonValue) text(path ...string) (string, bool) {
	found, _ := v.get(path...)
	if len(found.raw) == 0 || bytes.IndexByte([]byte("{[tfn"), found.raw[0]) >= 0 {
		return "", false
	}
	if found.raw[0] == '"' {
		return unquote(found.raw), true
	}
	return string(found.raw), true
}

// jsonScanner walks a valid JSON text value by value and knows where it is. Its
// errors are *Fault and end the walk.
type jsonScanner struct {
	data  []byte
	pos   int
	known map[string]string // members' names by how they are written

	seen, line, start int // place has counted up to seen: line there, from 0, and where it begins
}

// newJSONScanner refuses a text that is not valid, so that the scanner need not
// care.
func newJSONScanner(data []byte) (*jsonScanner, error) {
	s := &jsonScanner{data: data, known: map[string]string{}}
	if !utf8.Valid(data) {
		return nil, s.fault(validUpTo(data), "not UTF-8")
	}
	var all json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		offset := 0
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			offset = int(syntax.Offset) - 1
		}
		return nil, s.fault(offset, "not valid JSON: %s", err)
	}
	return s, nil
}

// validUpTo returns where the first octets are that are not UTF-8.
func validUpTo(data []byte) (offset int) {
	for offset < len(data) {
		r, size := utf8.DecodeRune(data[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return offset
}

// place returns line and column of an offset, from 1. It is quick when offsets
// ascend.
func (s *jsonScanner) place(offset int) (line, column int) {
	offset = min(max(offset, 0), len(s.data))
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

func (s *jsonScanner) fault(offset int, format string, args ...any) error {
	line, column := s.place(offset)
	return &Fault{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}

// next returns the first byte of the next value, name or closing bracket, which
// is at pos then.
func (s *jsonScanner) next() byte {
	for bytes.IndexByte([]byte(" \t\r\n,:"), s.data[s.pos]) >= 0 {
		s.pos++
	}
	return s.data[s.pos]
}

// object calls member for each member of an object with its name, without the
// module; member reads or skips the value.
func (s *jsonScanner) object(what string, member func(name string) error) error {
	return s.each('{', '}', what, func() error { return member(s.name()) })
}

// list calls element for each element of a list; element reads it.
func (s *jsonScanner) list(what string, element func() error) error {
	return s.each('[', ']', what, element)
}

func (s *jsonScanner) each(open, shut byte, what string, read func() error) error {
	if s.next() != open {
		return s.fault(s.pos, "want %s", what)
	}
	s.pos++
	for s.next() != shut {
		if err := read(); err != nil {
			return err
		}
	}
	s.pos++
	return nil
}

// name reads a member's name.
func (s *jsonScanner) name() string {
	s.next()
	raw := s.scalar()
	name, ok := s.known[string(raw)]
	if !ok {
		name = unquote(raw)
		name = name[strings.IndexByte(name, ':')+1:]
		s.known[string(raw)] = name
	}
	return name
}

// scalar passes over a text, number or word and returns it as it is written.
func (s *jsonScanner) scalar() []byte {
	start := s.pos
	if s.data[start] != '"' {
		for s.pos < len(s.data) && bytes.IndexByte([]byte(" \t\r\n,]}"), s.data[s.pos]) < 0 {
			s.pos++
		}
		return s.data[start:s.pos]
	}
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
	return s.data[start:s.pos]
}

// skip passes over a value.
func (s *jsonScanner) skip() {
	for depth := 0; ; {
		switch s.next() {
		case '{', '[':
			depth++
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		default:
			s.scalar()
		}
		if depth == 0 {
			return
		}
	}
}

// value reads a node or link whole.
func (s *jsonScanner) value() (jsonValue, error) {
	s.next()
	at, room := s.pos, maxJSONValues
	v := s.nested(&room)
	if room < 0 {
		return v, s.fault(at, "more than %d values in one element", maxJSONValues)
	}
	return v, nil
}

// nested reads a value, and skips what there is no room for.
func (s *jsonScanner) nested(room *int) jsonValue {
	kind := s.next()
	v := jsonValue{at: s.pos}
	if *room--; *room < 0 {
		s.skip()
		return v
	}
	if kind != '{' && kind != '[' {
		v.raw = s.scalar()
		return v
	}
	v.raw = s.data[s.pos : s.pos+1]
	shut := kind + 2 // the closing bracket in ASCII
	for s.pos++; s.next() != shut; {
		if kind == '{' {
			v.names = append(v.names, s.name())
		}
		v.values = append(v.values, s.nested(room))
	}
	s.pos++
	return v
}

// unquote returns the text that raw spells with its quotes.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "" // never for a part of a valid text
	}
	return text
}
