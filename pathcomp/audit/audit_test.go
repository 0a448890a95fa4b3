// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
	"github.com/s2cd/s2cd/topology"
)

func TestOverbooked(t *testing.T) {
	t.Parallel()
	limits := map[string]audit.Limit{
		"x": {Total: 100, Class: map[string]int64{"gold": 60}},
		"y": {Total: 50},
	}
	gold := func(arc string, kbps, from, until int64) audit.Item {
		return audit.Item{Arc: arc, Class: "gold", Kbps: kbps, From: from, Until: until}
	}
	best := func(arc string, kbps, from, until int64) audit.Item {
		return audit.Item{Arc: arc, Class: "best", Kbps: kbps, From: from, Until: until}
	}
	for _, c := range []struct {
		name  string
		items []audit.Item
		want  int64
	}{
		{"nothing", nil, 0},
		{"up to both limits", []audit.Item{gold("x", 60, 0, 10), best("x", 40, 0, 10)}, 0},
		{"total passed while both last", []audit.Item{gold("x", 60, 0, 10), best("x", 41, 7, 20)}, 3},
		{"class passed, total not", []audit.Item{gold("x", 30, 0, 10), gold("x", 31, 4, 6)}, 2},
		{"both passed count once", []audit.Item{gold("x", 61, 0, 10), best("x", 40, 0, 10)}, 10},
		{"another class may have all", []audit.Item{best("x", 100, 0, 10)}, 0},
		{"no limit of the class", []audit.Item{gold("y", 50, 0, 10)}, 0},
		{"windows that touch", []audit.Item{gold("x", 60, 10, 20), gold("x", 60, 0, 10), gold("x", 60, 20, 21)}, 0},
		{"windows that meet for a second", []audit.Item{gold("x", 60, 0, 11), gold("x", 60, 10, 20)}, 1},
		{"twice, with a break", []audit.Item{best("y", 30, 0, 100), gold("y", 21, 10, 20), gold("y", 21, 90, 200)}, 20},
		{"arcs apart", []audit.Item{gold("x", 60, 0, 10), gold("y", 50, 0, 10)}, 0},
		{"arcs summed up", []audit.Item{best("x", 101, 0, 10), gold("y", 51, 5, 10)}, 15},
		{"unknown arc", []audit.Item{gold("z", 1, 0, 10)}, 10},
		{"empty and backward windows", []audit.Item{gold("x", 999, 5, 5), gold("x", 999, 6, 5)}, 0},
		{"before the epoch", []audit.Item{gold("x", 61, -10, -5)}, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := audit.Overbooked(c.items, limits); got != c.want {
				t.Errorf("got %d seconds, want %d", got, c.want)
			}
		})
	}
}

// TestOverbookedAgainstSeconds sums up second by second.
func TestOverbookedAgainstSeconds(t *testing.T) {
	t.Parallel()
	limits := map[string]audit.Limit{
		"x": {Total: 9, Class: map[string]int64{"gold": 5, "silver": 7}},
		"y": {Total: 7},
	}
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOf(rapid.Custom(func(t *rapid.T) audit.Item {
			return audit.Item{
				Arc: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "arc"), Class: rapid.SampledFrom([]string{"gold", "silver", "best"}).Draw(t, "class"),
				Kbps: rapid.Int64Range(0, 4).Draw(t, "kbps"), From: rapid.Int64Range(0, 99).Draw(t, "from"), Until: rapid.Int64Range(0, 99).Draw(t, "until"),
			}
		})).Draw(t, "items")
		var want int64
		for second := range int64(100) {
			for arc, limit := range limits {
				sums := map[string]int64{}
				for _, i := range items {
					if i.Arc == arc && i.From <= second && second < i.Until {
						sums[i.Class] += i.Kbps
						sums["all"] += i.Kbps
					}
				}
				over := sums["all"] > limit.Total
				for class, most := range limit.Class {
					over = over || sums[class] > most
				}
				if over {
					want++
				}
			}
		}
		if got := audit.Overbooked(items, limits); got != want {
			t.Fatalf("got %d seconds, want %d", got, want)
		}
	})
}

// TestLedgerIsNotOverbooked reserves at random until the ledger refuses most,
// gives back, and audits what is left; then what is left is loaded once more,
// unasked.
func TestLedgerIsNotOverbooked(t *testing.T) {
	t.Parallel()
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return epoch }
	ledger := pathcomp.NewLedger(clock)
	_, err := pathcomp.NewCore(&topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{{Name: "a", Role: topology.PE}, {Name: "z", Role: topology.PE}},
		Links: []topology.Link{{
			Name: "l", A: "a", Z: "z", Kbps: [2]uint64{1000, 1000}, Micros: [2]uint32{1, 1}, IGPMetric: [2]uint32{1, 1},
			Reservable: topology.Shares{All: 800, ByClass: map[string]uint32{"gold": 500}},
		}},
	}, ledger, clock)
	if err != nil {
		t.Fatal(err)
	}
	arc := topology.LinkArc("l", 0)
	limits := map[string]audit.Limit{string(arc): {Total: 800, Class: map[string]int64{"gold": 500}}}
	r := rand.New(rand.NewPCG(1, 1))
	var held []audit.Item
	refused, seq := 0, uint64(0)
	var owners []string
	settle := func(b pathcomp.Booking) {
		seq++
		b.Seq = seq
		ledger.Settle([]pathcomp.Booking{b})
	}
	booking := func(owner string, i audit.Item) pathcomp.Booking {
		return pathcomp.Booking{Owner: owner, Class: i.Class, Window: window(epoch, i), Uses: []pathcomp.Use{{Arc: arc, Kbps: uint64(i.Kbps)}}}
	}
	for n := range 5000 {
		from := r.Int64N(100_000)
		i := audit.Item{Arc: string(arc), Class: []string{"gold", "best"}[r.IntN(2)], Kbps: 1 + r.Int64N(100), From: from, Until: from + 1 + r.Int64N(20_000)}
		b := booking(strconv.Itoa(n), i)
		if err := ledger.Reserve(b.Owner, pathcomp.Admission{Class: b.Class, Window: b.Window, Uses: b.Uses}); err != nil {
			refused++
			k, last := r.IntN(len(held)), len(held)-1
			settle(pathcomp.Booking{Owner: owners[k], Variant: pathcomp.EveryVariant, Release: true})
			held[k], owners[k] = held[last], owners[last]
			held, owners = held[:last], owners[:last]
			continue
		}
		settle(b)
		held, owners = append(held, i), append(owners, b.Owner)
	}
	if refused < 1000 || len(held) < 50 {
		t.Errorf("%d refused, %d held: too little to tell", refused, len(held))
	}
	if got := audit.Overbooked(held, limits); got != 0 {
		t.Errorf("%d seconds are over-booked", got)
	}
	if got := ledger.Excesses(); len(got) != 0 {
		t.Errorf("the ledger itself says %v", got)
	}
	for k, i := range held {
		if err := ledger.Load(booking("again "+owners[k], i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := audit.Overbooked(append(held, held...), limits); got == 0 || len(ledger.Excesses()) == 0 {
		t.Errorf("all twice: %d seconds are over-booked, the ledger says %v", got, ledger.Excesses())
	}
}

func window(epoch time.Time, i audit.Item) pathcomp.Window {
	at := func(second int64) time.Time { return epoch.Add(time.Duration(second) * time.Second) }
	return pathcomp.Window{From: at(i.From), Until: at(i.Until)}
}
