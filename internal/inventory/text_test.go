// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"testing"

	"github.com/s2cd/s2cd/internal/inventory"
)

func TestParse(t *testing.T) {
	t.Parallel()
	rate := func(s string) (uint64, error) { return inventory.ParseRate(s) }
	share := func(s string) (uint64, error) { v, err := inventory.ParseShare(s); return uint64(v), err }
	loss := func(s string) (uint64, error) { v, err := inventory.ParseLoss(s); return uint64(v), err }
	tests := []struct {
		name  string
		parse func(string) (uint64, error)
		text  string
		want  uint64
		fault string
	}{
		{"rate", rate, "2.5Gbps", 2_500_000, ""},
		{"rate of nothing", rate, "0Mbps", 0, `want a rate above zero like 10Gbps, 2.5Gbps or 512kbps, got "0Mbps"`},
		{"rate without unit", rate, "10", 0, `want a rate above zero like 10Gbps, 2.5Gbps or 512kbps, got "10"`},
		{"share", share, "12.5%", 125, ""},
		{"share too large", share, "1001%", 0, `want a share from 0% to 1000% like 80% or 12.5%, got "1001%"`},
		{"loss", loss, "0.01%", 100, ""},
		{"loss without unit", loss, "1", 0, `want a share from 0% to 100% like 99.95%, got "1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.parse(tt.text)
			fault := ""
			if err != nil {
				fault = err.Error()
			}
			if got != tt.want || fault != tt.fault {
				t.Errorf("got %d, %q; want %d, %q", got, fault, tt.want, tt.fault)
			}
		})
	}
}
