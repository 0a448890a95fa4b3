// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Decode fills the struct that into points to. What the file does not name
// keeps its value. Faults are kept in the Doc.
func (d *Doc) Decode(into any) {
	if d.root == nil {
		if len(d.faults) == 0 {
			d.at(nil, "", "empty file")
		}
		return
	}
	d.value(d.root, "", reflect.ValueOf(into).Elem(), rules{}, firstToken(d.root))
}

// value decodes n into v. place is where faults of it are shown.
func (d *Doc) value(n ast.Node, path string, v reflect.Value, r rules, place *token.Token) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	_, isText := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case isText || v.Type() == reflect.TypeFor[time.Duration]():
		d.scalar(n, path, v, r, place)
	case v.Kind() == reflect.Struct:
		d.structure(n, path, v, r, place)
	case v.Kind() == reflect.Slice:
		d.list(n, path, v, r, place)
	case v.Kind() == reflect.Map:
		d.table(n, path, v, r, place)
	default:
		d.scalar(n, path, v, r, place)
	}
}

func (d *Doc) structure(n ast.Node, path string, v reflect.Value, r rules, place *token.Token) {
	plan := d.planOf(v.Type())
	if r.symmetric && isScalar(n) {
		for i := range plan.rules {
			d.value(n, path, v.Field(i), plan.rules[i], place)
		}
		return
	}
	if !d.isMapping(n, path, place) {
		return
	}
	seen := make([]bool, len(plan.rules))
	for _, kv := range pairs(n) {
		key := keyText(kv)
		at := join(path, key)
		i, known := plan.index[key]
		switch {
		case !known:
			d.wrong(kv.Key.GetToken(), at, "unknown key%s", didYouMean(key, plan.keys))
			continue
		case seen[i]:
			d.wrong(kv.Key.GetToken(), at, "key given twice")
			continue
		}
		seen[i] = true
		d.value(kv.Value, at, v.Field(i), plan.rules[i], valueToken(kv))
	}
	for i, r := range plan.rules {
		if r.required && !seen[i] {
			d.wrong(place, join(path, plan.keys[i]), "missing")
		}
	}
}

func (d *Doc) list(n ast.Node, path string, v reflect.Value, r rules, place *token.Token) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrong(place, path, "want a list, got %s", kindOf(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, e := range seq.Values {
		d.value(e, fmt.Sprintf("%s[%d]", path, i), out.Index(i), r.element(), firstToken(e))
	}
	v.Set(out)
}

func (d *Doc) table(n ast.Node, path string, v reflect.Value, r rules, place *token.Token) {
	if !d.isMapping(n, path, place) {
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, kv := range pairs(n) {
		key := reflect.ValueOf(keyText(kv)).Convert(v.Type().Key())
		at := join(path, keyText(kv))
		if out.MapIndex(key).IsValid() {
			d.wrong(kv.Key.GetToken(), at, "key given twice")
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(kv.Value, at, e, r.element(), valueToken(kv))
		out.SetMapIndex(key, e)
	}
	v.Set(out)
}

func (d *Doc) scalar(n ast.Node, path string, v reflect.Value, r rules, place *token.Token) {
	text, ok := scalarText(n)
	if !ok {
		d.wrong(place, path, "want %s, got %s", wanted(v.Type()), kindOf(n))
		return
	}
	_, isBool := n.(*ast.BoolNode)
	_, isString := n.(*ast.StringNode)
	if v.Kind() == reflect.String && !isString && !isLiteral(n) && !isTextual(v) {
		d.wrong(place, path, "want text, got %s: put it in quotes", kindOf(n))
		return
	}
	if v.Kind() == reflect.Bool && !isBool {
		d.wrong(place, path, "want true or false, got %s", r.show(text))
		return
	}
	if err := setText(v, text, r); err != nil {
		d.wrong(place, path, "%s", err)
	}
}

func (d *Doc) isMapping(n ast.Node, path string, place *token.Token) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	d.wrong(place, path, "want a mapping, got %s", kindOf(n))
	return false
}

func isTextual(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

func isLiteral(n ast.Node) bool { _, ok := n.(*ast.LiteralNode); return ok }

func isScalar(n ast.Node) bool { _, ok := scalarText(n); return ok }

// scalarText returns a plain value as it is written; numbers keep their digits.
func scalarText(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return s.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return s.GetToken().Value, true
	}
	return "", false
}

// kindOf names a node's kind without its content, which may be a secret.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	}
	return "something else"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// plan is what the tags of a struct say, by field.
type plan struct {
	keys  []string
	rules []rules
	index map[string]int // field by key
}

// planOf reads the tags of a struct once a Doc: large files have many elements.
func (d *Doc) planOf(t reflect.Type) *plan {
	if p := d.plans[t]; p != nil {
		return p
	}
	p := &plan{index: map[string]int{}}
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		p.keys, p.rules = append(p.keys, key), append(p.rules, fieldRules(t.Field(i)))
		p.index[key] = i
	}
	if d.plans == nil {
		d.plans = map[reflect.Type]*plan{}
	}
	d.plans[t] = p
	return p
}

// didYouMean helps with wrong case and separators, and lists what is allowed.
func didYouMean(key string, keys []string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
	}
	for _, k := range keys {
		if plain(k) == plain(key) {
			return ", meant " + k + "?"
		}
	}
	sorted := slices.Sorted(slices.Values(keys))
	return ", allowed: " + strings.Join(sorted, ", ")
}
