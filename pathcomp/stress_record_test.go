// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
	"github.com/s2cd/s2cd/topology"
)

// record is what a store would keep: the log of bookings, as far as ledgers
// still need it, and what is live.
type record struct {
	mu     sync.Mutex
	newest uint64
	tail   []pathcomp.Booking // of the log, up to the newest
	live   map[string][]pathcomp.Booking
}

// write gives b the next seq.
func (r *record) write(b pathcomp.Booking) pathcomp.Booking {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest++
	b.Seq = r.newest
	r.tail = append(r.tail, b)
	if !b.Release {
		delete(r.live, b.Replaces)
		r.live[b.Owner] = append(r.live[b.Owner], b)
		return b
	}
	left := slices.DeleteFunc(r.live[b.Owner], func(old pathcomp.Booking) bool { return old.Variant < b.Variant })
	if r.live[b.Owner] = left; len(left) == 0 {
		delete(r.live, b.Owner)
	}
	return b
}

// since returns what a ledger that knows a seq has missed.
func (r *record) since(known uint64) []pathcomp.Booking {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tail[min(len(r.tail), max(0, len(r.tail)-int(r.newest-known))):]
}

// all returns what LoadBookings of a store hands out.
func (r *record) all() []pathcomp.Booking {
	all := slices.Concat(slices.Collect(maps.Values(r.live))...)
	slices.SortFunc(all, func(x, y pathcomp.Booking) int { return cmp.Compare(x.Seq, y.Seq) })
	return append(all, pathcomp.Booking{Seq: r.newest})
}

// of names what is summed up: an arc in all (class ""), or a class on it.
func of(arc topology.ArcName, class string) string { return fmt.Sprintf("%s %s", arc, class) }

// items returns what is live, from a second on: what each owner takes of an arc
// is the most of its variants, in all and of each class, so that the two are
// summed up apart.
func (r *record) items(now int64) []audit.Item {
	var out []audit.Item
	for _, bookings := range r.live {
		terms := map[string][]term{}
		for _, b := range bookings {
			t := term{variant: b.Variant, from: max(now, offset(b.Window.From)), until: offset(b.Window.Until)}
			for _, u := range b.Uses {
				t.kbps = int64(u.Kbps)
				for _, class := range []string{"", b.Class} {
					name := of(u.Arc, class)
					terms[name] = append(terms[name], t)
				}
			}
		}
		for name, list := range terms {
			out = mostOf(out, name, list)
		}
	}
	return out
}

// term is what a booking takes on an arc.
type term struct {
	variant     uint32
	from, until int64
	kbps        int64
}

// mostOf appends what the largest of the variants takes at every instant.
func mostOf(out []audit.Item, name string, terms []term) []audit.Item {
	if len(terms) == 1 {
		t := terms[0]
		return append(out, audit.Item{Arc: name, Kbps: t.kbps, From: t.from, Until: t.until})
	}
	var cuts []int64
	for _, t := range terms {
		cuts = append(cuts, t.from, t.until)
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i++ {
		sums := map[uint32]int64{}
		var most int64
		for _, t := range terms {
			if t.from <= cuts[i-1] && cuts[i] <= t.until {
				sums[t.variant] += t.kbps
				most = max(most, sums[t.variant])
			}
		}
		out = append(out, audit.Item{Arc: name, Kbps: most, From: cuts[i-1], Until: cuts[i]})
	}
	return out
}

// stretch is a load from one second until another.
type stretch struct {
	from, until int64
	kbps        int64
}

// stretches sums items up: for each name what is taken, in order, where it is
// not 0.
func stretches(items []audit.Item) map[string][]stretch {
	changes := map[string]map[int64]int64{}
	for _, i := range items {
		if i.From >= i.Until {
			continue
		}
		if changes[i.Arc] == nil {
			changes[i.Arc] = map[int64]int64{}
		}
		changes[i.Arc][i.From] += i.Kbps
		changes[i.Arc][i.Until] -= i.Kbps
	}
	out := map[string][]stretch{}
	for name, at := range changes {
		times := slices.Sorted(maps.Keys(at))
		var load int64
		for i := range times[:len(times)-1] {
			if load += at[times[i]]; load != 0 {
				out[name] = append(out[name], stretch{times[i], times[i+1], load})
			}
		}
	}
	return out
}

// beyond returns, as negative items, what stretches have above limits.
func beyond(loads map[string][]stretch, limits map[string]audit.Limit) []audit.Item {
	var out []audit.Item
	for name, list := range loads {
		for _, s := range list {
			if over := s.kbps - limits[name].Total; over > 0 {
				out = append(out, audit.Item{Arc: name, Kbps: -over, From: s.from, Until: s.until})
			}
		}
	}
	return out
}

// excesses is what Ledger.Excesses has to say of loads.
func excesses(loads map[string][]stretch, limits map[string]audit.Limit, arcs []topology.ArcName) []pathcomp.Excess {
	var out []pathcomp.Excess
	for _, arc := range arcs {
		for _, class := range []string{"", "best", "gold"} {
			limit, most := limits[of(arc, class)].Total, int64(0)
			for _, s := range loads[of(arc, class)] {
				most = max(most, s.kbps)
			}
			if most > limit {
				out = append(out, pathcomp.Excess{Arc: arc, Class: class, Kbps: most, Limit: limit})
			}
		}
	}
	return out
}

// profileOf is what Ledger.Profile has to say of loads from a second on.
func profileOf(list []stretch, now int64) []pathcomp.Step {
	out := []pathcomp.Step{{From: at(now)}}
	step := func(second, kbps int64) {
		switch last := &out[len(out)-1]; {
		case second <= now:
			last.Kbps = kbps
		case last.Kbps != kbps:
			out = append(out, pathcomp.Step{From: at(second), Kbps: kbps})
		}
	}
	for i, s := range list {
		step(s.from, s.kbps)
		if i+1 == len(list) || list[i+1].from > s.until {
			step(s.until, 0)
		}
	}
	return out
}

// offset counts seconds from when the tests begin.
func offset(t time.Time) int64 { return int64(t.Sub(clock()) / time.Second) }

func at(second int64) time.Time { return clock().Add(time.Duration(second) * time.Second) }
