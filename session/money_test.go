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
		{Money{-123456, "EUR", 2}, "-1234.56 EUR"},
		{Money{1500, "JPY", 0}, "1500 JPY"},
		{Money{1, "KWD", 3}, "0.001 KWD"},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.m, got, c.want)
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
