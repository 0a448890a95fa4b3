// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// crossing is a network in which the way from a to b and the way from b to a
// like to meet on the arc from c to d.
func crossing(r *rand.Rand) *topology.Network {
	n := &topology.Network{Revision: 1, AS: 65000, Nodes: []topology.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}}
	for _, ends := range []string{"ac", "cd", "db", "bc", "da", "cd", "ab"} {
		l := link(ends, topology.NodeName(ends[:1]), topology.NodeName(ends[1:]), 1000, 0, 0)
		for d, least := range [2]uint32{0, 4} { // the way that is named is the better one
			if ends == "ab" {
				least = 6
			}
			l.IGPMetric[d], l.Micros[d] = 1+least+r.Uint32N(6), 100*(least+r.Uint32N(6))
			l.Kbps[d] = uint64(700 + 100*r.IntN(6))
		}
		if slices.ContainsFunc(n.Links, func(o topology.Link) bool { return o.Name == l.Name }) {
			l.Name += "-2"
		}
		n.Links = append(n.Links, l)
	}
	return n
}

// TestSteerWhereDirectionsMeet asks for directions by themselves that may take
// the same arc, which has room for either, and sometimes for both.
func TestSteerWhereDirectionsMeet(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	met, parted, refused := 0, 0, 0
	for i := range 800 {
		c := steerCase{network: crossing(r)}
		if r.IntN(2) == 0 {
			c.bookings = policyBookings(r, c.network)
		}
		c.demand = pathcomp.Demand{
			From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "b"}, Window: window(0, 1+r.IntN(20)),
			Kbps: [2]uint64{uint64(200 + r.IntN(500)), uint64(200 + r.IntN(500))}, BookingPermille: 1000, Class: "gold",
		}
		c.demand.Objective, c.demand.Separate = pathcomp.Objective(r.IntN(3)), true
		if r.IntN(2) == 0 {
			c.demand.MaxHops = 3 + r.Uint32N(2)
		}
		core, ledger := c.core(t)
		got, refusal := core.Steer(c.demand)
		o := c.oracle()
		if refusal != nil {
			if fault := o.refusalFault(refusal); fault != "" {
				t.Fatalf("case %d: refused with %+v: %s\n%+v", i, refusal, fault, c)
			}
			refused++
			continue
		}
		if fault := o.admissionFault(got); fault != "" {
			t.Fatalf("case %d: got %+v: %s\n%+v", i, got, fault, c)
		}
		if err := ledger.Reserve("now", got); err != nil {
			t.Fatalf("case %d: %+v: what was found does not fit: %v", i, c, err)
		}
		switch {
		case meets(o.journey(got)):
			met++
		case slices.ContainsFunc(o.journeys, func(j journey) bool { return meets(&j) && o.meets(&j, bounded) && o.compare(&j, o.journey(got)) < 0 }):
			parted++
		}
	}
	if min(met, parted, refused) < 15 {
		t.Errorf("directions met %d times, were kept apart %d times, and %d were refused: too few to tell", met, parted, refused)
	}
}

// meets says whether both directions of a journey take the same arc.
func meets(j *journey) bool {
	return slices.ContainsFunc(j.there.arcs, func(i int) bool { return slices.Contains(j.back.arcs, i) })
}

// TestSteerInsteadOfMoreThanThereIs looks for a path instead of a booking on a
// link whose capacity was lowered below it: as much as there is stays possible.
func TestSteerInsteadOfMoreThanThereIs(t *testing.T) {
	t.Parallel()
	n := &topology.Network{Nodes: []topology.Node{{Name: "a"}, {Name: "b"}}, Links: []topology.Link{link("ab", "a", "b", 1000, 100, 1)}}
	core, ledger := newCore(t, n)
	d := pathcomp.Demand{
		From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "b"}, Kbps: [2]uint64{600, 600}, BookingPermille: 1000,
		Window: window(0, 60),
	}
	a, refusal := core.Steer(d)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("own", a); err != nil {
		t.Fatal(err)
	}
	if err := core.Update(pathcomp.Update{Links: []topology.Link{link("ab", "a", "b", 500, 100, 1)}}); err != nil {
		t.Fatal(err)
	}
	d.Instead = "own"
	if _, refusal := core.Steer(d); refusal != nil {
		t.Errorf("as much as there is: %+v", refusal)
	}
	d.Kbps[0] = 601
	_, refusal = core.Steer(d)
	want := &pathcomp.Refusal{
		Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, Blocking: []topology.ArcName{"link:ab>"},
		MostKbps: 600, LeastRTTMicros: 200,
	}
	if diff := cmp.Diff(want, refusal); diff != "" {
		t.Errorf("more than there is (-want +got):\n%s", diff)
	}
}
