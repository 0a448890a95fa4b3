// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"
	"time"
)

// Claim is a reservation that may have to move, with all that it takes to admit
// it anew.
type Claim struct {
	Owner  string
	Demand Demand    // from now on
	Rank   int       // of its service level; smaller goes first
	Since  time.Time // older goes first within a rank
}

// Move is what becomes of a claim.
type Move struct {
	Owner string
	// Admission is to be reserved; then, when the devices follow it, what the
	// owner has in variants below its Variant is to be released. Empty if the
	// claim stays where it is or is refused.
	Admission Admission
	Stays     bool     // what it has is what it would get
	Refusal   *Refusal // nil: there is a way; else it keeps what it has
}

// Affected returns the owners that hold bandwidth, from now on, on a link that
// is down or at a node that is down or in maintenance, sorted.
func (c *Core) Affected() []string {
	s := c.now.Load()
	var owners []string
	for i := range s.linkArcs {
		if a := s.arcs.at(i); a.down || s.drained(a.from) || s.drained(a.to) {
			owners = append(owners, c.ledger.OwnersOn(s.names[i])...)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// Repair plans where claims go in the network as it is now, in the order of rank
// and age. Each move fits beside all that is reserved and the moves before it,
// made before break: with what its owner has, of which the larger counts and not
// the sum. A claim for which there is no room yet is looked at again when others
// have moved away. Nothing is reserved. Steered says whether paths can be chosen,
// as by Steer, or are the routers' own, as by Search.
func (c *Core) Repair(claims []Claim, steered bool) []Move {
	f := c.Fork()
	search := f.Search
	if steered {
		search = f.Steer
	}
	waiting := slices.Clone(claims)
	slices.SortFunc(waiting, func(x, y Claim) int {
		return cmp.Or(cmp.Compare(x.Rank, y.Rank), x.Since.Compare(y.Since), cmp.Compare(x.Owner, y.Owner))
	})
	var plan []Move
	for {
		var refused []Claim
		var refusals []Move
		for _, claim := range waiting {
			m := f.move(claim, search)
			if m.Refusal != nil {
				refused, refusals = append(refused, claim), append(refusals, m)
				continue
			}
			plan = append(plan, m)
		}
		if len(refused) == len(waiting) || len(refused) == 0 {
			return append(plan, refusals...)
		}
		waiting = refused
	}
}

// move carries a claim's move out on a fork.
func (c *Core) move(claim Claim, search func(Demand) (Admission, *Refusal)) Move {
	m := Move{Owner: claim.Owner}
	d := claim.Demand
	d.Instead = claim.Owner
	a, refusal := search(d)
	if refusal != nil {
		m.Refusal = refusal
		return m
	}
	held := c.ledger.Bookings(claim.Owner)
	if covers(held, a) {
		m.Stays = true
		return m
	}
	for _, b := range held {
		a.Variant = max(a.Variant, b.Variant+1)
	}
	if err := c.ledger.Reserve(claim.Owner, a); err != nil {
		m.Refusal = &Refusal{Cause: Bandwidth, Objects: Bandwidth.objects()}
		return m
	}
	c.ledger.yield(claim.Owner, a.Variant)
	m.Admission = a
	return m
}

// covers says whether bookings of one variant are what an admission asks for.
func covers(held []Booking, a Admission) bool {
	return slices.ContainsFunc(held, func(b Booking) bool {
		return b.Class == a.Class && !b.Window.From.After(a.Window.From) && !b.Window.Until.Before(a.Window.Until) &&
			slices.Equal(b.Uses, a.Uses)
	}) && !slices.ContainsFunc(held, func(b Booking) bool { return b.Variant != held[0].Variant })
}
