// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// The seconds that the oracle's calendar knows, from clock on.
const (
	firstSecond = -100
	lastSecond  = 300
)

// calendar is what is booked, second by second, for an oracle of one demand.
type calendar struct {
	network      *topology.Network
	demand       pathcomp.Demand
	first, until int // of the demand's window
	arcs         map[topology.ArcName]int
	loads        map[int]*[lastSecond - firstSecond]booked // by arc
	known        map[question]bool
}

// booked is what is taken on an arc at a second: of all owners, and of the one
// that gives way, in all and of the demand's class.
type booked struct{ total, class, ownTotal, ownClass int64 }

type question struct {
	arc, first int
	kbps       int64
}

func second(t time.Time) int { return int(t.Sub(clock()) / time.Second) }

func newCalendar(n *topology.Network, bookings []pathcomp.Booking, d pathcomp.Demand) *calendar {
	c := &calendar{
		network: n, demand: d, first: second(d.Window.From), until: second(d.Window.Until),
		arcs: map[topology.ArcName]int{}, loads: map[int]*[lastSecond - firstSecond]booked{}, known: map[question]bool{},
	}
	for i, l := range n.Links {
		c.arcs[topology.LinkArc(l.Name, 0)], c.arcs[topology.LinkArc(l.Name, 1)] = 2*i, 2*i+1
	}
	for i, a := range n.Access {
		at := 2 * (len(n.Links) + i)
		c.arcs[topology.AccessArc(a.Name, 0)], c.arcs[topology.AccessArc(a.Name, 1)] = at, at+1
	}
	owners := map[string][]pathcomp.Booking{}
	for _, b := range bookings {
		owners[b.Owner] = append(owners[b.Owner], b)
	}
	for owner, all := range owners {
		for i, seconds := range c.most(all) {
			if c.loads[i] == nil {
				c.loads[i] = &[lastSecond - firstSecond]booked{}
			}
			for s, l := range seconds {
				at := &c.loads[i][s]
				if owner == d.Instead {
					at.ownTotal, at.ownClass = l.total, l.class
				} else {
					at.total, at.class = at.total+l.total, at.class+l.class
				}
			}
		}
	}
	return c
}

// most is what an owner takes: at every second the most of any variant.
func (c *calendar) most(bookings []pathcomp.Booking) map[int]*[lastSecond - firstSecond]booked {
	out, variants := map[int]*[lastSecond - firstSecond]booked{}, map[[2]int]*[lastSecond - firstSecond]booked{}
	for _, b := range bookings {
		for _, u := range b.Uses {
			i := c.arcs[u.Arc]
			variant := [2]int{i, int(b.Variant)}
			if variants[variant] == nil {
				variants[variant] = &[lastSecond - firstSecond]booked{}
			}
			if out[i] == nil {
				out[i] = &[lastSecond - firstSecond]booked{}
			}
			for s := second(b.Window.From); s < second(b.Window.Until); s++ {
				at, most := &variants[variant][s-firstSecond], &out[i][s-firstSecond]
				at.total += int64(u.Kbps)
				if b.Class == c.demand.Class {
					at.class += int64(u.Kbps)
				}
				most.total, most.class = max(most.total, at.total), max(most.class, at.class)
			}
		}
	}
	return out
}

// with is what is taken at a second where the demand takes kbps too: instead of
// the owner's own, of which there is one variant more.
func (c *calendar) with(i, second int, kbps int64) (before, after booked) {
	if loads := c.loads[i]; loads != nil {
		before = loads[second-firstSecond]
	}
	after.total = before.total + max(before.ownTotal, kbps)
	after.class = before.class + max(before.ownClass, kbps)
	before.total, before.class = before.total+before.ownTotal, before.class+before.ownClass
	return before, after
}

// fits says whether an arc has room for kbps from a second on. Where nothing is
// added none is asked for.
func (c *calendar) fits(i int, kbps int64, first int) bool {
	q := question{arc: i, first: first, kbps: kbps}
	if fits, ok := c.known[q]; ok {
		return fits
	}
	fits := true
	total, ofClass := c.limit(i)
	for s := first; s < first+c.until-c.first; s++ {
		before, after := c.with(i, s, kbps)
		if after.total > before.total && after.total > total || after.class > before.class && after.class > ofClass {
			fits = false
		}
	}
	c.known[q] = fits
	return fits
}

func (c *calendar) limit(i int) (total, ofClass int64) {
	kbps, of := uint64(0), topology.Shares{}
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
	factor := int64(c.demand.BookingPermille) * 1000
	if link {
		factor += int64(c.demand.BookingPermille) * int64(c.demand.OverheadPermill)
	}
	x := new(big.Int).Mul(new(big.Int).SetUint64(kbps), big.NewInt(factor))
	x.Add(x, big.NewInt(999_999))
	return x.Div(x, big.NewInt(1_000_000)).Int64()
}

// needs is what a journey takes at some rates, by arc.
func (c *calendar) needs(j *journey, rates [2]uint64) map[int]int64 {
	out := map[int]int64{}
	for way, t := range [2]trip{j.there, j.back} {
		for _, i := range t.arcs {
			out[i] += c.rate(rates[way], true)
		}
	}
	for end, terminal := range [2]pathcomp.Terminal{c.demand.From, c.demand.To} {
		for _, name := range terminal.Access {
			out[c.arcs[topology.AccessArc(name, 0)]] += c.rate(rates[end], false)
			out[c.arcs[topology.AccessArc(name, 1)]] += c.rate(rates[1-end], false)
		}
	}
	maps.DeleteFunc(out, func(_ int, kbps int64) bool { return kbps == 0 })
	return out
}

// roomy says whether there is room for a journey.
func (c *calendar) roomy(j *journey, rates [2]uint64, first int) bool {
	return len(c.lacking(j, rates, first)) == 0
}

// lacking returns the arcs that have no room for a journey, sorted.
func (c *calendar) lacking(j *journey, rates [2]uint64, first int) []topology.ArcName {
	var out []topology.ArcName
	for i, kbps := range c.needs(j, rates) {
		if !c.fits(i, kbps, first) {
			out = append(out, c.name(i))
		}
	}
	slices.Sort(out)
	return out
}

func (c *calendar) name(i int) topology.ArcName {
	for name, at := range c.arcs {
		if at == i {
			return name
		}
	}
	return ""
}

// fullest is the load, after admission, of the fullest link on which a journey
// takes more than there is already.
func (c *calendar) fullest(j *journey) *big.Rat {
	most := new(big.Rat)
	for i, kbps := range c.needs(j, c.demand.Kbps) {
		if i/2 >= len(c.network.Links) {
			continue
		}
		var used int64
		added := false
		for s := c.first; s < c.until; s++ {
			before, after := c.with(i, s, kbps)
			used, added = max(used, after.total), added || after.total > before.total
		}
		of := int64(c.network.Links[i/2].Kbps[i%2])
		if load := new(big.Rat); added && of > 0 && load.SetFrac64(used, of).Cmp(most) > 0 {
			most = load
		}
	}
	return most
}
