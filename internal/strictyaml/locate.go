// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// locate walks path down from the root and returns the first token of what it
// finds, or of the last value on the way.
func (d *Doc) locate(path string) *token.Token {
	if d.root == nil {
		return nil
	}
	node, best := d.root, firstToken(d.root)
	for path != "" {
		var step string
		step, path = nextStep(path)
		next, place := child(node, step)
		if next == nil {
			return best
		}
		node, best = next, place
	}
	return best
}

// nextStep cuts "a[3].b" into "a" and "[3].b", "[3].b" into "[3]" and "b".
func nextStep(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") {
		if end := strings.IndexByte(path, ']'); end > 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// parent cuts the last step off a path.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i > 0 {
		return path[:i]
	}
	return ""
}

func child(n ast.Node, step string) (ast.Node, *token.Token) {
	if inner, ok := strings.CutPrefix(step, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(inner, "]"))
		seq, isSeq := n.(*ast.SequenceNode)
		if err != nil || !isSeq || i < 0 || i >= len(seq.Values) {
			return nil, nil
		}
		return seq.Values[i], firstToken(seq.Values[i])
	}
	for _, kv := range pairs(n) {
		if keyText(kv) == step {
			return kv.Value, valueToken(kv)
		}
	}
	return nil, nil
}

// pairs returns the entries of a mapping; ok for every node.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

func keyText(kv *ast.MappingValueNode) string {
	if s, ok := kv.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return kv.Key.GetToken().Value
}

// valueToken is where a fault of an entry's value is shown: at the value when
// it is plain, at the key when it is a block or empty.
func valueToken(kv *ast.MappingValueNode) *token.Token {
	switch kv.Value.(type) {
	case nil, *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.LiteralNode:
		return kv.Key.GetToken()
	}
	return kv.Value.GetToken()
}

// firstToken is where a value begins: a mapping at its first key.
func firstToken(n ast.Node) *token.Token {
	switch v := n.(type) {
	case *ast.MappingNode:
		if len(v.Values) > 0 && !v.IsFlowStyle {
			return v.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return v.Key.GetToken()
	}
	return n.GetToken()
}
