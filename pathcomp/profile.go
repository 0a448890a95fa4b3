// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"
	"sort"
)

// profile is bandwidth reserved over time: load[i] kbit/s on [at[i], at[i+1]),
// nothing before at[0]; the last load is 0. No two neighbours are equal, so
// what was added and taken away again leaves no trace. Sorted breakpoints beat
// a segment tree at the sizes an arc sees.
type profile struct {
	at   []uint32
	load []int64
}

// index returns the segment that holds t, -1 before the first.
func (p *profile) index(t uint32) int {
	return sort.Search(len(p.at), func(i int) bool { return p.at[i] > t }) - 1
}

// add adds kbps (which may be negative) on [from, until).
func (p *profile) add(from, until uint32, kbps int64) {
	if from >= until || kbps == 0 {
		return
	}
	i := p.split(from)
	j := p.split(until)
	for k := i; k < j; k++ {
		p.load[k] += kbps
	}
	p.merge(j)
	p.merge(i)
}

// split makes t a breakpoint and returns its index.
func (p *profile) split(t uint32) int {
	i := p.index(t)
	if i >= 0 && p.at[i] == t {
		return i
	}
	var load int64
	if i >= 0 {
		load = p.load[i]
	}
	p.at = slices.Insert(p.at, i+1, t)
	p.load = slices.Insert(p.load, i+1, load)
	return i + 1
}

// merge drops breakpoint i if nothing changes there.
func (p *profile) merge(i int) {
	var before int64
	if i > 0 {
		before = p.load[i-1]
	}
	if p.load[i] == before {
		p.at = slices.Delete(p.at, i, i+1)
		p.load = slices.Delete(p.load, i, i+1)
	}
}

// max returns the largest load on [from, until), at least 0.
func (p *profile) max(from, until uint32) int64 {
	var most int64
	i := p.index(from)
	if i >= 0 {
		most = max(most, p.load[i])
	}
	for k := i + 1; k < len(p.at) && p.at[k] < until; k++ {
		most = max(most, p.load[k])
	}
	return most
}

// peak returns the largest load of all times.
func (p *profile) peak() int64 {
	var most int64
	for _, l := range p.load {
		most = max(most, l)
	}
	return most
}

// clearsAt returns when the load that is last above room in [from, until) no
// longer is; from if it never is.
func (p *profile) clearsAt(from, until uint32, room int64) uint32 {
	for k := sort.Search(len(p.at), func(i int) bool { return p.at[i] >= until }) - 1; k >= 0; k-- {
		if p.load[k] > room {
			// The last load is 0, so what is above room >= 0 has an end.
			for p.load[k] > room {
				k++
			}
			return p.at[k]
		}
		if p.at[k] <= from {
			break
		}
	}
	return from
}

// forget merges everything before t into one segment that starts at t. It says
// whether there was anything.
func (p *profile) forget(t uint32) bool {
	i := p.index(t)
	if i < 0 || p.at[i] == t && i == 0 {
		return false
	}
	p.at = slices.Delete(p.at, 0, i)
	p.load = slices.Delete(p.load, 0, i)
	p.at[0] = t
	p.merge(0)
	return true
}
