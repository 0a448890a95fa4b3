// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math/big"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// The seconds that the oracle's calendar knows, from clock on.
const (
	firstSecond = -20
	lastSecond  = 100
	seconds     = lastSecond - firstSecond
)

// calendar is what is booked, second by second, for an oracle of one demand.
type calendar struct {
	network      *topology.Network
	demand       pathcomp.Demand
	first, until int // of the demand's window
	names        []topology.ArcName
	loads        []arcLoads // by arc
	known        map[question]bool
}

// booked is what is taken on an arc at a second: of all owners but the one that
// gives way, and of that, in all and of the demand's class.
type booked struct{ total, class, ownTotal, ownClass int64 }

type arcLoads [seconds]booked

// need is what is taken on an arc.
type need struct {
	arc  int
	kbps int64
}

type question struct {
	need
	first int
}

func second(t time.Time) int { return int(t.Sub(clock()) / time.Second) }

func newCalendar(n *topology.Network, bookings []pathcomp.Booking, d pathcomp.Demand) *calendar {
	c := &calendar{network: n, demand: d, first: second(d.Window.From), until: second(d.Window.Until), known: map[question]bool{}}
	for _, l := range n.Links {
		c.names = append(c.names, topology.LinkArc(l.Name, 0), topology.LinkArc(l.Name, 1))
	}
	for _, a := range n.Access {
		c.names = append(c.names, topology.AccessArc(a.Name, 0), topology.AccessArc(a.Name, 1))
	}
	c.loads = make([]arcLoads, len(c.names))
	variants := map[string]map[uint32][]pathcomp.Booking{}
	for _, b := range bookings {
		if variants[b.Owner] == nil {
			variants[b.Owner] = map[uint32][]pathcomp.Booking{}
		}
		variants[b.Owner][b.Variant] = append(variants[b.Owner][b.Variant], b)
	}
	for owner, of := range variants {
		if len(of) == 1 && owner != d.Instead {
			for _, all := range of {
				c.enter(c.loads, all)
			}
			continue
		}
		c.enterMost(of, owner == d.Instead)
	}
	return c
}

// enter adds bookings up.
func (c *calendar) enter(loads []arcLoads, bookings []pathcomp.Booking) {
	for _, b := range bookings {
		for _, u := range b.Uses {
			at := &loads[slices.Index(c.names, u.Arc)]
			for s := second(b.Window.From); s < second(b.Window.Until); s++ {
				at[s-firstSecond].total += int64(u.Kbps)
				if b.Class == c.demand.Class {
					at[s-firstSecond].class += int64(u.Kbps)
				}
			}
		}
	}
}

// enterMost enters the most of any variant of an owner.
func (c *calendar) enterMost(variants map[uint32][]pathcomp.Booking, givesWay bool) {
	most := make([]arcLoads, len(c.names))
	for _, bookings := range variants {
		one := make([]arcLoads, len(c.names))
		c.enter(one, bookings)
		for i := range one {
			for s := range one[i] {
				x := &one[i][s]
				most[i][s].total, most[i][s].class = max(most[i][s].total, x.total), max(most[i][s].class, x.class)
			}
		}
	}
	for i := range most {
		for s := range most[i] {
			x, at := &most[i][s], &c.loads[i][s]
			if givesWay {
				at.ownTotal, at.ownClass = x.total, x.class
			} else {
				at.total, at.class = at.total+x.total, at.class+x.class
			}
		}
	}
}

// with is what is taken at a second where the demand takes kbps too: instead of
// the owner's own, of which there is one variant more.
func (c *calendar) with(n need, second int) (before, after booked) {
	before = c.loads[n.arc][second-firstSecond]
	after.total = before.total + max(before.ownTotal, n.kbps)
	after.class = before.class + max(before.ownClass, n.kbps)
	before.total, before.class = before.total+before.ownTotal, before.class+before.ownClass
	return before, after
}

// fits says whether an arc has room for a need from a second on. Where nothing
// is added none is asked for.
func (c *calendar) fits(n need, first int) bool {
	q := question{need: n, first: first}
	if fits, ok := c.known[q]; ok {
		return fits
	}
	fits := true
	total, ofClass := c.limit(n.arc)
	for s := first; fits && s < first+c.until-c.first; s++ {
		before, after := c.with(n, s)
		fits = (after.total == before.total || after.total <= total) && (after.class == before.class || after.class <= ofClass)
	}
	c.known[q] = fits
	return fits
}

func (c *calendar) limit(i int) (total, ofClass int64) {
	var kbps uint64
	var of topology.Shares
	if l := i / 2; l < len(c.network.Links) {
		kbps, of = c.network.Links[l].Kbps[i%2], c.network.Links[l].Reservable
	} else {
		a := &c.network.Access[l-len(c.network.Links)]
		kbps, of = a.Kbps, a.Reservable
	}
	return int64(of.Limit(kbps)), int64(of.ClassLimit(kbps, c.demand.Class))
}

// rate is what a layer-3 rate takes, rounded up.
func (c *calendar) rate(kbps uint64, link bool) int64 {
	factor := 1000 * uint64(c.demand.BookingPermille)
	if link {
		factor += uint64(c.demand.BookingPermille) * uint64(c.demand.OverheadPermill)
	}
	return int64((kbps*factor + 999_999) / 1_000_000)
}

// needs is what a journey takes at some rates, each arc once.
func (c *calendar) needs(j *journey, rates [2]uint64) []need {
	var out []need
	take := func(arc int, kbps int64) {
		i := slices.IndexFunc(out, func(n need) bool { return n.arc == arc })
		if i < 0 {
			i = len(out)
			out = append(out, need{arc: arc})
		}
		out[i].kbps += kbps
	}
	for way, t := range [2]trip{j.there, j.back} {
		for _, i := range t.arcs {
			take(i, c.rate(rates[way], true))
		}
	}
	for end, terminal := range [2]pathcomp.Terminal{c.demand.From, c.demand.To} {
		for _, name := range terminal.Access {
			in := slices.Index(c.names, topology.AccessArc(name, 0))
			take(in, c.rate(rates[end], false))
			take(in+1, c.rate(rates[1-end], false))
		}
	}
	return slices.DeleteFunc(out, func(n need) bool { return n.kbps == 0 })
}

// roomy says whether there is room for a journey.
func (c *calendar) roomy(j *journey, rates [2]uint64, first int) bool {
	return !slices.ContainsFunc(c.needs(j, rates), func(n need) bool { return !c.fits(n, first) })
}

// lacking returns the arcs that have no room for a journey, sorted.
func (c *calendar) lacking(j *journey, rates [2]uint64, first int) []topology.ArcName {
	var out []topology.ArcName
	for _, n := range c.needs(j, rates) {
		if !c.fits(n, first) {
			out = append(out, c.names[n.arc])
		}
	}
	slices.Sort(out)
	return out
}

// fullest is the load, after admission, of the fullest link on which a journey
// takes more than there is already.
func (c *calendar) fullest(j *journey) *big.Rat {
	most := new(big.Rat)
	for _, n := range c.needs(j, c.demand.Kbps) {
		if n.arc/2 >= len(c.network.Links) {
			continue
		}
		var used int64
		added := false
		for s := c.first; s < c.until; s++ {
			before, after := c.with(n, s)
			used, added = max(used, after.total), added || after.total > before.total
		}
		of := int64(c.network.Links[n.arc/2].Kbps[n.arc%2])
		if load := new(big.Rat); added && load.SetFrac64(used, of).Cmp(most) > 0 {
			most = load
		}
	}
	return most
}
