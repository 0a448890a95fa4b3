// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"github.com/s2cd/s2cd/topology"
)

// filler gives links what their description leaves open.
type filler struct {
	options Options
	report  *report
	factor  float64 // of routes

	open  int    // links without a capacity
	first string // of them
	line  int    // where it is
}

// link fills t, which has its ends and name, from l.
func (f *filler) link(d *draft, l *link, t *topology.Link) {
	from, to := &d.nodes[d.index[l.a]], &d.nodes[d.index[l.z]]
	for i, w := range l.ways {
		t.Kbps[i] = f.capacity(l, w, t.Name)
		t.Micros[i] = f.latency(l, w, from, to, t.Name)
		t.IGPMetric[i] = f.metric(l, w, t.Micros[i], t.Name)
		t.TEMetric[i], t.LossPPM[i] = w.teMetric, w.lossPPM
	}
	t.Reservable = topology.Shares{All: f.share(l, t)}
	t.SRLGs, t.AdminGroups, t.Down = distinct(l.srlgs), l.groups, l.down
}

func (f *filler) capacity(l *link, w way, name string) uint64 {
	if w.kbps > 0 {
		return w.kbps
	}
	if f.options.CapacityKbps > 0 {
		f.report.note(l.line, "capacity by default", name)
		return f.options.CapacityKbps
	}
	if f.first == "" {
		f.first, f.line = name, l.line
	}
	f.open++
	return 0
}

// missing is one fault for all capacities that are not there: a file without any
// would have nothing else to say.
func (f *filler) missing() {
	if f.open > 0 {
		f.report.fault(f.line, 0, "link %s has no capacity, which is missing in %s: give a default", f.first, plural(f.open, "direction"))
	}
}

func (f *filler) latency(l *link, w way, from, to *node, name string) uint32 {
	switch {
	case w.micros > 0:
		return w.micros
	case from.located && to.located:
		f.report.note(l.line, "latency from coordinates", name)
		return fibreMicros(from.location, to.location, f.factor)
	}
	f.report.note(l.line, "latency by default", name)
	return f.options.Micros
}

func (f *filler) metric(l *link, w way, micros uint32, name string) uint32 {
	switch {
	case w.igpMetric > 0:
		return w.igpMetric
	case f.options.Metric > 0:
		f.report.note(l.line, "IGP metric by default", name)
		return f.options.Metric
	case micros > 0:
		f.report.note(l.line, "IGP metric from the latency", name)
		return min(micros, topology.MaxMetric-1)
	}
	f.report.note(l.line, "IGP metric by default", name)
	return defaultMetric
}

// share is what may be sold of both directions, in 1/1000 of their capacity: a
// link has one share, and the smaller one oversells neither.
func (f *filler) share(l *link, t *topology.Link) uint32 {
	const whole, most = 1000, 10_000
	own := [2]uint64{whole, whole}
	for i, w := range l.ways {
		if w.limited && t.Kbps[i] > 0 {
			own[i] = min(w.reservable*whole/t.Kbps[i], most)
		}
	}
	if own[0] != own[1] {
		f.report.note(l.line, "the smaller reservable share of both directions taken", t.Name)
	}
	return uint32(min(own[0], own[1])) //nolint:gosec // at most ten thousand
}
