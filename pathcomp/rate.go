// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math/bits"
	"slices"
)

// need is what a demand takes on one arc.
type need struct {
	arc   int32
	link  bool
	kbps  int64
	times int64 // how often a symmetric rate counts here
}

// needs gathers what a demand takes, each arc once.
type needs struct {
	demand *Demand
	list   []need
}

// take adds the rate of a direction (0: From to To) on an arc. Links carry
// labels too and so take more.
func (n *needs) take(arc int32, link bool, direction int) {
	n.list = append(n.list, need{arc: arc, link: link, times: 1, kbps: n.demand.booked(n.demand.Kbps[direction], link)})
}

// takeAccess adds both directions of the accesses at both ends.
func (n *needs) takeAccess(from, to terminal) {
	for _, in := range from.access {
		n.take(in, false, 0)
		n.take(in+1, false, 1)
	}
	for _, in := range to.access {
		n.take(in, false, 1)
		n.take(in+1, false, 0)
	}
}

// merge returns what is needed with each arc once, in the order of rank; arcs on
// which nothing is taken are dropped.
func (n *needs) merge(rank []int32) []need {
	const few = 64 // on the stack, as long as there are no more
	order := make([]uint64, 0, few)
	for i := range n.list {
		order = append(order, uint64(rank[n.list[i].arc])<<32|uint64(i)) //nolint:gosec // neither is negative
	}
	slices.Sort(order)
	out := make([]need, 0, len(order))
	for _, k := range order {
		x := n.list[uint32(k)] //nolint:gosec // its lower half
		if last := len(out) - 1; last >= 0 && out[last].arc == x.arc {
			out[last].kbps += x.kbps
			out[last].times += x.times
			continue
		}
		out = append(out, x)
	}
	return slices.DeleteFunc(out, func(x need) bool { return x.kbps == 0 })
}

// booked returns what a layer-3 rate reserves on an arc, rounded up.
func (d *Demand) booked(kbps uint64, link bool) int64 {
	overhead := uint64(1000)
	if link {
		overhead += uint64(d.OverheadPermill)
	}
	const million = 1_000_000
	hi, lo := bits.Mul64(kbps, uint64(d.BookingPermille)*overhead)
	lo, carry := bits.Add64(lo, million-1, 0)
	hi += carry
	if hi >= million {
		return kbit(1<<64 - 1)
	}
	quotient, _ := bits.Div64(hi, lo, million)
	return kbit(quotient)
}

// mostSymmetric returns the largest rate in both directions that takes no more
// than room on an arc with this need.
func (d *Demand) mostSymmetric(n need, room int64) uint64 {
	if room < 0 {
		return 0
	}
	low, high := uint64(0), uint64(1)<<50
	for low < high {
		middle := low + (high-low+1)/2
		if d.booked(middle, n.link) <= room/n.times {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}
