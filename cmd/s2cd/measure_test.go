// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestMeasurementsLieBesideTheStore(t *testing.T) {
	t.Parallel()
	for store, want := range map[string]string{
		"/var/lib/s2cd/s2cd.db": "/var/lib/s2cd/s2cd-telemetry.db", "store": "store-telemetry", "/a.b/store": "/a.b/store-telemetry",
	} {
		if got := measurements(store); got != want {
			t.Errorf("%s: %s, want %s", store, got, want)
		}
	}
}
