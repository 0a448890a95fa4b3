// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// policyNetwork is a random network in which whatever a demand can ask for
// makes a difference.
func policyNetwork(r *rand.Rand, nodes int) *topology.Network {
	n := randomNetwork(r, nodes)
	for len(n.Links) < len(n.Nodes) { // where there is little to choose
		n = randomNetwork(r, nodes)
	}
	for i := range n.Nodes {
		n.Nodes[i].Maintenance = n.Nodes[i].Maintenance && r.IntN(2) == 0
		n.Nodes[i].Down = r.IntN(40) == 0
	}
	shares := []topology.Shares{
		{All: 1000}, {All: 1000}, {All: 800}, {All: 1000, ByClass: map[string]uint32{"gold": 600, "silver": 300}}, {All: 900, ByClass: map[string]uint32{"silver": 500}},
	}
	for i := range n.Links {
		l := &n.Links[i]
		for d := range 2 {
			l.Kbps[d] = []uint64{1000, 1000, 700, 1300}[r.IntN(4)]
			l.TEMetric[d] = []uint32{0, 0, 1, 3, 5}[r.IntN(5)]
			l.LossPPM[d] = []uint32{0, 0, 1, 100, 1000, 500_000}[r.IntN(6)]
		}
		l.Reservable = shares[r.IntN(len(shares))]
		l.AdminGroups = r.Uint32N(8)
		for g := range uint32(4) {
			if r.IntN(8) == 0 {
				l.SRLGs = append(l.SRLGs, g)
			}
		}
	}
	for i := range 4 {
		n.Access = append(n.Access, topology.Access{
			Name: fmt.Sprintf("a%d", i), Node: n.Nodes[r.IntN(len(n.Nodes))].Name, Kbps: 1500, Micros: r.Uint32N(3) * 100,
			Reservable: shares[r.IntN(len(shares))],
		})
	}
	return n
}

// policyDemand asks for some of all that can be asked for.
func policyDemand(r *rand.Rand, n *topology.Network) pathcomp.Demand {
	sometimes := func(of int) bool { return r.IntN(of) == 0 }
	node := func() topology.NodeName { return n.Nodes[r.IntN(len(n.Nodes))].Name }
	from := r.IntN(40) - 10
	d := pathcomp.Demand{
		From: pathcomp.Terminal{Node: node()}, To: pathcomp.Terminal{Node: node()},
		Kbps:  [2]uint64{uint64(r.IntN(900)), uint64(r.IntN(900))},
		Class: []string{"gold", "silver", "bronze"}[r.IntN(3)], BookingPermille: []uint32{1000, 1000, 333}[r.IntN(3)],
		OverheadPermill: r.Uint32N(2) * 21, Window: window(from, from+1+r.IntN(25)),
	}
	for _, t := range []*pathcomp.Terminal{&d.From, &d.To} {
		if sometimes(3) {
			t.Access = []string{n.Access[r.IntN(len(n.Access))].Name}
		}
	}
	if sometimes(8) {
		d.Kbps[r.IntN(2)] = 0
	}
	if sometimes(4) {
		d.Instead = "own"
	}
	of := 1 + r.IntN(6)
	d.Steered = policySteered(r, n, of)
	if sometimes(of) {
		d.MaxRTTMicros = 100 * (1 + r.Uint32N(25))
	}
	return d
}

// policySteered bounds one of so many.
func policySteered(r *rand.Rand, n *topology.Network, of int) pathcomp.Steered {
	sometimes := func(of int) bool { return r.IntN(of) == 0 }
	node := func() topology.NodeName { return n.Nodes[r.IntN(len(n.Nodes))].Name }
	s := pathcomp.Steered{
		Objective: []pathcomp.Objective{pathcomp.LeastCost, pathcomp.LeastLatency, pathcomp.LeastLoad}[r.IntN(3)],
		Separate:  sometimes(3),
	}
	if sometimes(of) {
		s.MaxLossPPM = []uint32{2, 200, 1000, 1100, 2100, 800_000, 1_000_000}[r.IntN(7)]
	}
	if sometimes(of) {
		s.MaxHops = 1 + r.Uint32N(3)
	}
	if sometimes(2) {
		return s
	}
	for sometimes(4) {
		s.Include = append(s.Include, node())
	}
	for sometimes(8) {
		s.Exclude.Nodes = append(s.Exclude.Nodes, node())
	}
	for sometimes(5) {
		s.Exclude.Links = append(s.Exclude.Links, n.Links[r.IntN(len(n.Links))].Name)
	}
	for sometimes(8) {
		s.Exclude.SRLGs = append(s.Exclude.SRLGs, r.Uint32N(5))
	}
	for _, mask := range []*uint32{&s.Affinity.IncludeAny, &s.Affinity.IncludeAll, &s.Affinity.ExcludeAny} {
		if sometimes(10) {
			*mask = r.Uint32N(8)
		}
	}
	return s
}

// policyBookings are reservations of several classes over different times, and
// those of an owner that can give way.
func policyBookings(r *rand.Rand, n *topology.Network) []pathcomp.Booking {
	var arcs []topology.ArcName
	for _, l := range n.Links {
		arcs = append(arcs, topology.LinkArc(l.Name, 0), topology.LinkArc(l.Name, 1))
	}
	for _, a := range n.Access {
		arcs = append(arcs, topology.AccessArc(a.Name, 0), topology.AccessArc(a.Name, 1))
	}
	var out []pathcomp.Booking
	book := func(owner string, variant uint32, uses []pathcomp.Use) {
		from := r.IntN(50) - 15
		out = append(out, pathcomp.Booking{
			Seq: uint64(len(out) + 1), Owner: owner, Variant: variant, Class: []string{"gold", "silver", "bronze"}[r.IntN(3)],
			Window: window(from, from+1+r.IntN(30)), Uses: uses,
		})
	}
	for i, a := range arcs {
		for k := range r.IntN(3) {
			book(fmt.Sprintf("other-%d-%d", i, k), 0, []pathcomp.Use{{Arc: a, Kbps: uint64(r.IntN(600))}})
		}
	}
	for range r.IntN(4) {
		var uses []pathcomp.Use
		for _, a := range arcs {
			if r.IntN(3) == 0 {
				uses = append(uses, pathcomp.Use{Arc: a, Kbps: uint64(r.IntN(600))})
			}
		}
		book("own", 1+r.Uint32N(2), uses)
	}
	return out
}

// admission is what the core is to answer with a journey.
func (o *steerOracle) admission(j *journey) pathcomp.Admission {
	a := pathcomp.Admission{
		Revision: o.network.Revision, Snapshot: 1, Class: o.demand.Class, Window: o.demand.Window,
		RTTMicros: uint32(o.micros(j)), Cost: j.there.te + j.back.te,
		LossPPM: uint32(math.Ceil(-math.Expm1(-float64(j.there.loss+j.back.loss)*1e-9) * 1e6)),
	}
	for way, t := range [2]trip{j.there, j.back} {
		for _, i := range t.arcs {
			a.Links[way] = append(a.Links[way], o.names[i])
		}
		for _, n := range t.nodes {
			nodes := [2]*[]topology.NodeName{&a.Forward, &a.Reverse}[way]
			*nodes = append(*nodes, o.network.Nodes[n].Name)
		}
	}
	for _, n := range o.needs(j, o.demand.Kbps) {
		a.Uses = append(a.Uses, pathcomp.Use{Arc: o.names[n.arc], Kbps: uint64(n.kbps)})
	}
	slices.SortFunc(a.Uses, func(x, y pathcomp.Use) int { return strings.Compare(string(x.Arc), string(y.Arc)) })
	return a
}

// journey returns that of which an admission tells; nil: there is none.
func (o *steerOracle) journey(a pathcomp.Admission) *journey {
	for i := range o.journeys {
		var links [2][]topology.ArcName
		for way, t := range [2]trip{o.journeys[i].there, o.journeys[i].back} {
			for _, arc := range t.arcs {
				links[way] = append(links[way], o.names[arc])
			}
		}
		if slices.Equal(links[0], a.Links[0]) && slices.Equal(links[1], a.Links[1]) {
			return &o.journeys[i]
		}
	}
	return nil
}

// steerCase is a demand on a network with bookings.
type steerCase struct {
	network  *topology.Network
	bookings []pathcomp.Booking
	demand   pathcomp.Demand
}

func randomSteerCase(r *rand.Rand) steerCase {
	n := policyNetwork(r, 7)
	return steerCase{network: n, bookings: policyBookings(r, n), demand: policyDemand(r, n)}
}

func (c steerCase) core(t testing.TB) (*pathcomp.Core, *pathcomp.Ledger) {
	core, ledger := newCore(t, c.network)
	for _, b := range c.bookings {
		if err := ledger.Load(b); err != nil {
			t.Fatal(err)
		}
	}
	return core, ledger
}

func (c steerCase) oracle() *steerOracle {
	return newSteerOracle(newCalendar(c.network, c.bookings, c.demand))
}

// TestSteerAgainstEveryPath asks for all that can be asked for, in all
// combinations.
func TestSteerAgainstEveryPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	outcomes := map[pathcomp.Cause]int{}
	for i := range 2_000 {
		c := randomSteerCase(r)
		core, ledger := c.core(t)
		got, refusal := core.Steer(c.demand)
		o := c.oracle()
		if refusal != nil {
			outcomes[refusal.Cause]++
			if fault := o.refusalFault(refusal); fault != "" {
				t.Fatalf("case %d: refused with %+v: %s\n%+v", i, refusal, fault, c)
			}
			continue
		}
		outcomes[""]++
		if fault := o.admissionFault(got); fault != "" {
			t.Fatalf("case %d: got %+v: %s\n%+v", i, got, fault, c)
		}
		got.Replaces = c.demand.Instead
		if err := ledger.Reserve("now", got); err != nil {
			t.Fatalf("case %d: %+v: what was found does not fit: %v", i, c, err)
		}
	}
	for _, cause := range []pathcomp.Cause{
		"", pathcomp.NoPath, pathcomp.Latency, pathcomp.Loss, pathcomp.Hops, pathcomp.Bounds, pathcomp.Policy, pathcomp.Maintenance, pathcomp.Bandwidth,
	} {
		if outcomes[cause] < 4 {
			t.Errorf("%d cases of %q: too few to tell", outcomes[cause], cause)
		}
	}
}

// admissionFault says what is wrong with an admission; "": nothing.
func (o *steerOracle) admissionFault(got pathcomp.Admission) string {
	best := o.best(bounded | roomy)
	if best == nil {
		return "there is no path"
	}
	j := o.journey(got)
	switch {
	case j == nil:
		return "the links are no path"
	case !o.meets(j, bounded|roomy):
		return "the path does not do"
	case o.compare(j, best) != 0:
		return fmt.Sprintf("a better one is %+v", o.admission(best))
	}
	if diff := cmp.Diff(o.admission(j), got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(pathcomp.Admission{}, "Arcs")); diff != "" {
		return "of this path (-want +got):\n" + diff
	}
	return ""
}
