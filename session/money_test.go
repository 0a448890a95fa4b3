// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"
	"time"
)

func TestMoneyIsRendered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    Money
		want string
	}{
		{Money{0, "EUR", 2}, "0.00 EUR"},
		{Money{5, "EUR", 2}, "0.05 EUR"},
		{Money{-5, "EUR", 2}, "-0.05 EUR"},
		{Money{-123456, "EUR", 2}, "-1234.56 EUR"},
		{Money{1500, "JPY", 0}, "1500 JPY"},
		{Money{1, "KWD", 3}, "0.001 KWD"},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.m, got, c.want)
		}
	}
}

// TestChargesAddUp: what is billed is rounded once, and the lines add up to it; protection is charged only for what has it.
func TestChargesAddUp(t *testing.T) {
	t.Parallel()
	p := Price{Currency: "EUR", Exponent: 2, SetUp: 1000, PerMbpsHour: 3600, MinimumSeconds: 60, ProtectionPermille: 505}
	for _, c := range []struct {
		name   string
		rate   Rate
		served time.Duration
		want   [3]int64 // set-up, usage, protection
	}{
		{"an hour of 10 Mbit/s", Rate{10_000, 10_000}, time.Hour, [3]int64{1000, 36, 18}},                      // 18.18
		{"the sum is rounded, not the surcharge", Rate{1_000, 1_000}, 499 * time.Second, [3]int64{1000, 0, 1}}, // 0.499, 0.252
		{"half a cent up", Rate{1_000, 1_000}, 1000 * time.Second, [3]int64{1000, 1, 1}},                       // 1, 0.505
		{"the minimum term", Rate{100_000, 1_000}, time.Second, [3]int64{1000, 6, 3}},                          // 6, 3.03
		{"a decade of 1 Tbit/s", Rate{1_000_000_000, 1}, 87600 * time.Hour, [3]int64{1000, 315_360_000_000, 159_256_800_000}},
	} {
		got := p.For(true).Charges(c.rate, c.served)
		if lines := [3]int64{got.SetUp.Minor, got.Usage.Minor, got.Protection.Minor}; lines != c.want {
			t.Errorf("%s: got %v, want %v", c.name, lines, c.want)
		}
		if fee := p.Fee(c.rate, c.served); fee != got.Total() || fee.Minor != c.want[0]+c.want[1]+c.want[2] {
			t.Errorf("%s: fee %s, lines %v", c.name, fee, c.want)
		}
		if plain := p.For(false).Charges(c.rate, c.served); plain.Protection.Minor != 0 || plain.Usage != got.Usage {
			t.Errorf("%s: not protected: %v", c.name, plain)
		}
	}
}

func TestFee(t *testing.T) {
	t.Parallel()
	// 3.6 cent for each Mbit/s and hour: one thousandth of a cent a second.
	p := Price{Currency: "EUR", Exponent: 2, SetUp: 1000, PerMbpsHour: 3600, MinimumSeconds: 60}
	for _, c := range []struct {
		name   string
		rate   Rate
		served time.Duration
		want   int64
	}{
		{"minimum term", Rate{1000_000, 1000_000}, time.Second, 1000 + 60},
		{"an hour of 10 Mbit/s", Rate{10_000, 10_000}, time.Hour, 1000 + 36},
		{"the larger direction counts", Rate{1_000, 10_000}, time.Hour, 1000 + 36},
		{"half a cent rounds up", Rate{1_000, 1_000}, 500 * time.Second, 1000 + 1},
		{"less rounds down", Rate{1_000, 1_000}, 499 * time.Second, 1000 + 0},
		{"a decade of 1 Tbit/s does not overflow", Rate{1_000_000_000, 1_000_000_000}, 87600 * time.Hour, 1000 + 315_360_000_000},
	} {
		if got := p.Fee(c.rate, c.served).Minor; got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
