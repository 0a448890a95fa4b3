// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"reflect"
	"unique"

	"github.com/s2cd/s2cd/session"
)

// compact has a session that was decoded take less memory, and in fewer pieces: its
// slices have no room to spare, and words that many sessions have in common (of
// nodes, ports, arcs, states) are there once for all of them.
func compact(s *session.Session) {
	for _, part := range []any{
		&s.Tenant, &s.Client, &s.A, &s.Z, &s.Level, &s.Status, &s.StatusInfo, &s.Phase, &s.Decision, &s.Reason,
		&s.Route, &s.Price, &s.Charges, &s.Former, &s.Devices,
	} {
		compactIn(reflect.ValueOf(part).Elem())
	}
	pack(s)
}

// compactIn goes through all that is exported in v. Times and addresses are not.
func compactIn(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // others have nothing in them
	case reflect.String:
		v.SetString(unique.Make(v.String()).Value())
	case reflect.Pointer:
		if !v.IsNil() {
			compactIn(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); field.CanSet() {
				compactIn(field)
			}
		}
	case reflect.Slice:
		if v.Cap() > v.Len() {
			exact := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(exact, v)
			v.Set(exact)
		}
		for i := range v.Len() {
			compactIn(v.Index(i))
		}
	}
}
