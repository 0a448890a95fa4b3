// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is the deepest nesting a body may have; the contract needs five.
const maxDepth = 16

// parseStrict reads one JSON value (RFC 8259) with numbers as json.Number. It
// refuses what encoding/json lets pass: bad UTF-8, half a surrogate pair, names
// given twice, values after the first, and nesting beyond maxDepth.
func parseStrict(raw []byte) (any, *fault) {
	if !utf8.Valid(raw) {
		return nil, invalid("", "the body is not valid UTF-8")
	}
	if at := halfPair(raw); at >= 0 {
		return nil, invalid("", fmt.Sprintf("the body has half a surrogate pair at byte %d, and is not valid Unicode", at+1))
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, invalid("", "the body is missing")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, f := parseValue(dec, "", 1)
	if f != nil {
		return nil, f
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("", "the body goes on after its JSON value")
	}
	return v, nil
}

// parseValue reads the value at path.
func parseValue(dec *json.Decoder, path string, depth int) (any, *fault) {
	t, err := dec.Token()
	if err != nil {
		return nil, syntaxFault(path, err)
	}
	delim, nested := t.(json.Delim)
	if !nested {
		return t, nil
	}
	if depth > maxDepth {
		return nil, invalid(path, "the body is nested too deep, "+strconv.Itoa(maxDepth)+" levels are the most")
	}
	if delim == '{' {
		return parseObject(dec, path, depth)
	}
	return parseArray(dec, path, depth)
}

func parseObject(dec *json.Decoder, path string, depth int) (any, *fault) {
	object := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, syntaxFault(path, err)
		}
		name, ok := t.(string)
		if !ok {
			return nil, invalid(path, "the body is not valid JSON")
		}
		at := join(path, name)
		if _, twice := object[name]; twice {
			return nil, invalid(at, "is given twice")
		}
		v, f := parseValue(dec, at, depth+1)
		if f != nil {
			return nil, f
		}
		object[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, syntaxFault(path, err)
	}
	return object, nil
}

func parseArray(dec *json.Decoder, path string, depth int) (any, *fault) {
	array := []any{}
	for dec.More() {
		v, f := parseValue(dec, element(path, len(array)), depth+1)
		if f != nil {
			return nil, f
		}
		array = append(array, v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, syntaxFault(path, err)
	}
	return array, nil
}

func syntaxFault(path string, err error) *fault {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return invalid(path, fmt.Sprintf("the body is not valid JSON at byte %d", syntax.Offset))
	}
	return invalid(path, "the body is not valid JSON, it ends too early")
}

// halfPair returns where raw has an escaped surrogate without the other half of
// its pair (RFC 8259, section 8.2), which would be read as U+FFFD; -1: nowhere.
func halfPair(raw []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(raw[at:], '\\')
		if next < 0 {
			return -1
		}
		at += next
		switch first := escaped(raw[at:]); {
		case !utf16.IsSurrogate(first):
			at = min(at+2, len(raw))
		case utf16.DecodeRune(first, escaped(raw[at+6:])) == unicode.ReplacementChar:
			return at
		default:
			at += 12
		}
	}
}

// escaped is the code unit that s begins with, as \uXXXX; 0 if it begins otherwise.
func escaped(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	v, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return 0 // no JSON, which is said later
	}
	return rune(v)
}

// join names a property, element an item, as messages show them:
// accessPoint.staticPrefixes[0].
func join(path, name string) string {
	const longest = 64 // a name of the client's own making is not repeated at length
	if len(name) > longest {
		name = name[:longest] + "..."
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
