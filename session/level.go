// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// LevelName is a service level as customers name it (API field sla).
type LevelName string

// The service levels, weakest first.
const (
	LevelA   LevelName = "A"
	LevelAA  LevelName = "AA"
	LevelAAA LevelName = "AAA"
)

// Level is one row of the provider's catalogue.
type Level struct {
	Name            LevelName
	MaxRTTMicros    uint32 // round trip between the demarcation points; 0: no bound
	MaxLossPPM      uint32 // packets lost in a million
	AvailabilityPPM uint32 // of the time that is known
	Protected       bool   // sold only with two disjoint ways
	Objective       Objective
	Class           string // queue class of the core, named in the inventory
	DSCP            uint8  // marking, 0..63 (RFC 2474)
	BookingPermille uint32 // of the rate that is reserved, 1000: all of it
	MeasureEvery    time.Duration
	Price           Price
}

// Objective is what the path of a level has least of, where paths are steered
// (RFC 5541 section 3). In a network that is not steered the routers choose.
type Objective string

// The objectives.
const (
	LeastCost    Objective = "cost" // also the empty one: the sum of TE metrics
	LeastLatency Objective = "latency"
	LeastLoad    Objective = "load" // of the fullest link
)

// Price says what a level costs; all amounts in Currency's minor units.
type Price struct {
	Currency       string
	Exponent       uint8
	SetUp          int64
	PerMbpsHour    int64 // in thousandths of a minor unit, for each Mbit/s of the larger direction and hour
	MinimumSeconds int64 // billed at least
	// ProtectionPermille is the surcharge of protected sessions, in 1/1000 of
	// what is used. The price agreed for a session has it only if it is protected.
	ProtectionPermille uint32
	EarlyPermille      int64 // of the fee of the time that is left of what was agreed, when the customer ends it
}

// Catalogue is what the provider sells, and how.
type Catalogue struct {
	Levels          []Level // weakest first
	LeadGuard       time.Duration
	TailGuard       time.Duration
	OverheadPermill uint32        // added for labels and tunnels on core arcs, 1/1000 of the layer-3 rate
	DefaultDuration time.Duration // when an order names none
	MaxDuration     time.Duration
	ApplyDeadline   time.Duration // from start to ACTIVATED, else declined
	OfferValidity   time.Duration
	HoldFor         time.Duration // how long an offer keeps room
	WarnBefore      time.Duration // the end of that a customer is told, half of the time it lasts at most
	KeepTerminated  time.Duration // readable after the end, at least 360 s
}

// Level returns the level called name.
func (c *Catalogue) Level(name LevelName) (Level, bool) {
	for _, l := range c.Levels {
		if l.Name == name {
			return l, true
		}
	}
	return Level{}, false
}

// Fee returns the price of served seconds at rate: the sum of its Charges.
func (p Price) Fee(rate Rate, served time.Duration) Money { return p.Charges(rate, served).Total() }

// Rate is a guaranteed layer-3 rate for each direction, kbit/s.
type Rate struct {
	Forward uint64 // access point to end point
	Reverse uint64
}

// Larger returns the larger direction.
func (r Rate) Larger() uint64 { return max(r.Forward, r.Reverse) }

// Offer is a price and a computed latency for one level, signed by the
// provider and valid until ValidUntil.
type Offer struct {
	ID         string
	Level      LevelName
	Price      Money // for the whole duration
	RTTMicros  uint32
	ValidUntil time.Time
}
