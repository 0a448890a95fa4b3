// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxYAMLEntries   = 10_000    // of a block mapping
	maxYAMLDocuments = 2         // marks of a beginning or end: one document
	maxYAMLDepth     = 64        // of brackets, and of dashes in a line; guards the parser's stack
	maxAliases       = 16        // on the way to one value
	maxYAMLVisit     = 2_000_000 // entries of mappings and lists looked at, those behind aliases each time
)

// yamlDoc is a parsed YAML text. Aliases and merge keys are followed where they
// are met and not unfolded, so that none can blow a text up.
type yamlDoc struct {
	root    ast.Node
	anchors map[string]ast.Node
	room    int // entries that may still be looked at
}

// yamlPair is one entry of a mapping.
type yamlPair struct {
	key   string
	line  int
	value ast.Node
}

// parseYAML parses the first document of data. The error is a *Fault.
func parseYAML(data []byte) (doc *yamlDoc, err error) {
	defer func() { // a file must never stop the program that reads it
		if recover() != nil {
			doc, err = nil, &Fault{Reason: "not valid YAML"}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := shallow(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, yamlFault(err)
	}
	doc = &yamlDoc{anchors: map[string]ast.Node{}, room: maxYAMLVisit}
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			doc.root = d.Body
			break
		}
	}
	if doc.root == nil {
		return nil, &Fault{Reason: "empty file"}
	}
	ast.Walk(doc, doc.root)
	return doc, nil
}

// exhausted reports that aliases led to more than a file can reasonably hold.
func (d *yamlDoc) exhausted() bool { return d.room < 0 }

// Visit remembers anchors.
func (d *yamlDoc) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil {
		d.anchors[a.Name.GetToken().Value] = a.Value
	}
	return d
}

// shallow refuses what the recursive parser has no stack or no time for: it
// takes a second for a mapping of some ten thousand entries, and four for twice as
// many, and the same for documents.
func shallow(tokens token.Tokens) error {
	depth, dashes, line, documents := 0, 0, 0, 0
	var open mappings
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		reason := ""
		switch t.Type { //nolint:exhaustive // every other token nests nothing
		case token.InvalidType:
			reason = "not valid YAML"
		case token.DocumentHeaderType, token.DocumentEndType:
			documents++
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
			open = open.within(t.Position.Column)
		case token.MappingValueType:
			if depth == 0 && t.Prev != nil && open.entry(t.Prev.Position.Column) > maxYAMLEntries {
				reason = fmt.Sprintf("a mapping of more than %d entries", maxYAMLEntries)
			}
		}
		switch {
		case depth > maxYAMLDepth || dashes > maxYAMLDepth:
			reason = fmt.Sprintf("nested deeper than %d levels", maxYAMLDepth)
		case documents > maxYAMLDocuments:
			reason = "several documents"
		}
		if reason != "" {
			return &Fault{Line: line, Column: t.Position.Column, Reason: reason}
		}
	}
	return nil
}

// mappings are the block mappings around a token, outermost first.
type mappings []struct{ column, entries int }

// within leaves those that are not to the right of column.
func (m mappings) within(column int) mappings {
	for len(m) > 0 && m[len(m)-1].column > column {
		m = m[:len(m)-1]
	}
	return m
}

// entry counts an entry whose key is at column, and returns how many its mapping
// has.
func (m *mappings) entry(column int) int {
	*m = m.within(column)
	if n := len(*m); n == 0 || (*m)[n-1].column < column {
		*m = append(*m, struct{ column, entries int }{column: column})
	}
	last := &(*m)[len(*m)-1]
	last.entries++
	return last.entries
}

func yamlFault(err error) *Fault {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p := syntax.Token.Position
		return &Fault{Line: p.Line, Column: p.Column, Reason: "not valid YAML: " + syntax.Message}
	}
	return &Fault{Reason: "not valid YAML"}
}

// resolve returns what stands behind anchors, aliases and tags; nil for nothing.
func (d *yamlDoc) resolve(n ast.Node) ast.Node {
	for range maxAliases {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			n = d.anchors[v.Value.GetToken().Value]
		case *ast.NullNode:
			return nil
		default:
			return n
		}
	}
	return nil
}

// pairs returns the entries of a mapping: its own, then those merged in whose
// key is new; nil for anything else. When there is no room left it returns too
// few, which exhausted tells.
func (d *yamlDoc) pairs(n ast.Node) []yamlPair {
	own, sources := d.entries(n)
	if len(sources) == 0 {
		return own
	}
	seen := map[string]bool{}
	for _, p := range own {
		seen[p.key] = true
	}
	merged := map[ast.Node]bool{d.resolve(n): true}
	for len(sources) > 0 {
		source := d.resolve(sources[0])
		sources = sources[1:]
		if merged[source] {
			continue // a second time it adds nothing
		}
		merged[source] = true
		more, deeper := d.entries(source)
		for _, p := range more {
			if !seen[p.key] {
				seen[p.key] = true
				own = append(own, p)
			}
		}
		sources = append(sources, deeper...)
	}
	return own
}

// entries returns a mapping's own entries and what it merges in.
func (d *yamlDoc) entries(n ast.Node) (own []yamlPair, sources []ast.Node) {
	var values []*ast.MappingValueNode
	switch m := d.resolve(n).(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	}
	if d.room -= 1 + len(values); d.room < 0 {
		return nil, nil
	}
	for _, kv := range values {
		if _, ok := kv.Key.(*ast.MergeKeyNode); !ok {
			own = append(own, yamlPair{keyText(kv), lineOf(kv.Key), kv.Value})
			continue
		}
		if list := d.list(kv.Value); list != nil {
			sources = append(sources, list...)
			continue
		}
		sources = append(sources, kv.Value)
	}
	return own, sources
}

func keyText(kv *ast.MappingValueNode) string {
	if s, ok := kv.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return kv.Key.GetToken().Value
}

// get returns the value of a key of a mapping, nil without one.
func (d *yamlDoc) get(n ast.Node, key string) ast.Node {
	for _, p := range d.pairs(n) {
		if p.key == key {
			return d.resolve(p.value)
		}
	}
	return nil
}

// table returns the entries of a mapping by key; of equal ones the first counts.
func (d *yamlDoc) table(n ast.Node) map[string]ast.Node {
	out := map[string]ast.Node{}
	for _, p := range d.pairs(n) {
		if _, twice := out[p.key]; !twice {
			out[p.key] = d.resolve(p.value)
		}
	}
	return out
}

// list returns the elements of a list; nil for anything else, and when there is
// no room left.
func (d *yamlDoc) list(n ast.Node) []ast.Node {
	s, ok := d.resolve(n).(*ast.SequenceNode)
	if !ok {
		return nil
	}
	if d.room -= len(s.Values); d.room < 0 {
		return nil
	}
	return s.Values
}

// text returns a plain value as it is written, empty for anything else.
func (d *yamlDoc) text(n ast.Node) string {
	switch s := d.resolve(n).(type) {
	case *ast.StringNode:
		return strings.TrimSpace(s.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(s.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return s.GetToken().Value
	}
	return ""
}

// lineOf returns the line of a value, 0 for nothing.
func lineOf(n ast.Node) int {
	switch m := n.(type) {
	case nil:
		return 0
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			return lineOf(m.Values[0])
		}
	case *ast.MappingValueNode:
		return lineOf(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
