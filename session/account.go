// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/big"
	"time"
)

// Account is what a session costs so far, or has cost.
//
// Time counts in whole seconds since ACTIVATED: a change counts from the start
// of the second in which it was made, and the last second that is not full is
// free. The sum of everything but the set-up is rounded once, half up to the
// minor unit; the parts are the differences of its running sums, rounded
// likewise, so that they add up.
type Account struct {
	Final  bool // nothing is added any more
	Served time.Duration
	Parts  []AccountPart // of Usage, by charge
	SetUp  Money
	Usage  Money // with the surcharge for protection
	Early  Money // for ending before the time agreed on
	// Minimum is what the minimum term of the first charge leaves due beyond
	// usage and early termination.
	Minimum   Money
	Total     Money
	Delivered *Delivered // when it was ended; nil: not ended, or nothing is known
}

// AccountPart is what one charge comes to.
type AccountPart struct {
	Charge

	Served time.Duration
	Fee    Money
}

// Account returns what the session costs at now. One that was never ACTIVATED
// costs nothing.
func (s Session) Account(now time.Time) Account {
	a := Account{Final: !s.EndedAt.IsZero(), Served: s.Served(now).Truncate(time.Second), Delivered: s.Delivered}
	if !a.Final && !s.ExpiresAt.IsZero() {
		a.Final = !now.Before(s.ExpiresAt)
	}
	money := func(minor int64) Money {
		return Money{Minor: minor, Currency: s.Price.Currency, Exponent: s.Price.Exponent}
	}
	a.SetUp, a.Usage, a.Early, a.Minimum, a.Total = money(0), money(0), money(0), money(0), money(0)
	if s.StartedAt.IsZero() {
		return a
	}
	// In thousandths of what usage counts in, for the share of Early.
	const den = usageDen * 1000
	due, rounded := new(big.Int), int64(0)
	add := func(more *big.Int) Money {
		before := rounded
		rounded = halfUp(due.Add(due, more), den)
		return money(rounded - before)
	}
	charges := s.AllCharges()
	first, last := charges[0], charges[len(charges)-1]
	for i, c := range charges {
		until := a.Served
		if i+1 < len(charges) {
			until = min(until, s.since(charges[i+1].From))
		}
		p := AccountPart{Charge: c, Served: max(0, until-s.since(c.From))}
		p.Fee = add(c.thousandths(p.Served, 1000))
		a.Parts = append(a.Parts, p)
	}
	a.Usage = money(rounded)
	if s.StatusInfo == DeleteRequested {
		a.Early = add(last.thousandths(s.since(s.ExpiresAt)-a.Served, last.Price.EarlyPermille))
	}
	least := first.thousandths(time.Duration(first.Price.MinimumSeconds)*time.Second, 1000)
	if least.Cmp(due) > 0 {
		a.Minimum = add(least.Sub(least, due))
	}
	a.SetUp = money(first.Price.SetUp)
	a.Total = money(a.SetUp.Minor + rounded)
	return a
}

// since is the time from ACTIVATED to t, in whole seconds.
func (s Session) since(t time.Time) time.Duration {
	return max(0, t.Sub(s.StartedAt).Truncate(time.Second))
}

// thousandths is permille of what d costs with its surcharge, in 1/1000 of what usage counts in.
func (c Charge) thousandths(d time.Duration, permille int64) *big.Int {
	n := c.Price.usage(c.Rate, int64(max(0, d)/time.Second), c.Price.surcharged())
	return n.Mul(n, big.NewInt(permille))
}
