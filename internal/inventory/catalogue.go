// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"time"

	"github.com/s2cd/s2cd/session"
)

func (b *builder) catalogue() {
	c := b.file.Catalogue
	const day = 24 * time.Hour
	out := session.Catalogue{
		LeadGuard: c.LeadGuard, TailGuard: c.TailGuard, OverheadPermill: uint32(c.Overhead),
		DefaultDuration: cmp.Or(c.DefaultDuration, 183*day), MaxDuration: cmp.Or(c.MaxDuration, 366*day),
		ApplyDeadline: cmp.Or(c.ApplyDeadline, time.Minute), OfferValidity: cmp.Or(c.OfferValidity, 15*time.Minute),
		KeepTerminated: cmp.Or(c.KeepTerminated, time.Hour),
		HoldFor:        cmp.Or(c.HoldFor, 5*time.Minute),
		WarnBefore:     cmp.Or(c.WarnBefore, time.Minute),
	}
	if c.Overhead > 1000 {
		b.fault("catalogue.overhead", "must be at most 100%%")
	}
	if out.DefaultDuration > out.MaxDuration {
		b.fault("catalogue.defaultDuration", "is longer than maxDuration (%s)", out.MaxDuration)
	}
	digits, ok := exponent(c.Currency)
	if !ok {
		b.fault("catalogue.currency", "%q is not a known ISO 4217 currency", c.Currency)
	}
	if len(c.Levels) == 0 {
		b.fault("catalogue.levels", "must not be empty")
	}
	for i, l := range c.Levels {
		at := index("catalogue.levels", i)
		b.unique(at+".name", "level", l.Name)
		if i > 0 && len(l.Name) < len(c.Levels[i-1].Name) {
			b.fault(at+".name", "levels go from weakest to strongest: %s comes before %s", l.Name, c.Levels[i-1].Name)
		}
		level := b.level(at, l)
		if ok {
			level.Price = b.price(at+".price", l.Price, c.Currency, digits)
		}
		out.Levels = append(out.Levels, level)
	}
	b.out.Catalogue = out
}

func (b *builder) level(at string, l fileLevel) session.Level {
	if l.Class != "" && !b.classes[l.Class] {
		b.fault(at+".class", "no link has a share for class %q", l.Class)
	}
	if l.Class == "" {
		b.fault(at+".class", "must not be empty")
	}
	if l.Booking == 0 {
		b.fault(at+".booking", "must be above 0%%")
	}
	if l.Booking > 1000 {
		b.fault(at+".booking", "must be at most 100%%")
	}
	if session.LevelName(l.Name) == session.LevelAAA && l.Booking > 0 && l.Booking < 1000 {
		b.fault(at+".booking", "must be 100%% for AAA: all that is sold of it is reserved")
	}
	if l.Availability == 0 {
		b.fault(at+".availability", "must be above 0%%")
	}
	return session.Level{
		Name: session.LevelName(l.Name), MaxRTTMicros: b.micros(at+".maxRtt", l.MaxRTT, false), MaxLossPPM: uint32(l.MaxLoss),
		AvailabilityPPM: uint32(l.Availability), Protected: l.Protected, Objective: session.Objective(l.Objective), Class: l.Class, DSCP: uint8(l.DSCP),
		BookingPermille: uint32(l.Booking), MeasureEvery: l.MeasureEvery,
	}
}

func (b *builder) price(at string, p filePrice, currency string, digits uint8) session.Price {
	setUp, err := p.SetUp.minor(digits)
	if err != nil {
		b.fault(at+".setUp", "%s has %d digits after the point at most", currency, digits)
	}
	const thousandth = 3 // session.Price counts usage in thousandths
	usage, err := p.PerMbpsHour.minor(digits + thousandth)
	if err != nil {
		b.fault(at+".perMbpsHour", "%s has %d digits after the point at most here", currency, digits+thousandth)
	}
	if p.EarlyTermination > 1000 {
		b.fault(at+".earlyTermination", "must be at most 100%%")
	}
	return session.Price{
		Currency: currency, Exponent: digits, SetUp: setUp, PerMbpsHour: usage, MinimumSeconds: int64(p.Minimum / time.Second),
		ProtectionPermille: uint32(p.Protection), EarlyPermille: int64(p.EarlyTermination),
	}
}
