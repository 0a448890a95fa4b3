// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// Charges are the lines of an account, without taxes. Each is rounded half up
// by itself, so that their sum is exactly what is billed.
type Charges struct {
	SetUp      Money
	Usage      Money // of the larger direction
	Protection Money // surcharge on what is used
}

// For returns the price of one session: the surcharge for protection stays only
// where the session has it.
func (p Price) For(protected bool) Price {
	if !protected {
		p.ProtectionPermille = 0
	}
	return p
}

// Charges returns what served seconds at rate cost; at least the minimum term
// is billed.
func (p Price) Charges(rate Rate, served time.Duration) Charges {
	secs := max(int64(served/time.Second), p.MinimumSeconds)
	larger, permille := int64(rate.Larger()), int64(p.ProtectionPermille) //nolint:gosec // rates end at 10^9 kbit/s
	const each = 3600 * 1000 * 1000                                       // kbit/s and seconds of an Mbit/s and hour, in thousandths
	return Charges{
		SetUp:      p.money(p.SetUp),
		Usage:      p.money(mulDivHalfUp(each, p.PerMbpsHour, larger, secs)),
		Protection: p.money(mulDivHalfUp(each*1000, p.PerMbpsHour, larger, secs, permille)),
	}
}

// Total returns the sum.
func (c Charges) Total() Money {
	sum := c.SetUp
	sum.Minor += c.Usage.Minor + c.Protection.Minor
	return sum
}

func (p Price) money(minor int64) Money {
	return Money{Minor: minor, Currency: p.Currency, Exponent: p.Exponent}
}
