// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// knownOnly refuses properties that the contract does not define, at any
// depth. additionalProperties: false cannot say that, because it does not see
// through allOf and oneOf. An alternative that there is not is left to the schema,
// which says so: what it would know is anybody's guess.
func knownOnly(schema *openapi3.Schema, value any, path string) *fault {
	switch v := value.(type) {
	case map[string]any:
		if d := schema.Discriminator; d != nil {
			if kind, _ := v[d.PropertyName].(string); kind != "" && d.Mapping[kind].Ref == "" {
				return nil
			}
		}
		known := map[string]*openapi3.Schema{}
		collect(schema, v, known)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := join(path, name)
			property, ok := known[name]
			if !ok {
				return invalid(at, "is not a property that this request knows")
			}
			if f := knownOnly(property, v[name], at); f != nil {
				return f
			}
		}
	case []any:
		for i, item := range v {
			if schema.Items == nil {
				return nil // not an array by the schema, which says so itself
			}
			if f := knownOnly(schema.Items.Value, item, element(path, i)); f != nil {
				return f
			}
		}
	}
	return nil
}

// collect gathers the properties that schema allows in object, through allOf
// and the alternatives of oneOf and anyOf; a discriminator narrows those down.
func collect(schema *openapi3.Schema, object map[string]any, known map[string]*openapi3.Schema) {
	for name, p := range schema.Properties {
		known[name] = p.Value
	}
	for _, s := range schema.AllOf {
		collect(s.Value, object, known)
	}
	alternatives := append(slices.Clone(schema.OneOf), schema.AnyOf...)
	if d := schema.Discriminator; d != nil {
		kind, _ := object[d.PropertyName].(string)
		if ref, ok := d.Mapping[kind]; ok {
			alternatives = slices.DeleteFunc(alternatives, func(s *openapi3.SchemaRef) bool { return s.Ref != ref.Ref })
		}
	}
	for _, s := range alternatives {
		collect(s.Value, object, known)
	}
}
