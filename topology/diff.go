// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"cmp"
	"reflect"
	"slices"
)

// Verb says what became of an object between two networks.
type Verb string

// The verbs.
const (
	Added   Verb = "added"
	Removed Verb = "removed"
	Changed Verb = "changed"
)

// Difference is one object that two networks do not have in common.
type Difference struct {
	Kind   string // "network", "node", "link" or "access"
	Name   string // empty for the network
	Verb   Verb
	Fields []string // that changed, in the order they are declared
}

// Diff says what changes from a to b, sorted by kind and name. The revision is
// no difference.
func Diff(a, b *Network) []Difference {
	var out []Difference
	if a.AS != b.AS {
		out = append(out, Difference{Kind: "network", Verb: Changed, Fields: []string{"AS"}})
	}
	out = append(out, diff("node", a.Nodes, b.Nodes, func(n Node) string { return string(n.Name) })...)
	out = append(out, diff("link", a.Links, b.Links, func(l Link) string { return l.Name })...)
	out = append(out, diff("access", a.Access, b.Access, func(x Access) string { return x.Name })...)
	slices.SortFunc(out, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name))
	})
	return out
}

func diff[T any](kind string, before, after []T, name func(T) string) []Difference {
	was := make(map[string]T, len(before))
	for _, x := range before {
		was[name(x)] = x
	}
	var out []Difference
	for _, x := range after {
		old, ok := was[name(x)]
		if !ok {
			out = append(out, Difference{Kind: kind, Name: name(x), Verb: Added})
			continue
		}
		delete(was, name(x))
		if fields := changedFields(old, x); len(fields) > 0 {
			out = append(out, Difference{Kind: kind, Name: name(x), Verb: Changed, Fields: fields})
		}
	}
	for gone := range was {
		out = append(out, Difference{Kind: kind, Name: gone, Verb: Removed})
	}
	return out
}

func changedFields(a, b any) []string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	var out []string
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			out = append(out, x.Type().Field(i).Name)
		}
	}
	return out
}
