// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"
	"strconv"
)

// Money is an exact amount in minor units of an ISO 4217 currency.
type Money struct {
	Minor    int64
	Currency string
	Exponent uint8 // digits after the point, ISO 4217: 2 for EUR, 0 for JPY
}

// String renders the amount, for example "12.30 EUR".
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// Decimal renders the amount without its currency.
func (m Money) Decimal() string {
	digits := strconv.AppendInt(make([]byte, 0, 24), m.Minor, 10)
	sign := 0 // what comes before the first digit
	if m.Minor < 0 {
		sign = 1
	}
	for len(digits)-sign <= int(m.Exponent) {
		digits = slices.Insert(digits, sign, '0')
	}
	if m.Exponent > 0 {
		digits = slices.Insert(digits, len(digits)-int(m.Exponent), '.')
	}
	return string(digits)
}
