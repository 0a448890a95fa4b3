// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/big"
	"slices"
	"time"
)

// Charge is what a session is billed by, from a moment on until the next one.
type Charge struct {
	From  time.Time
	Rate  Rate
	Level LevelName
	Price Price
}

// Former is what a session was before a change that is not on all its devices
// yet, and is again if the change fails.
type Former struct {
	Rate  Rate
	Level LevelName
	Price Price
	Route Route
	By    time.Time // on all devices by then, else the change has failed
}

// Delivered is what was measured of a session last, when it was ended.
type Delivered struct {
	At         time.Time
	Proof      string // how it was proven then: "data-plane", "control-plane", "unknown"
	RTTMicros  uint32
	LossPPM    uint32
	SentOctets uint64 // towards the cloud or second end
	RecvOctets uint64
}

// Was returns the session as it was before the change under way; ok is false
// without one.
func (s Session) Was() (was Session, ok bool) {
	f := s.Former
	if f == nil {
		return s, false
	}
	s.Rate, s.Level, s.Price, s.Former = f.Rate, f.Level, f.Price, nil
	return s, true
}

// HeldKbps is what counts against a tenant's quota: the larger direction, and
// while a session is being changed the larger of before and after.
func (s Session) HeldKbps() uint64 {
	if s.Former != nil {
		return max(s.Rate.Larger(), s.Former.Rate.Larger())
	}
	return s.Rate.Larger()
}

// AllCharges returns the charges of a session in order, the first from
// ACTIVATED on. A session that was never changed keeps none of its own.
func (s Session) AllCharges() []Charge {
	if len(s.Charges) > 0 {
		return s.Charges
	}
	return []Charge{{From: s.StartedAt, Rate: s.Rate, Level: s.Level, Price: s.Price}}
}

// BilledFrom returns the session billed by its present terms from at on. What
// was earned before stays as it is.
func (s Session) BilledFrom(at time.Time) Session {
	all := s.AllCharges()
	now := Charge{From: at, Rate: s.Rate, Level: s.Level, Price: s.Price}
	same := all[len(all)-1]
	if same.From = at; same != now {
		s.Charges = append(slices.Clip(all), now)
	}
	return s
}

// CheaperThan says whether a session costs less an hour than other does.
func (s Session) CheaperThan(other Session) bool {
	return s.Price.usage(s.Rate, 3600, s.Price.surcharged()).Cmp(other.Price.usage(other.Rate, 3600, other.Price.surcharged())) < 0
}

// Served is the time a session is billed for: from ACTIVATED to the earlier of
// expiry and accepted end.
func (s Session) Served(now time.Time) time.Duration {
	if s.StartedAt.IsZero() {
		return 0
	}
	end := now
	for _, t := range []time.Time{s.ExpiresAt, s.EndedAt} {
		if !t.IsZero() && t.Before(end) {
			end = t
		}
	}
	return max(0, end.Sub(s.StartedAt))
}

// Charges are the lines of an offer, without taxes, and add up to what an account
// of the same time comes to: what is used with its surcharge is rounded once.
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
	usage := halfUp(p.usage(rate, secs, 1000), usageDen)
	c := Charges{SetUp: p.money(p.SetUp), Usage: p.money(usage), Protection: p.money(0)}
	c.Protection.Minor = halfUp(p.usage(rate, secs, p.surcharged()), usageDen) - usage
	return c
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

// surcharged is what is used with the surcharge for protection, in 1/1000 of it.
func (p Price) surcharged() int64 { return 1000 + int64(p.ProtectionPermille) }

// usageDen is what Price.usage counts in: so many make one minor unit.
const usageDen = 3600 * 1000 * 1000 * 1000

// usage is permille of the fee of so many seconds at rate, exact, in 1/usageDen
// minor units.
func (p Price) usage(rate Rate, secs, permille int64) *big.Int {
	n := big.NewInt(p.PerMbpsHour)
	n.Mul(n, big.NewInt(int64(rate.Larger()))) //nolint:gosec // rates end at 10^9 kbit/s
	return n.Mul(n, big.NewInt(secs)).Mul(n, big.NewInt(permille))
}

// halfUp divides, which rounds half up. n is not negative, den positive.
func halfUp(n *big.Int, den int64) int64 {
	twice := new(big.Int).Lsh(n, 1)
	twice.Add(twice, big.NewInt(den))
	return twice.Div(twice, new(big.Int).Lsh(big.NewInt(den), 1)).Int64()
}
