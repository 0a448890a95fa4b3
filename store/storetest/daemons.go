// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Scarce is what every link of the daemons' network may sell, kbit/s; gold is
// what may be of that class.
const scarce, scarceGold, scarceSeconds = 800, 500, 600

// scarceNetwork has two ways of equal cost, and a third.
func scarceNetwork() *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000, Nodes: []topology.Node{
		{Name: "a", Role: topology.PE}, {Name: "m", Role: topology.P}, {Name: "z", Role: topology.PE},
	}}
	for _, ends := range [][3]string{{"l1", "a", "z"}, {"l2", "a", "m"}, {"l3", "m", "z"}} {
		n.Links = append(n.Links, topology.Link{
			Name: ends[0], A: topology.NodeName(ends[1]), Z: topology.NodeName(ends[2]), Kbps: [2]uint64{1000, 1000},
			Micros: [2]uint32{100, 100}, IGPMetric: [2]uint32{1, 1},
			Reservable: topology.Shares{All: scarce, ByClass: map[string]uint32{"gold": scarceGold}},
		})
	}
	return n
}

// daemon is an admission core on a store that others have too.
type daemon struct {
	*bundle
	ledger *pathcomp.Ledger
	core   *pathcomp.Core
	counts *counts
}

// counts is what the daemons did.
type counts struct {
	admitted, extended, moved, shifted, changed, held, spent, released, refused atomic.Int64
}

func (b *bundle) newDaemon(t *testing.T, c *counts) *daemon {
	t.Helper()
	d := &daemon{bundle: b, ledger: pathcomp.NewLedger(b.clock.Now), counts: c}
	if err := b.LoadBookings(t.Context(), d.ledger.Load); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.core, err = pathcomp.NewCore(scarceNetwork(), d.ledger, b.clock.Now); err != nil {
		t.Fatal(err)
	}
	return d
}

// testDaemons has two admission cores sell the same few links at once, and
// looks in the store itself whether any second of any link was sold twice.
func testDaemons(t *testing.T, b *bundle) {
	const workers, rounds = 3, 160
	var c counts
	daemons := []*daemon{b.newDaemon(t, &c), b.newDaemon(t, &c)}
	var all sync.WaitGroup
	for i, d := range daemons {
		for w := range workers {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), uint64(w)))
				name := fmt.Sprintf("%d-%d", i, w)
				if err := d.work(t.Context(), random, name, rounds); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	t.Logf("admitted %d, extended %d, moved %d, shifted %d, changed %d, held %d, spent %d, released %d, refused %d",
		c.admitted.Load(), c.extended.Load(), c.moved.Load(), c.shifted.Load(), c.changed.Load(), c.held.Load(),
		c.spent.Load(), c.released.Load(), c.refused.Load())
	for what, n := range map[string]int64{
		"admitted": c.admitted.Load(), "extended": c.extended.Load(), "moved": c.moved.Load(), "held": c.held.Load(),
		"shifted": c.shifted.Load(), "changed": c.changed.Load(), "spent": c.spent.Load(), "released": c.released.Load(), "refused": c.refused.Load(),
	} {
		if n < 5 {
			t.Errorf("%s %d times: too little to tell", what, n)
		}
	}
	fresh := b.newDaemon(t, &c)
	if over := b.overbooked(t); over > 0 {
		t.Errorf("%d link-seconds are over-booked", over)
	}
	for i, d := range daemons {
		missed, err := b.Bookings(t.Context(), d.ledger.Known())
		if err != nil {
			t.Fatal(err)
		}
		if err := d.ledger.CatchUp(missed); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fresh.view(), d.view()); diff != "" {
			t.Errorf("daemon %d (-new +this):\n%s", i, diff)
		}
	}
}

// overbooked sums what is live, second by second, of each owner the variant
// that takes most.
func (b *bundle) overbooked(t *testing.T) int {
	t.Helper()
	var total, gold []pathcomp.Booking
	err := b.LoadBookings(t.Context(), func(one pathcomp.Booking) error {
		total = append(total, one)
		if one.Class == "gold" {
			gold = append(gold, one)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	over, busiest := 0, uint64(0)
	for _, l := range scarceNetwork().Links {
		for direction := range 2 {
			for s := range scarceSeconds {
				at, arc := epoch.Add(time.Duration(s)*time.Second), topology.LinkArc(l.Name, direction)
				all := load(total, arc, at)
				busiest = max(busiest, all)
				if all > scarce || load(gold, arc, at) > scarceGold {
					over++
				}
			}
		}
	}
	if busiest < scarce/2 {
		t.Errorf("the busiest second has %d kbit/s: too little to tell", busiest)
	}
	return over
}

// view is all that a ledger says.
func (d *daemon) view() map[string]any {
	out := map[string]any{"known": d.ledger.Known()}
	until := epoch.Add(scarceSeconds * time.Second)
	for _, l := range scarceNetwork().Links {
		for direction := range 2 {
			arc := topology.LinkArc(l.Name, direction)
			out[string(arc)] = d.ledger.Profile(arc, epoch, until)
			out["gold "+string(arc)] = d.ledger.ClassProfile(arc, "gold", epoch, until)
			owners := d.ledger.OwnersOn(arc)
			out["owners "+string(arc)] = owners
			for _, owner := range owners {
				out[owner] = d.ledger.Bookings(owner)
			}
		}
	}
	return out
}

// work does what customers and provisioning do, at random, on its own sessions.
func (d *daemon) work(ctx context.Context, random *rand.Rand, name string, rounds int) error {
	var live []session.Session
	for i := range rounds {
		var s session.Session
		var err error
		pick := -1
		if len(live) > 0 && random.IntN(3) > 0 {
			pick = random.IntN(len(live))
		}
		switch what := random.IntN(6); {
		case pick < 0 && what < 2:
			s, err = d.holdAndSpend(ctx, random, fmt.Sprint(name, "-", i))
		case pick < 0:
			s, err = d.order(ctx, random, "")
		case what == 0:
			s, err = d.tryRelease(ctx, live[pick])
		case what == 1:
			s, err = d.extend(ctx, random, live[pick])
		case what == 2:
			s, err = d.shift(ctx, random, live[pick])
		case what == 3:
			s, err = d.changeRate(ctx, random, live[pick])
		default:
			s, err = d.moveAway(ctx, live[pick])
		}
		if err != nil && !errors.Is(err, order.ErrConflict) {
			return err
		}
		switch {
		case s.ID == "" || err != nil:
			d.counts.refused.Add(1)
		case pick < 0:
			live = append(live, s)
		case s.Phase == session.Released:
			live[pick] = live[len(live)-1]
			live = live[:len(live)-1]
		default:
			live[pick] = s
		}
	}
	return nil
}

// find searches for a random demand; false: there is no room.
func (d *daemon) find(random *rand.Rand, class string) (pathcomp.Admission, bool) {
	from := random.IntN(scarceSeconds / 2)
	until := from + 1 + random.IntN(scarceSeconds/2-from)
	a, refusal := d.core.Steer(pathcomp.Demand{
		From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "z"}, Class: class, BookingPermille: 1000,
		Kbps:   [2]uint64{uint64(1 + random.IntN(200)), uint64(1 + random.IntN(200))},
		Window: pathcomp.Window{From: epoch.Add(time.Duration(from) * time.Second), Until: epoch.Add(time.Duration(until) * time.Second)},
	})
	return a, refusal == nil
}

// order orders a session, of a hold where one is named.
func (d *daemon) order(ctx context.Context, random *rand.Rand, hold string) (session.Session, error) {
	a := small("t1", "v1")
	route, ok := d.find(random, []string{"gold", "best"}[random.IntN(2)])
	if !ok {
		return session.Session{}, nil
	}
	return d.place(ctx, a, route, hold)
}

func (d *daemon) place(ctx context.Context, a order.Admission, route pathcomp.Admission, hold string) (session.Session, error) {
	a.Route, a.Hold = route, hold
	a.Session.Route = session.Route{Class: route.Class, From: route.Window.From, Until: route.Window.Until}
	r, err := d.AdmitBatch(ctx, []order.Admission{a}, d.ledger)
	if err != nil {
		return session.Session{}, err
	}
	if r[0].Err == nil {
		d.counts.admitted.Add(1)
	}
	return r[0].Session, r[0].Err
}

// holdAndSpend holds a way for each class, and spends it or lets it go.
func (d *daemon) holdAndSpend(ctx context.Context, random *rand.Rand, id string) (session.Session, error) {
	gold, okGold := d.find(random, "gold")
	best, okBest := d.find(random, "best")
	if !okGold || !okBest {
		return session.Session{}, nil
	}
	h := order.Hold{ID: id, Tenant: "t1", Expires: epoch.Add(time.Minute), Alternatives: []pathcomp.Admission{gold, best}}
	if err := d.Hold(ctx, h, d.ledger); err != nil {
		return session.Session{}, err
	}
	d.counts.held.Add(1)
	switch random.IntN(4) {
	case 0: // stays
		return session.Session{}, nil
	case 1:
		_, err := d.ExpireHolds(ctx, h.Expires, d.ledger) // of all that stay
		return session.Session{}, err
	}
	s, err := d.place(ctx, small("t1", "v1"), h.Alternatives[random.IntN(2)], id)
	if errors.Is(err, order.ErrHoldExpired) { // ended by another worker
		return s, order.ErrConflict
	}
	if err == nil {
		d.counts.spent.Add(1)
	}
	return s, err
}

func (d *daemon) extend(ctx context.Context, random *rand.Rand, s session.Session) (session.Session, error) {
	until := s.Route.Until.Add(time.Duration(1+random.IntN(60)) * time.Second)
	more := &pathcomp.Admission{
		Class: s.Route.Class, Variant: s.Route.Variant, Window: pathcomp.Window{From: s.Route.Until, Until: until},
	}
	next := s
	next.Route.Until = until
	next, err := d.Advance(ctx, order.Step{Session: next, Reserve: more, Like: new(s.Route.Variant)}, d.ledger)
	if err != nil {
		return s, err
	}
	d.counts.extended.Add(1)
	return next, nil
}

// moveAway reserves another way beside the one in use, and lets go of that one.
func (d *daemon) moveAway(ctx context.Context, s session.Session) (session.Session, error) {
	var uses []pathcomp.Use
	for _, u := range d.ledger.Uses(string(s.ID), s.Route.Variant) {
		switch u.Arc {
		case "link:l1>":
			uses = append(uses, pathcomp.Use{Arc: "link:l2>", Kbps: u.Kbps}, pathcomp.Use{Arc: "link:l3>", Kbps: u.Kbps})
		case "link:l1<":
			uses = append(uses, pathcomp.Use{Arc: "link:l2<", Kbps: u.Kbps}, pathcomp.Use{Arc: "link:l3<", Kbps: u.Kbps})
		case "link:l2>":
			uses = append(uses, pathcomp.Use{Arc: "link:l1>", Kbps: u.Kbps})
		case "link:l2<":
			uses = append(uses, pathcomp.Use{Arc: "link:l1<", Kbps: u.Kbps})
		}
	}
	return d.replace(ctx, s, uses, &d.counts.moved)
}

// shift takes the same way at another time.
func (d *daemon) shift(ctx context.Context, random *rand.Rand, s session.Session) (session.Session, error) {
	next := s
	next.Route.From = epoch.Add(time.Duration(random.IntN(scarceSeconds/2)) * time.Second)
	next.Route.Until = next.Route.From.Add(min(s.Route.Until.Sub(s.Route.From), scarceSeconds/2*time.Second))
	return d.replace(ctx, next, nil, &d.counts.shifted)
}

// changeRate takes the way that is best beside the one in use, of which the
// larger counts on each arc.
func (d *daemon) changeRate(ctx context.Context, random *rand.Rand, s session.Session) (session.Session, error) {
	a, refusal := d.core.Steer(pathcomp.Demand{
		From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "z"}, Class: s.Route.Class, BookingPermille: 1000,
		Kbps:   [2]uint64{uint64(1 + random.IntN(200)), uint64(1 + random.IntN(200))},
		Window: pathcomp.Window{From: s.Route.From, Until: s.Route.Until}, Instead: string(s.ID),
	})
	if refusal != nil {
		return s, order.ErrConflict
	}
	return d.replace(ctx, s, a.Uses, &d.counts.changed)
}

// replace reserves for next other uses, or at another time the same, beside what it
// has, and lets go of that.
func (d *daemon) replace(ctx context.Context, next session.Session, uses []pathcomp.Use, count *atomic.Int64) (session.Session, error) {
	step := order.Step{Reserve: &pathcomp.Admission{
		Class: next.Route.Class, Uses: uses, Variant: next.Route.Variant + 1,
		Window: pathcomp.Window{From: next.Route.From, Until: next.Route.Until},
	}}
	if uses == nil {
		step.Like = new(next.Route.Variant)
	}
	next.Route.Variant++
	step.Session = next
	next, err := d.Advance(ctx, step, d.ledger)
	if err != nil {
		return next, err
	}
	count.Add(1)
	return d.Advance(ctx, order.Step{Session: next, ReleaseBelow: next.Route.Variant}, d.ledger)
}

// tryRelease ends a session with this daemon's book.
func (d *daemon) tryRelease(ctx context.Context, s session.Session) (session.Session, error) {
	s.Phase = session.Releasing
	s, err := d.Advance(ctx, order.Step{Session: s}, d.ledger)
	if err != nil {
		return s, err
	}
	s.Phase = session.Released
	d.counts.released.Add(1)
	return d.Advance(ctx, order.Step{Session: s, Return: true}, d.ledger)
}
