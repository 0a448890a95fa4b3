// SPDX-License-Identifier: Apache-2.0

package session

import "fmt"

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
	sign, v := "", m.Minor
	if v < 0 {
		sign, v = "-", -v
	}
	if m.Exponent == 0 {
		return fmt.Sprintf("%s%d", sign, v)
	}
	unit := int64(1)
	for range m.Exponent {
		unit *= 10
	}
	return fmt.Sprintf("%s%d.%0*d", sign, v/unit, int(m.Exponent), v%unit)
}
