// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

func TestSteerRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		demand func(*pathcomp.Demand)
		want   pathcomp.Refusal
	}{
		{
			name:   "terminal",
			demand: func(d *pathcomp.Demand) { d.To.Node = "pe9" },
			want:   pathcomp.Refusal{Nodes: []topology.NodeName{"pe9"}, Objects: []pathcomp.Object{pathcomp.EndPoints}},
		},
		{
			name:   "access",
			demand: func(d *pathcomp.Demand) { d.To.Access = []string{"handoff:none"} },
			want:   pathcomp.Refusal{Blocking: []topology.ArcName{"handoff:none>"}, Objects: []pathcomp.Object{pathcomp.EndPoints}},
		},
		{
			name:   "nodes to include",
			demand: func(d *pathcomp.Demand) { d.Include = []topology.NodeName{"p8", "p1", "p9"} },
			want:   pathcomp.Refusal{Nodes: []topology.NodeName{"p8", "p9"}, Objects: []pathcomp.Object{pathcomp.IRO}},
		},
		{
			name:   "nodes to exclude",
			demand: func(d *pathcomp.Demand) { d.Exclude.Nodes = []topology.NodeName{"p1", "p9"} },
			want:   pathcomp.Refusal{Nodes: []topology.NodeName{"p9"}, Objects: []pathcomp.Object{pathcomp.XRO}},
		},
		{
			name:   "links to exclude",
			demand: func(d *pathcomp.Demand) { d.Exclude.Links = []string{"p8-p9"} },
			want:   pathcomp.Refusal{Blocking: []topology.ArcName{"link:p8-p9>"}, Objects: []pathcomp.Object{pathcomp.XRO}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, _ := newCore(t, square())
			d := demand(1000)
			tt.demand(&d)
			tt.want.Cause = pathcomp.UnknownNode
			_, got := core.Steer(d)
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

// refusalFault says what is wrong with a refusal; "": nothing.
func (o *steerOracle) refusalFault(got *pathcomp.Refusal) string {
	if o.any(bounded | roomy) {
		return fmt.Sprintf("want %+v", o.admission(o.best(bounded|roomy)))
	}
	want := o.refusal()
	if diff := cmp.Diff(want, *got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(want, "Blocking", "MostKbps", "EarliestStart")); diff != "" {
		return "want -, got +:\n" + diff
	}
	if got.Cause != pathcomp.Bandwidth {
		return cmp.Diff(want, *got, cmpopts.EquateEmpty())
	}
	return o.outlookFault(got)
}

// refusal says why no journey does, but for where, when and how much there
// would be room.
func (o *steerOracle) refusal() pathcomp.Refusal {
	if !o.any(policed) {
		return o.refusalAnyway()
	}
	least := o.journeys[0]
	found := false
	for _, j := range o.journeys {
		if o.meets(&j, policed) && (!found || o.micros(&j) < o.micros(&least)) {
			least, found = j, true
		}
	}
	want := pathcomp.Refusal{LeastRTTMicros: uint32(o.micros(&least)), Objects: []pathcomp.Object{pathcomp.MetricObject}}
	switch {
	case !o.any(policed | inTime):
		want.Cause = pathcomp.Latency
	case !o.any(policed | notLossy):
		want.Cause = pathcomp.Loss
	case !o.any(policed | short):
		want.Cause = pathcomp.Hops
	case !o.any(bounded):
		want.Cause = pathcomp.Bounds
	default:
		want.Cause, want.Objects = pathcomp.Bandwidth, []pathcomp.Object{pathcomp.BandwidthObject}
	}
	return want
}

// refusalAnyway is why there is no path whatever its length.
func (o *steerOracle) refusalAnyway() pathcomp.Refusal {
	var shut []topology.NodeName
	for _, n := range o.network.Nodes {
		if n.Maintenance && slices.Contains(append([]topology.NodeName{o.demand.From.Node, o.demand.To.Node}, o.demand.Include...), n.Name) {
			shut = append(shut, n.Name)
		}
	}
	slices.Sort(shut)
	if shut != nil {
		return pathcomp.Refusal{Cause: pathcomp.Maintenance, Nodes: shut, Objects: []pathcomp.Object{pathcomp.EndPoints}}
	}
	if !o.any(healthy) {
		return pathcomp.Refusal{Cause: pathcomp.NoPath, Objects: []pathcomp.Object{pathcomp.EndPoints}}
	}
	want := pathcomp.Refusal{Cause: pathcomp.Policy}
	var asked []pathcomp.Object
	d := &o.demand
	for _, x := range []struct {
		object pathcomp.Object
		is     bool
		ask    asks
	}{
		{pathcomp.LSPA, d.Affinity != pathcomp.Affinity{}, affine},
		{pathcomp.IRO, len(d.Include) > 0, included},
		{pathcomp.XRO, slices.ContainsFunc(o.network.Links, func(l topology.Link) bool { return !o.notExcluded(&l) }), notExcluded},
	} {
		if x.is {
			asked = append(asked, x.object)
		}
		if x.is && o.any(policed&^x.ask) {
			want.Objects = append(want.Objects, x.object)
		}
	}
	if want.Objects == nil {
		want.Objects = asked
	}
	return want
}

// outlookFault checks what a refusal for want of bandwidth says there is room
// for, where, and when.
func (o *steerOracle) outlookFault(got *pathcomp.Refusal) string {
	if !slices.ContainsFunc(o.journeys, func(j journey) bool {
		return o.meets(&j, bounded) && slices.Equal(o.lacking(&j, o.demand.Kbps, o.first), got.Blocking)
	}) {
		return "these arcs are not what blocks a path"
	}
	fits := func(rates [2]uint64, first int) bool {
		return slices.ContainsFunc(o.journeys, func(j journey) bool { return o.meets(&j, bounded) && o.roomy(&j, rates, first) })
	}
	for more, want := range []bool{true, false} {
		kbps := got.MostKbps + uint64(more)
		if fits([2]uint64{kbps, kbps}, o.first) != want {
			return fmt.Sprintf("%d kbit/s fits: %v", kbps, !want)
		}
	}
	const end = lastSecond - 30 // all that is booked is over
	earliest := end
	if !got.EarliestStart.IsZero() {
		earliest = int(got.EarliestStart.Sub(clock()) / time.Second)
		if !fits(o.demand.Kbps, earliest) {
			return "it does not fit at the earliest start"
		}
	}
	for s := max(o.first, 0); s < earliest; s++ {
		if fits(o.demand.Kbps, s) {
			return fmt.Sprintf("it would fit %d seconds from now", s)
		}
	}
	return ""
}
