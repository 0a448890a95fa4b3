// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// customer orders, changes and returns, at random, what only it has.
type customer struct {
	*trial
	name   string
	random *rand.Rand
	count  int
	has    []*session
	holds  []hold
	counts map[string]int
}

// session is what an owner has in the newest of its variants.
type session struct {
	owner   string
	demand  pathcomp.Demand // its window is the whole one
	uses    []pathcomp.Use
	variant uint32
	moving  bool // older variants are still to be released
	seq     uint64
}

// hold is room for one of a few alternatives.
type hold struct {
	owner        string
	demands      []pathcomp.Demand
	alternatives []pathcomp.Admission
}

// mostSessions is how many a customer has at once.
const mostSessions = 15

// operate does one thing.
func (c *customer) operate() error {
	c.tick()
	if len(c.holds) > 3 || len(c.holds) > 0 && c.random.IntN(8) == 0 {
		return c.endHold()
	}
	if len(c.has) == 0 || len(c.has) < mostSessions && c.random.IntN(3) == 0 {
		if c.random.IntN(4) == 0 {
			return c.hold()
		}
		return c.order()
	}
	i := c.random.IntN(len(c.has))
	s := c.has[i]
	if c.ledger.Known() < s.seq { // what pends must not be withdrawn with what follows
		if err := c.deliver(); err != nil {
			return err
		}
	}
	now := c.now()
	what := c.random.IntN(6)
	switch {
	case s.moving:
		c.counts["moved"]++
		s.moving = false
		return c.commit(s, pathcomp.Booking{Owner: s.owner, Release: true, Variant: s.variant})
	case what == 0, !s.demand.Window.Until.After(now):
		c.counts["released"]++
		c.has = slices.Delete(c.has, i, i+1)
		return c.commit(s, pathcomp.Booking{Owner: s.owner, Release: true, Variant: pathcomp.EveryVariant})
	case what == 1:
		return c.extend(s)
	case what == 2:
		return c.shift(s, now)
	case what == 3 && len(c.holds) > 0:
		return c.spendOn(s)
	default:
		return c.changeRate(s, now)
	}
}

// anyDemand asks for anything.
func anyDemand(random *rand.Rand, now time.Time) pathcomp.Demand {
	ends := []topology.NodeName{"a", "b", "c", "d"}
	random.Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
	d := pathcomp.Demand{
		From:  pathcomp.Terminal{Node: ends[0], Access: []string{port(ends[0])}},
		To:    pathcomp.Terminal{Node: ends[1]},
		Class: []string{"gold", "best"}[random.IntN(2)], BookingPermille: 1000,
		Kbps: [2]uint64{1 + random.Uint64N(150), 1 + random.Uint64N(150)},
	}
	if random.IntN(4) == 0 {
		d.Objective, d.Separate = pathcomp.Objective(random.IntN(3)), random.IntN(2) == 0
	}
	d.Window.From = now.Truncate(time.Minute).Add(time.Duration(1+random.IntN(10)) * time.Minute)
	d.Window.Until = d.Window.From.Add(time.Duration(1+random.IntN(20)) * time.Minute)
	return d
}

// find searches in one of the two ways.
func (c *customer) find(d pathcomp.Demand) (pathcomp.Admission, bool) {
	search := c.core.Steer
	if c.random.IntN(4) == 0 {
		search = c.core.Search
	}
	a, refusal := search(d)
	if refusal != nil {
		c.counts["refused: "+string(refusal.Cause)]++
	}
	return a, refusal == nil
}

// reserve says whether an owner gets what a asks for.
func (c *customer) reserve(owner string, a pathcomp.Admission) (bool, error) {
	switch err := c.ledger.Reserve(owner, a); {
	case errors.Is(err, pathcomp.ErrNoRoom):
		c.counts["no room"]++
		return false, nil
	case errors.Is(err, pathcomp.ErrStale):
		c.counts["stale"]++
		return false, nil
	default:
		return err == nil, err
	}
}

// commit writes a booking for s, of which the ledger hears now, later, in
// another order, or from the log only.
func (c *customer) commit(s *session, b pathcomp.Booking) error {
	b = c.record.write(b)
	s.seq = b.Seq
	switch c.random.IntN(4) {
	case 0: // from the log
	case 1:
		select {
		case c.late <- b:
		default:
		}
	default:
		c.ledger.Settle([]pathcomp.Booking{b})
	}
	select {
	case b = <-c.late:
		c.ledger.Settle([]pathcomp.Booking{b})
	default:
	}
	if c.random.IntN(8) == 0 {
		return c.deliver()
	}
	return nil
}

func (c *customer) newOwner(kind string) string {
	c.count++
	return fmt.Sprintf("%s-%s-%d", kind, c.name, c.count)
}

// way is one that is found, or one that another session has, at another time.
func (c *customer) way() (pathcomp.Demand, pathcomp.Admission, bool) {
	d := anyDemand(c.random, c.now())
	if len(c.has) == 0 || c.random.IntN(6) == 0 {
		a, ok := c.find(d)
		return d, a, ok
	}
	other, w := c.has[c.random.IntN(len(c.has))], d.Window
	d = other.demand
	d.Window = w
	return d, pathcomp.Admission{Class: d.Class, Window: w, Uses: other.uses}, true
}

func (c *customer) order() error {
	d, a, ok := c.way()
	if !ok {
		return nil
	}
	s := &session{owner: c.newOwner("session"), demand: d, uses: a.Uses}
	if ok, err := c.reserve(s.owner, a); !ok {
		return err
	}
	if c.random.IntN(6) == 0 {
		c.counts["aborted"]++
		c.ledger.Withdraw(s.owner)
		return nil
	}
	c.counts["ordered"]++
	c.has = append(c.has, s)
	return c.commit(s, booking(s.owner, a))
}

// extend adds a window that follows on the one there is.
func (c *customer) extend(s *session) error {
	w := pathcomp.Window{From: s.demand.Window.Until}
	w.Until = w.From.Add(time.Duration(1+c.random.IntN(5)) * time.Minute)
	a := pathcomp.Admission{Class: s.demand.Class, Variant: s.variant, Window: w, Uses: s.uses}
	if ok, err := c.reserve(s.owner, a); !ok {
		return err
	}
	c.counts["extended"]++
	s.demand.Window.Until = w.Until
	return c.commit(s, booking(s.owner, a))
}

// shift takes the same way at another time.
func (c *customer) shift(s *session, now time.Time) error {
	d := s.demand
	by := time.Duration(c.random.IntN(20)-10) * time.Minute
	if d.Window.From = d.Window.From.Add(by); d.Window.From.Before(now) {
		d.Window.From = now
	}
	d.Window.Until = d.Window.From.Add(s.demand.Window.Until.Sub(s.demand.Window.From))
	c.counts["shifted"]++
	return c.replace(s, d, pathcomp.Admission{Class: d.Class, Window: d.Window, Uses: s.uses})
}

// changeRate searches anew, beside what there is, of which the larger counts, or
// takes half as much again, or half, of the same way.
func (c *customer) changeRate(s *session, now time.Time) error {
	d := s.demand
	if c.random.IntN(6) > 0 {
		part := 1 + 2*c.random.Uint64N(2)
		uses := slices.Clone(s.uses)
		for i := range uses {
			uses[i].Kbps = min(400, (uses[i].Kbps*part+1)/2)
		}
		d.Kbps = [2]uint64{(d.Kbps[0]*part + 1) / 2, (d.Kbps[1]*part + 1) / 2}
		c.counts["changed"]++
		return c.replace(s, d, pathcomp.Admission{Class: d.Class, Window: d.Window, Uses: uses})
	}
	d.Instead = s.owner
	d.Kbps = [2]uint64{1 + c.random.Uint64N(150), 1 + c.random.Uint64N(150)}
	if d.Window.From.Before(now) {
		d.Window.From = now
	}
	a, ok := c.find(d)
	if !ok {
		return nil
	}
	c.counts["changed"]++
	return c.replace(s, d, a)
}

// replace reserves a new variant. The older one goes with a later operation.
func (c *customer) replace(s *session, d pathcomp.Demand, a pathcomp.Admission) error {
	a.Variant = s.variant + 1
	if ok, err := c.reserve(s.owner, a); !ok {
		return err
	}
	if c.random.IntN(6) == 0 {
		c.counts["aborted"]++
		c.ledger.Withdraw(s.owner)
		return nil
	}
	s.variant, s.demand, s.uses, s.moving = a.Variant, d, a.Uses, true
	return c.commit(s, booking(s.owner, a))
}

// hold holds room for two alternatives, or for none.
func (c *customer) hold() error {
	h := hold{owner: c.newOwner("hold")}
	for range 2 {
		d, a, ok := c.way()
		if ok {
			var err error
			a.Variant = uint32(len(h.alternatives))
			if ok, err = c.reserve(h.owner, a); err != nil {
				return err
			}
		}
		if !ok {
			c.ledger.Withdraw(h.owner)
			return nil
		}
		h.demands, h.alternatives = append(h.demands, d), append(h.alternatives, a)
	}
	c.counts["held"]++
	c.holds = append(c.holds, h)
	for _, a := range h.alternatives {
		if err := c.commit(&session{}, booking(h.owner, a)); err != nil {
			return err
		}
	}
	return c.deliver()
}

func (c *customer) takeHold() hold {
	i := c.random.IntN(len(c.holds))
	h := c.holds[i]
	c.holds = slices.Delete(c.holds, i, i+1)
	return h
}

// endHold lets a hold go or orders what is held.
func (c *customer) endHold() error {
	h := c.takeHold()
	if len(c.has) >= mostSessions || c.random.IntN(3) == 0 {
		c.counts["let go"]++
		return c.commit(&session{}, pathcomp.Booking{Owner: h.owner, Release: true, Variant: pathcomp.EveryVariant})
	}
	s := &session{owner: c.newOwner("session")}
	c.has = append(c.has, s)
	return c.spend(s, h)
}

// spendOn has a session become what is held.
func (c *customer) spendOn(s *session) error {
	s.variant++
	s.moving = true
	return c.spend(s, c.takeHold())
}

// spend always works: room that is held is never free, whatever else happens.
func (c *customer) spend(s *session, h hold) error {
	i := c.random.IntN(len(h.alternatives))
	a := h.alternatives[i]
	a.Variant, a.Replaces, a.Snapshot = s.variant, h.owner, 0
	if err := c.ledger.Reserve(s.owner, a); err != nil {
		return fmt.Errorf("spend %s: %w", h.owner, err)
	}
	c.counts["spent"]++
	s.demand, s.uses = h.demands[i], a.Uses
	return c.commit(s, booking(s.owner, a))
}

// repair moves sessions while all are quiet: then every move of a plan fits, one
// after the other.
func (c *customer) repair() error {
	if err := c.deliver(); err != nil {
		return err
	}
	now := c.now()
	byOwner := map[string]*session{}
	var claims []pathcomp.Claim
	for _, s := range c.has[:min(len(c.has), 2)] {
		if s.moving || !s.demand.Window.Until.After(now) {
			continue
		}
		d := s.demand
		if d.Window.From.Before(now) {
			d.Window.From = now
		}
		byOwner[s.owner] = s
		claims = append(claims, pathcomp.Claim{Owner: s.owner, Demand: d, Since: d.Window.From})
	}
	for _, m := range c.core.Repair(claims, true) {
		if m.Stays || m.Refusal != nil {
			continue
		}
		s, a := byOwner[m.Owner], m.Admission
		if err := c.ledger.Reserve(s.owner, a); err != nil {
			return fmt.Errorf("a planned move: %w", err)
		}
		c.counts["repaired"]++
		s.variant, s.uses, s.demand.Window = a.Variant, a.Uses, a.Window
		c.record.write(booking(s.owner, a))
		s.seq = c.record.write(pathcomp.Booking{Owner: s.owner, Release: true, Variant: s.variant}).Seq
		if err := c.deliver(); err != nil {
			return err
		}
	}
	return nil
}
