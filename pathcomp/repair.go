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
	for i := range int32(len(s.names)) { //nolint:gosec // arcs are few
		if a := s.arcs.at(i); i < s.linkArcs && a.down || s.drained(a.from) || s.drained(a.to) {
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
// have moved away, before the next rank is looked at; a claim that is refused
// would be refused after all moves too. Nothing is reserved. Steered says whether
// paths can be chosen, as by Steer, or are the routers' own, as by Search.
func (c *Core) Repair(claims []Claim, steered bool) []Move {
	r := repair{fork: c.Fork(), steered: steered}
	left := slices.Clone(claims)
	slices.SortFunc(left, func(x, y Claim) int {
		return cmp.Or(cmp.Compare(x.Rank, y.Rank), x.Since.Compare(y.Since), cmp.Compare(x.Owner, y.Owner))
	})
	var waiting []Claim
	for i := range left {
		waiting = append(waiting, left[i])
		if i+1 == len(left) || left[i+1].Rank > left[i].Rank {
			waiting = r.place(waiting)
		}
	}
	for i := range waiting {
		r.plan = append(r.plan, Move{Owner: waiting[i].Owner, Refusal: r.refusal(&waiting[i])})
	}
	return r.plan
}

// repair is a plan under way, and what it makes of the network.
type repair struct {
	fork    *Core
	steered bool
	plan    []Move
}

// place plans all of the claims that fit, as long as one moves, and returns the
// others.
func (r *repair) place(waiting []Claim) []Claim {
	for moved := true; moved; {
		moved = false
		waiting = slices.DeleteFunc(waiting, func(claim Claim) bool {
			m, ok := r.move(&claim)
			if ok {
				r.plan = append(r.plan, m)
				moved = moved || !m.Stays
			}
			return ok
		})
	}
	return waiting
}

// move carries a claim's move out on the fork. False: there is no room.
func (r *repair) move(claim *Claim) (Move, bool) {
	m := Move{Owner: claim.Owner}
	a, ok := r.search(claim.demand())
	if !ok {
		return m, false
	}
	held := r.fork.ledger.Bookings(claim.Owner)
	if covers(held, a) {
		m.Stays = true
		return m, true
	}
	for _, b := range held {
		a.Variant = max(a.Variant, b.Variant+1)
	}
	if r.fork.Try(claim.Owner, a) != nil {
		return m, false
	}
	m.Admission = a
	return m, true
}

// demand is what a claim asks for in place of what its owner has.
func (c *Claim) demand() Demand {
	d := c.Demand
	d.Instead = c.Owner
	return d
}

// search is Steer or Search. It does not say why there is no path, which takes
// many searches.
func (r *repair) search(d Demand) (Admission, bool) {
	if !r.steered {
		a, refusal := r.follow(d)
		return a, refusal == nil
	}
	t, refusal := r.fork.steering(r.fork.now.Load(), &d)
	if refusal != nil {
		return Admission{}, false
	}
	defer r.fork.idle.Put(t)
	w, ok := t.best()
	if !ok || len(t.blocking(w.needs)) > 0 {
		return Admission{}, false
	}
	return t.admission(&d, w), true
}

// follow is Search. The routers take two ways also where these meet: that is
// reserved too, as long as there are no two that do not.
func (r *repair) follow(d Demand) (Admission, *Refusal) {
	a, refusal := r.fork.Search(d)
	if refusal == nil || refusal.Cause != Disjoint {
		return a, refusal
	}
	second := *d.Second
	second.MayMeet = true
	d.Second = &second
	return r.fork.Search(d)
}

// refusal says why a claim does not move.
func (r *repair) refusal(claim *Claim) *Refusal {
	search := r.follow
	if r.steered {
		search = r.fork.Steer
	}
	if _, refusal := search(claim.demand()); refusal != nil {
		return refusal
	}
	return &Refusal{Cause: Bandwidth, Objects: Bandwidth.objects()} // not beside what its owner has
}

// covers says whether bookings of one variant take what an admission asks for,
// at all times of its window, and nothing else.
func covers(held []Booking, a Admission) bool {
	from, until := a.Window.span()
	changes := []uint32{from}
	for _, b := range held {
		if b.Variant != held[0].Variant || b.Class != a.Class {
			return false
		}
		first, end := b.Window.span()
		for _, x := range [2]uint32{first, end} {
			if from < x && x < until {
				changes = append(changes, x)
			}
		}
	}
	return !slices.ContainsFunc(changes, func(at uint32) bool { return !slices.Equal(takenAt(held, at), a.Uses) })
}

// takenAt sums up what bookings take at a second, by arc.
func takenAt(bookings []Booking, at uint32) []Use {
	var sum []Use
	for _, b := range bookings {
		if first, end := b.Window.span(); first <= at && at < end {
			sum = merged(sum, b.Uses, func(x, y uint64) uint64 { return x + y })
		}
	}
	return sum
}

// merged returns the uses of both: what one arc has of each, as with says. Uses
// are sorted by arc.
func merged(a, b []Use, with func(x, y uint64) uint64) []Use {
	out := make([]Use, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch cmp.Compare(a[0].Arc, b[0].Arc) {
		case -1:
			out, a = append(out, a[0]), a[1:]
		case 1:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, Use{Arc: a[0].Arc, Kbps: with(a[0].Kbps, b[0].Kbps)})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
