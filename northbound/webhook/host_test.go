// SPDX-License-Identifier: Apache-2.0

package webhook

import "testing"

// TestOneHostHasOneName: no spelling gets a customer more places at a host.
func TestOneHostHasOneName(t *testing.T) {
	t.Parallel()
	for sink, want := range map[string]string{
		"https://sink.example.com/a":      "sink.example.com:443",
		"https://SINK.example.com:443/b":  "sink.example.com:443",
		"https://sink.example.com./c":     "sink.example.com:443",
		"https://sink.example.com:8443/a": "sink.example.com:8443",
		"https://[2001:DB8::1]/a":         "[2001:db8::1]:443",
	} {
		if got := hostOf(sink); got != want {
			t.Errorf("%s is counted as %s, want %s", sink, got, want)
		}
	}
}
