// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// reader looks at what others change, and tries things out on copies.
type reader struct {
	*trial
	arcs   []topology.ArcName
	random *rand.Rand
}

// read looks at one thing. At no instant may an arc show more than its capacity
// ever was.
func (r *reader) read() error {
	arc := r.arcs[r.random.IntN(len(r.arcs))]
	switch r.random.IntN(16) {
	case 1:
		for _, e := range r.ledger.Excesses() {
			if e.Kbps <= e.Limit || e.Kbps > mostTotal || e.Class == "gold" && e.Kbps > mostGold {
				return fmt.Errorf("no excess: %+v", e)
			}
		}
	case 2:
		owners := r.ledger.OwnersOn(arc)
		if !slices.IsSorted(owners) {
			return fmt.Errorf("owners on %s: %v", arc, owners)
		}
		for _, owner := range owners {
			for _, b := range r.ledger.Bookings(owner) {
				if b.Owner != owner {
					return fmt.Errorf("%s has %+v", owner, b)
				}
			}
		}
	case 3, 4:
		return r.fork(arc)
	case 5:
		return r.repair(arc)
	default:
		now := r.now()
		until := at(offset(now) + 1<<20)
		return errors.Join(
			within(of(arc, ""), r.ledger.Profile(arc, now, until), mostTotal),
			within(of(arc, "gold"), r.ledger.ClassProfile(arc, "gold", now, until), mostGold),
		)
	}
	return nil
}

// within says whether a profile is one that may be.
func within(name string, steps []pathcomp.Step, most int64) error {
	for _, s := range steps {
		if s.Kbps < 0 || s.Kbps > most {
			return fmt.Errorf("%s: %d kbit/s at %v", name, s.Kbps, s.From)
		}
	}
	return nil
}

// fork fails a link on a copy and admits there.
func (r *reader) fork(arc topology.ArcName) error {
	f := r.core.Fork()
	links := f.Network().Links
	l := links[r.random.IntN(len(links))]
	l.Down = true
	if err := f.Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
		return err
	}
	if a, refusal := f.Steer(anyDemand(r.random, r.now())); refusal == nil {
		if err := f.Ledger().Reserve("fork", a); err != nil && !errors.Is(err, pathcomp.ErrNoRoom) {
			return err
		}
	}
	now := r.now()
	return within(of(arc, ""), f.Ledger().Profile(arc, now, at(offset(now)+1<<20)), mostTotal)
}

// repair plans moves for others' sessions, which go on meanwhile.
func (r *reader) repair(arc topology.ArcName) error {
	var claims []pathcomp.Claim
	owners := r.ledger.OwnersOn(arc)
	for _, owner := range owners[:min(len(owners), 6)] {
		claims = append(claims, pathcomp.Claim{Owner: owner, Demand: anyDemand(r.random, r.now()), Rank: r.random.IntN(3)})
	}
	moves := r.core.Repair(claims, r.random.IntN(2) == 0)
	if len(moves) != len(claims) {
		return fmt.Errorf("%d moves for %d claims", len(moves), len(claims))
	}
	for _, m := range moves {
		if !m.Stays && m.Refusal == nil && len(m.Admission.Uses) == 0 {
			return fmt.Errorf("%s: neither moves nor stays nor is refused", m.Owner)
		}
	}
	return nil
}
