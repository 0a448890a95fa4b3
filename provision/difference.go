// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/s2cd/s2cd/southbound"
)

// Difference names the first few places where two normalised configurations
// differ, for people. Empty: they are equal.
func Difference(want, got southbound.DeviceConfig) string {
	gotByName := map[string]southbound.VRF{}
	for _, v := range got.VRFs {
		gotByName[v.Name] = v
	}
	var at []string
	for _, v := range want.VRFs {
		g, ok := gotByName[v.Name]
		delete(gotByName, v.Name)
		if !ok {
			at = append(at, "vrf "+v.Name+" is missing")
			continue
		}
		at = append(at, vrfDifference(v, g)...)
	}
	for name := range gotByName {
		at = append(at, "vrf "+name+" is still there")
	}
	const most = 4
	if len(at) > most {
		at = append(at[:most], fmt.Sprintf("and %d more", len(at)-most))
	}
	return strings.Join(at, "; ")
}

func vrfDifference(want, got southbound.VRF) []string {
	var at []string
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			at = append(at, fmt.Sprintf("vrf %s %s: want %v, have %v", want.Name, w.Type().Field(i).Name, w.Field(i), g.Field(i)))
		}
	}
	return at
}
