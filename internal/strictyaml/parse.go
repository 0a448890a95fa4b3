// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxBytes = 64 << 20 // of a file
	maxDepth = 32       // of nested values; guards the parser's stack
)

// Doc is one parsed file and the faults found in it so far.
type Doc struct {
	file   string
	root   ast.Node // nil: empty, or not parsed
	faults Faults
	unread map[string]bool // paths that Decode had to leave
	plans  map[reflect.Type]*plan
}

// Read parses the file called path.
func Read(path string) (*Doc, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if info.Size() > maxBytes {
		return nil, &Fault{File: path, Reason: fmt.Sprintf("larger than %d MiB", maxBytes>>20)}
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return Parse(path, data), nil
}

// Parse parses data, which came from file. Faults are kept in the Doc.
func Parse(file string, data []byte) *Doc {
	d := &Doc{file: file}
	switch {
	case len(data) > maxBytes:
		d.at(nil, "", "larger than %d MiB", maxBytes>>20)
		return d
	case !utf8.Valid(data):
		d.at(nil, "", "not UTF-8")
		return d
	case bytes.ContainsRune(data, 0):
		d.at(nil, "", "holds a NUL byte")
		return d
	}
	d.parse(data)
	return d
}

// parse turns a panic of the parser into a fault: a file must never stop the
// daemon from saying what is wrong with it.
func (d *Doc) parse(data []byte) {
	defer func() {
		if r := recover(); r != nil {
			d.at(nil, "", "not valid YAML")
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if !d.plain(tokens) {
		return
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if d.root != nil {
			d.at(firstToken(doc.Body), "", "a second document is not allowed")
			return
		}
		d.root = doc.Body
	}
}

// plain refuses what is outside the subset, and nesting that could exhaust the
// recursive parser's stack.
func (d *Doc) plain(tokens token.Tokens) bool {
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type { //nolint:exhaustive // every other token is harmless
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			d.at(t, "", "anchors, aliases, tags, merge keys, complex keys and directives are not allowed")
			return false
		case token.InvalidType:
			reason := t.Error
			if reason == "" {
				reason = "invalid text"
			}
			d.at(t, "", "not valid YAML: %s", reason)
			return false
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		}
		if depth > maxDepth || dashes > maxDepth {
			d.at(t, "", "nested deeper than %d levels", maxDepth)
			return false
		}
	}
	return true
}

func (d *Doc) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		d.at(syntax.Token, "", "not valid YAML: %s", syntax.Message)
		return
	}
	var place interface{ GetToken() *token.Token }
	if errors.As(err, &place) {
		d.at(place.GetToken(), "", "not valid YAML")
		return
	}
	d.at(nil, "", "not valid YAML")
}

// Err returns every fault found so far as Faults, nil without one.
func (d *Doc) Err() error {
	if len(d.faults) == 0 {
		return nil
	}
	return d.faults.sorted()
}

// Parsed reports whether there is anything to look at.
func (d *Doc) Parsed() bool { return d.root != nil }

// Fault adds a fault at path, for example "nodes[3].name"; where the file has
// nothing there, at the nearest place above it. A path at or below one that
// already could not be read is skipped: it would only repeat that.
func (d *Doc) Fault(path, format string, args ...any) {
	for p := path; p != ""; p = parent(p) {
		if d.unread[p] {
			return
		}
	}
	d.at(d.locate(path), path, format, args...)
}

func (d *Doc) at(t *token.Token, path, format string, args ...any) {
	f := &Fault{File: d.file, Path: path, Reason: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		f.Line, f.Column = t.Position.Line, t.Position.Column
	}
	d.faults = append(d.faults, f)
}

// wrong adds a fault of a value that Decode has to leave.
func (d *Doc) wrong(t *token.Token, path, format string, args ...any) {
	if d.unread == nil {
		d.unread = map[string]bool{}
	}
	d.unread[path] = true
	d.at(t, path, format, args...)
}

// Line returns the line of path, 0 when the file has nothing there or above.
func (d *Doc) Line(path string) int {
	if t := d.locate(path); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
