// SPDX-License-Identifier: Apache-2.0

// Package strictyaml reads YAML files that people write into typed Go structs
// and says everything that is wrong with them at once, each fault with file,
// line, column, path and reason. It accepts a plain subset of YAML: no anchors,
// aliases, tags, merge keys or second documents. It knows nothing of what the
// files mean; packages that do add their own faults with Doc.Fault.
//
// Struct tags: `yaml:"name"`, on every field, names the key, `check:"..."` takes a comma
// separated list of
//
//	required    the key must be there
//	secret      the value never appears in a fault
//	symmetric   a plain value is given to every field of the struct
//	oneof=a|b   allowed texts
//	min=N max=N bounds of a number, inclusive
//
// Supported are structs, pointers, slices, maps with text keys, text, bool,
// whole numbers, floats, time.Duration ("1h30m", "183d") and every type with
// UnmarshalText.
package strictyaml
