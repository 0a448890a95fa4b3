// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// FuzzLedger carries out the operations that bytes spell on a ledger and on
// seconds that are summed up naively. Reserve takes what fits there and nothing
// else, and after each operation both have the same in every second.
func FuzzLedger(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05\x14\xff\x64\x32\x01\x00\x40\x05\x0a\xff\x64\x32\x01\x02\x01"))
	f.Add([]byte{0, 1, 0, 0, 30, 255, 90, 90, 1, 0, 9, 0, 30, 255, 120, 90, 1, 0, 130, 0, 30, 255, 60, 60, 1, 3, 1, 2, 5, 0, 10})
	f.Add([]byte{0, 0, 8, 3, 9, 3, 199, 199, 0, 2, 1, 3, 9, 3, 199, 10, 1, 1, 2, 0, 4, 7, 0, 3, 1, 3, 9, 1, 70, 0, 5, 0, 3, 0, 1})
	f.Fuzz(func(t *testing.T, input []byte) {
		n := &naive{input: input}
		core, ledger := newCore(t, n.network())
		n.core, n.ledger = core, ledger
		for range 200 {
			if len(n.input) == 0 {
				break
			}
			n.operate(t)
			n.compare(t)
		}
	})
}

// What FuzzLedger plays with. Rates are multiples of rateUnit.
const (
	fuzzSeconds = 24
	fuzzOwners  = 4
	rateUnit    = 10
	fuzzGold    = 500 // permille of an arc
	fuzzAll     = 800
)

// taken is a booking that the naive ledger has.
type taken struct {
	pathcomp.Booking
	durable bool
}

// shares is the owner whose bookings b shares room with.
func (b taken) shares() string {
	if b.durable {
		return b.Owner
	}
	return cmp.Or(b.Replaces, b.Owner)
}

// naive is a ledger that sums up every second anew, and the log beside it.
type naive struct {
	input  []byte
	core   *pathcomp.Core
	ledger *pathcomp.Ledger
	all    []taken
	kbps   [2]uint64 // of the links
	newest uint64
}

func (n *naive) network() *topology.Network {
	n.kbps = [2]uint64{1000, 1000}
	net := &topology.Network{Revision: 1, AS: 65000, Nodes: []topology.Node{
		{Name: "a", Role: topology.PE}, {Name: "z", Role: topology.PE},
	}}
	for i := range n.kbps {
		net.Links = append(net.Links, n.link(i))
	}
	return net
}

func (n *naive) link(i int) topology.Link {
	l := link(fmt.Sprint(i), "a", "z", n.kbps[i], 100, 1)
	l.Reservable = topology.Shares{All: fuzzAll, ByClass: map[string]uint32{"gold": fuzzGold}}
	return l
}

func fuzzArcs() []topology.ArcName {
	return []topology.ArcName{"link:0<", "link:0>", "link:1<", "link:1>"}
}

// next is the next byte, less than most; 0 at the end.
func (n *naive) next(most int) int {
	if len(n.input) == 0 {
		return 0
	}
	b := n.input[0]
	n.input = n.input[1:]
	return int(b) % most
}

func (n *naive) owner() string { return fmt.Sprint("owner-", n.next(fuzzOwners)) }

func (n *naive) operate(t *testing.T) {
	switch n.next(6) {
	case 0:
		n.reserve(t)
	case 1:
		n.settle(t)
	case 2:
		owner := n.owner()
		n.ledger.Withdraw(owner)
		n.all = slices.DeleteFunc(n.all, func(b taken) bool { return !b.durable && b.Owner == owner })
	case 3:
		n.release(t)
	case 4:
		n.change(t)
	default:
		n.reload(t)
	}
}

// reserve asks for some arcs, perhaps in place of what an owner has.
func (n *naive) reserve(t *testing.T) {
	b := pathcomp.Booking{Owner: n.owner(), Variant: uint32(n.next(3)), Class: []string{"gold", "best"}[n.next(2)]}
	if by := n.owner(); n.next(4) == 0 && by != b.Owner && !n.pendingSpend(b.Owner) {
		b.Replaces, b.Owner = b.Owner, by
	}
	from := n.next(fuzzSeconds - 1)
	b.Window = window(from, from+1+n.next(fuzzSeconds-1-from))
	arcs := 1 + n.next(15)
	for i, arc := range fuzzArcs() {
		if arcs>>i&1 == 1 {
			b.Uses = append(b.Uses, pathcomp.Use{Arc: arc, Kbps: rateUnit * uint64(n.next(90))})
		}
	}
	err := n.ledger.Reserve(b.Owner, pathcomp.Admission{
		Variant: b.Variant, Replaces: b.Replaces, Class: b.Class, Window: b.Window, Uses: b.Uses,
	})
	after := append(slices.Clip(n.all), taken{Booking: b})
	if fits := n.fits(after); fits != (err == nil) {
		t.Fatalf("reserve %+v beside %+v: %v, by the seconds it fits: %v", b, n.all, err, fits)
	}
	if err == nil {
		n.all = after
	}
}

// pendingSpend says whether a booking pends that takes the place of an owner's:
// a store lets nobody spend a hold twice.
func (n *naive) pendingSpend(owner string) bool {
	return slices.ContainsFunc(n.all, func(b taken) bool { return !b.durable && b.Replaces == owner })
}

// fits says whether no second of an arc has more than before and too much.
func (n *naive) fits(after []taken) bool {
	for i, arc := range fuzzArcs() {
		for class, permille := range map[string]uint64{"": fuzzAll, "gold": fuzzGold, "best": fuzzAll} {
			limit := int64(n.kbps[i/2] * permille / 1000)
			was := loadsOf(n.all, arc, class)
			for s, kbps := range loadsOf(after, arc, class) {
				if kbps > limit && kbps > was[s] {
					return false
				}
			}
		}
	}
	return true
}

// loadsOf is what an arc has in each second, in all ("") or of a class.
func loadsOf(all []taken, arc topology.ArcName, class string) []int64 {
	type variant struct {
		shares, owner string
		n             uint32
	}
	sums, most := map[variant]*[fuzzSeconds]int64{}, map[string]*[fuzzSeconds]int64{}
	for _, b := range all {
		i := slices.IndexFunc(b.Uses, func(u pathcomp.Use) bool { return u.Arc == arc })
		if i < 0 || class != "" && b.Class != class {
			continue
		}
		v := variant{b.shares(), b.Owner, b.Variant}
		if sums[v] == nil {
			sums[v] = &[fuzzSeconds]int64{}
		}
		if most[v.shares] == nil {
			most[v.shares] = &[fuzzSeconds]int64{}
		}
		for s := offset(b.Window.From); s < offset(b.Window.Until); s++ {
			sums[v][s] += int64(b.Uses[i].Kbps)
			most[v.shares][s] = max(most[v.shares][s], sums[v][s])
		}
	}
	loads := make([]int64, fuzzSeconds)
	for _, of := range most {
		for s, kbps := range of {
			loads[s] += kbps
		}
	}
	return loads
}

// settle makes one that pends durable: at once, or by the log.
func (n *naive) settle(t *testing.T) {
	var pending []int
	for i, b := range n.all {
		if !b.durable {
			pending = append(pending, i)
		}
	}
	if len(pending) == 0 {
		return
	}
	b := n.all[pending[n.next(len(pending))]].Booking
	n.write(t, &b)
	i := slices.IndexFunc(n.all, func(x taken) bool { return !x.durable && same(x.Booking, b) })
	n.all[i].durable, n.all[i].Seq = true, b.Seq
	if b.Replaces != "" {
		n.all = slices.DeleteFunc(n.all, func(x taken) bool { return x.durable && x.Owner == b.Replaces })
	}
}

func same(x, y pathcomp.Booking) bool {
	return x.Owner == y.Owner && x.Variant == y.Variant && x.Replaces == y.Replaces && x.Class == y.Class &&
		x.Window == y.Window && slices.Equal(x.Uses, y.Uses)
}

// write gives b the next seq and tells the ledger in either way.
func (n *naive) write(t *testing.T, b *pathcomp.Booking) {
	n.newest++
	b.Seq = n.newest
	if n.next(2) == 0 {
		n.ledger.Settle([]pathcomp.Booking{*b})
	} else if err := n.ledger.CatchUp([]pathcomp.Booking{*b}); err != nil {
		t.Fatal(err)
	}
}

func (n *naive) release(t *testing.T) {
	b := pathcomp.Booking{Owner: n.owner(), Release: true, Variant: uint32(n.next(4))}
	if b.Variant == 0 {
		b.Variant = pathcomp.EveryVariant
	}
	n.write(t, &b)
	n.all = slices.DeleteFunc(n.all, func(x taken) bool { return x.durable && x.Owner == b.Owner && x.Variant < b.Variant })
}

// change gives a link another capacity.
func (n *naive) change(t *testing.T) {
	i := n.next(len(n.kbps))
	n.kbps[i] = 100 * uint64(n.next(13))
	if err := n.core.Update(pathcomp.Update{Links: []topology.Link{n.link(i)}}); err != nil {
		t.Fatal(err)
	}
}

// reload has the ledger forget, and read again, what is durable.
func (n *naive) reload(t *testing.T) {
	var live []pathcomp.Booking
	for _, b := range n.all {
		if b.durable {
			live = append(live, b.Booking)
		}
	}
	slices.SortFunc(live, func(x, y pathcomp.Booking) int { return cmp.Compare(x.Seq, y.Seq) })
	if err := n.ledger.Reload(append(live, pathcomp.Booking{Seq: n.newest})); err != nil {
		t.Fatal(err)
	}
}

// compare looks at every second of what the ledger says, and at its excesses.
func (n *naive) compare(t *testing.T) {
	var excesses []pathcomp.Excess
	for i, arc := range fuzzArcs() {
		for _, class := range []string{"", "best", "gold"} {
			permille := uint64(fuzzAll)
			got := n.ledger.Profile(arc, clock(), at(fuzzSeconds))
			if class != "" {
				got = n.ledger.ClassProfile(arc, class, clock(), at(fuzzSeconds))
			}
			if class == "gold" {
				permille = fuzzGold
			}
			loads := loadsOf(n.all, arc, class)
			if !slices.EqualFunc(steps(loads), got, sameStep) {
				t.Fatalf("%s %q: %v, want %v", arc, class, got, steps(loads))
			}
			limit := int64(n.kbps[i/2] * permille / 1000)
			if most := slices.Max(loads); most > limit {
				excesses = append(excesses, pathcomp.Excess{Arc: arc, Class: class, Kbps: most, Limit: limit})
			}
		}
	}
	if got := n.ledger.Excesses(); !slices.Equal(excesses, got) {
		t.Fatalf("excesses %+v, want %+v", got, excesses)
	}
}
