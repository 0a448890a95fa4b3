// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// on reserves kbps on both arcs of shared for seconds 0 to 10.
func on(class string, variant uint32, kbps uint64) pathcomp.Admission {
	return pathcomp.Admission{Class: class, Variant: variant, Window: window(0, 10), Uses: []pathcomp.Use{
		{Arc: "link:l<", Kbps: kbps}, {Arc: "link:l>", Kbps: kbps},
	}}
}

func TestVariantsTakeTheMost(t *testing.T) {
	t.Parallel()
	_, ledger := newCore(t, shared())
	for _, test := range []struct {
		a    pathcomp.Admission
		want error
	}{
		{on("gold", 0, 400), nil},
		{on("gold", 1, 500), nil},
		{on("gold", 2, 501), pathcomp.ErrNoRoom}, // more than the class may
		{on("best", 2, 800), nil},
		{on("gold", 2, 1), pathcomp.ErrNoRoom}, // adds to the variant's 800
		{on("best", 1, 300), nil},              // beside 500 gold
		{on("best", 1, 1), pathcomp.ErrNoRoom},
	} {
		if err := ledger.Reserve("one", test.a); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test.a, err, test.want)
		}
	}
	if err := ledger.Reserve("two", on("best", 0, 1)); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("another owner: %v, want ErrNoRoom", err)
	}
	// The first two become durable, and what is below the second ends.
	ledger.Settle([]pathcomp.Booking{
		{Seq: 1, Owner: "one", Class: "gold", Window: window(0, 10), Uses: on("", 0, 400).Uses},
		{Seq: 2, Owner: "one", Variant: 1, Class: "gold", Window: window(0, 10), Uses: on("", 0, 500).Uses},
		{Seq: 3, Owner: "one", Release: true, Variant: 1},
	})
	ledger.Withdraw("one")
	if p := ledger.Profile("link:l>", clock(), clock().Add(10*time.Second)); len(p) != 1 || p[0].Kbps != 500 {
		t.Errorf("profile %v, want 500 kbit/s", p)
	}
}

// TestUses asks what owners take in each variant while it is pending, durable,
// longer and gone, in the ledger and in a fork of it.
func TestUses(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, shared())
	says := func(owner string, variant uint32, want uint64) {
		t.Helper()
		var uses []pathcomp.Use
		if want > 0 {
			uses = on("", 0, want).Uses
		}
		for name, l := range map[string]*pathcomp.Ledger{"ledger": ledger, "fork": core.Fork().Ledger()} {
			if diff := cmp.Diff(uses, l.Uses(owner, variant)); diff != "" {
				t.Errorf("%s: variant %d of %s (-want +got):\n%s", name, variant, owner, diff)
			}
		}
	}
	reserve := func(owner string, a pathcomp.Admission) pathcomp.Booking {
		t.Helper()
		if err := ledger.Reserve(owner, a); err != nil {
			t.Fatal(err)
		}
		b := booking(owner, a)
		b.Seq = ledger.Known() + 1
		return b
	}
	says("one", 0, 0)
	pends := reserve("one", on("gold", 0, 100))
	says("one", 0, 100)
	ledger.Settle([]pathcomp.Booking{pends})
	longer := on("gold", 0, 100)
	longer.Window = window(10, 20)
	ledger.Settle([]pathcomp.Booking{reserve("one", longer)})
	ledger.Settle([]pathcomp.Booking{reserve("one", on("gold", 1, 300))})
	says("one", 0, 100)
	says("one", 1, 300)
	says("one", 2, 0)
	next := on("gold", 0, 200)
	next.Replaces = "one"
	ends := reserve("two", next)
	says("one", 0, 100)
	says("two", 0, 200)
	ledger.Settle([]pathcomp.Booking{ends})
	says("one", 0, 0)
	says("one", 1, 0)
	says("two", 0, 200)
	ledger.Settle([]pathcomp.Booking{{Seq: ledger.Known() + 1, Owner: "two", Release: true, Variant: pathcomp.EveryVariant}})
	says("two", 0, 0)
}

func TestReplacedUntilDurable(t *testing.T) {
	t.Parallel()
	hold := []pathcomp.Booking{
		{Seq: 1, Owner: "hold", Class: "gold", Window: window(0, 10), Uses: on("", 0, 300).Uses},
		{Seq: 2, Owner: "hold", Variant: 1, Class: "best", Window: window(0, 10), Uses: on("", 0, 700).Uses},
	}
	order := on("gold", 0, 300)
	order.Replaces = "hold"
	spent := booking("order", order)
	spent.Seq = 3
	total := func(l *pathcomp.Ledger) int64 {
		return l.Profile("link:l>", clock(), clock().Add(10*time.Second))[0].Kbps
	}
	for name, test := range map[string]struct {
		end  func(*pathcomp.Ledger)
		want int64
	}{
		"committed": {func(l *pathcomp.Ledger) { l.Settle([]pathcomp.Booking{spent}) }, 300},
		"withdrawn": {func(l *pathcomp.Ledger) { l.Withdraw("order") }, 700},
		"unknown":   {func(*pathcomp.Ledger) {}, 700},
	} {
		_, ledger := newCore(t, shared())
		if err := ledger.CatchUp(hold); err != nil {
			t.Fatal(err)
		}
		if err := ledger.Reserve("other", order); err != nil { // as of an attempt whose outcome is not known
			t.Fatal(err)
		}
		if err := ledger.Reserve("order", order); err != nil {
			t.Fatal(err)
		}
		if got := total(ledger); got != 700 {
			t.Errorf("%s: %d kbit/s before, want 700", name, got)
		}
		test.end(ledger)
		ledger.Withdraw("other")
		if got := total(ledger); got != test.want {
			t.Errorf("%s: %d kbit/s after, want %d", name, got, test.want)
		}
	}
}

// A reload meets a pending entry that is just like a durable one, and keeps both.
func TestReloadKeepsWhatPends(t *testing.T) {
	t.Parallel()
	_, ledger := newCore(t, shared())
	same := booking("one", on("gold", 0, 100))
	same.Seq = 1
	if err := ledger.CatchUp([]pathcomp.Booking{same}); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Reserve("one", on("gold", 0, 100)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{200, 100} {
		if err := ledger.Reload([]pathcomp.Booking{same}); err != nil {
			t.Fatal(err)
		}
		if got := ledger.Profile("link:l>", clock(), clock().Add(time.Second))[0].Kbps; got != want {
			t.Errorf("%d kbit/s after a reload, want %d", got, want)
		}
		ledger.Withdraw("one")
	}
}

// What takes nothing is not refused, even where there is too much.
func TestNothingAlwaysFits(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, shared())
	if err := ledger.Reserve("one", on("gold", 0, 500)); err != nil {
		t.Fatal(err)
	}
	lower := shared()
	lower.Links[0].Kbps = [2]uint64{100, 100}
	if err := core.Swap(lower); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Reserve("two", on("gold", 0, 0)); err != nil {
		t.Error(err)
	}
	if err := ledger.Reserve("two", on("gold", 0, 1)); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("got %v, want ErrNoRoom", err)
	}
}

// TestLedgerAgainstLog drives two ledgers with whatever a store may tell them
// and compares all that they say with the log, summed second by second.
func TestLedgerAgainstLog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{log: &log{}}
		for range 2 {
			_, ledger := newCore(t, shared())
			m.ledgers = append(m.ledgers, ledger)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"reserve": m.reserve,
			"release": m.release,
			"reload":  m.reload,
			"":        m.check,
		})
	})
}

const machineSeconds = 30

type machine struct {
	log     *log
	ledgers []*pathcomp.Ledger
	count   int
}

func (m *machine) pick(t *rapid.T) *pathcomp.Ledger {
	l := m.ledgers[rapid.IntRange(0, 1).Draw(t, "ledger")]
	if err := l.CatchUp(m.log.since(l.Known())); err != nil {
		t.Fatal(err)
	}
	return l
}

// reserve has one ledger reserve and sees whether that is what the sums say.
func (m *machine) reserve(t *rapid.T) {
	ledger := m.pick(t)
	from := rapid.IntRange(0, machineSeconds-2).Draw(t, "from")
	a := pathcomp.Admission{
		Class:   rapid.SampledFrom([]string{"gold", "best"}).Draw(t, "class"),
		Variant: rapid.Uint32Range(0, 2).Draw(t, "variant"),
		Window:  window(from, rapid.IntRange(from+1, machineSeconds-1).Draw(t, "until")),
	}
	for _, arc := range []topology.ArcName{"link:l<", "link:l>"} {
		if rapid.Bool().Draw(t, string(arc)) {
			a.Uses = append(a.Uses, pathcomp.Use{Arc: arc, Kbps: rapid.Uint64Range(1, 400).Draw(t, "kbps")})
		}
	}
	owner := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner")
	with := owner
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		a.Replaces, with = owner, owner
		m.count++
		owner = fmt.Sprint("new-", m.count)
	}
	err := ledger.Reserve(owner, a)
	asVariant := booking(with, a)
	if with != owner {
		asVariant.Variant = 99 // one more of those it replaces
	}
	if fits := m.fits(asVariant); fits != (err == nil) {
		t.Fatalf("reserve %s %+v: %v, by the sums it fits: %v", owner, a, err, fits)
	}
	if err != nil {
		return
	}
	switch rapid.SampledFrom([]string{"durable", "aborted", "unknown"}).Draw(t, "fate") {
	case "durable":
		ledger.Settle(m.log.write(booking(owner, a)))
	case "unknown": // landed, and is heard of by CatchUp only
		m.log.write(booking(owner, a))
	case "aborted":
		ledger.Withdraw(owner)
	}
}

// fits says whether no second has too much with b.
func (m *machine) fits(b pathcomp.Booking) bool {
	total, gold := loads(append(m.log.live(), b), machineSeconds)
	for arc := range total {
		for s := range machineSeconds {
			if total[arc][s] > 800 || gold[arc][s] > 500 {
				return false
			}
		}
	}
	return true
}

func (m *machine) release(t *rapid.T) {
	ledger := m.pick(t)
	live := m.log.live()
	if len(live) == 0 {
		return
	}
	ledger.Settle(m.log.write(pathcomp.Booking{
		Owner: rapid.SampledFrom(live).Draw(t, "booking").Owner, Release: true,
		Variant: rapid.SampledFrom([]uint32{1, 2, pathcomp.EveryVariant}).Draw(t, "below"),
	}))
}

func (m *machine) reload(t *rapid.T) {
	l := m.ledgers[rapid.IntRange(0, 1).Draw(t, "ledger")]
	if err := l.Reload(append(m.log.live(), pathcomp.Booking{Seq: uint64(len(m.log.bookings))})); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) check(t *rapid.T) {
	for _, l := range m.ledgers {
		if err := l.CatchUp(m.log.since(l.Known())); err != nil {
			t.Fatal(err)
		}
		compareWithLive(t, l, m.log.live(), machineSeconds)
	}
	if diff := cmp.Diff(m.ledgers[0].Excesses(), m.ledgers[1].Excesses()); diff != "" || len(m.ledgers[0].Excesses()) > 0 {
		t.Fatalf("excesses %v, differ:\n%s", m.ledgers[0].Excesses(), diff)
	}
}
