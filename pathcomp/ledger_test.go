// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// shared is a network of one link, whose arcs may sell 80 % of 1000 kbit/s and
// half of it as gold.
func shared() *topology.Network {
	l := link("l", "a", "z", 1000, 100, 1)
	l.Reservable = topology.Shares{All: 800, ByClass: map[string]uint32{"gold": 500}}
	return &topology.Network{
		Revision: 1, AS: 65000, Links: []topology.Link{l},
		Nodes: []topology.Node{{Name: "a", Role: topology.PE}, {Name: "z", Role: topology.PE}},
	}
}

func window(from, until int) pathcomp.Window {
	return pathcomp.Window{From: clock().Add(time.Duration(from) * time.Second), Until: clock().Add(time.Duration(until) * time.Second)}
}

// log is what a store keeps: all bookings, in order. Its lock is that of the
// log's head.
type log struct {
	mu       sync.Mutex
	bookings []pathcomp.Booking
}

// since returns the bookings after seq.
func (l *log) since(seq uint64) []pathcomp.Booking { return l.bookings[seq:] }

// write appends b and returns it with its seq.
func (l *log) write(b pathcomp.Booking) []pathcomp.Booking {
	b.Seq = uint64(len(l.bookings) + 1)
	l.bookings = append(l.bookings, b)
	return l.bookings[len(l.bookings)-1:]
}

// booking is what the admission of owner becomes in the log.
func booking(owner string, a pathcomp.Admission) pathcomp.Booking {
	return pathcomp.Booking{
		Owner: owner, Variant: a.Variant, Replaces: a.Replaces, Class: a.Class, Window: a.Window, Uses: a.Uses,
	}
}

// live returns what is neither released nor replaced.
func (l *log) live() []pathcomp.Booking {
	var live []pathcomp.Booking
	for _, b := range l.bookings {
		live = slices.DeleteFunc(live, func(old pathcomp.Booking) bool {
			return b.Release && old.Owner == b.Owner && old.Variant < b.Variant || b.Replaces != "" && old.Owner == b.Replaces
		})
		if !b.Release {
			live = append(live, b)
		}
	}
	return live
}

// loads sums, second by second, what bookings take of each arc in all and as
// gold: the most of each owner's variants.
func loads(bookings []pathcomp.Booking, seconds int) (total, gold map[topology.ArcName][]int64) {
	type variant struct {
		owner string
		n     uint32
	}
	arcs := map[topology.ArcName]map[variant][2][]int64{}
	for _, b := range bookings {
		for _, u := range b.Uses {
			if arcs[u.Arc] == nil {
				arcs[u.Arc] = map[variant][2][]int64{}
			}
			v := variant{b.Owner, b.Variant}
			sums, ok := arcs[u.Arc][v]
			if !ok {
				sums = [2][]int64{make([]int64, seconds), make([]int64, seconds)}
				arcs[u.Arc][v] = sums
			}
			first, last := int(b.Window.From.Sub(clock()).Seconds()), int(b.Window.Until.Sub(clock()).Seconds())
			for s := first; s < last; s++ {
				sums[0][s] += int64(u.Kbps)
				if b.Class == "gold" {
					sums[1][s] += int64(u.Kbps)
				}
			}
		}
	}
	out := [2]map[topology.ArcName][]int64{{}, {}}
	for arc, variants := range arcs {
		for i := range out {
			out[i][arc] = make([]int64, seconds)
			for s := range seconds {
				most := map[string]int64{}
				for v, sums := range variants {
					most[v.owner] = max(most[v.owner], sums[i][s])
				}
				for _, kbps := range most {
					out[i][arc][s] += kbps
				}
			}
		}
	}
	return out[0], out[1]
}

// overbooked replays the log and returns how many link-seconds ever had more
// than they may, and the busiest second.
func (l *log) overbooked(seconds int) (over int, busiest int64) {
	totals := map[string][2][]int64{}
	for _, b := range l.bookings {
		for _, u := range b.Uses {
			k := string(u.Arc)
			if _, ok := totals[k]; !ok {
				totals[k] = [2][]int64{make([]int64, seconds), make([]int64, seconds)}
			}
		}
	}
	held := map[string][]pathcomp.Booking{}
	add := func(b pathcomp.Booking, sign int64) {
		first, last := int(b.Window.From.Sub(clock()).Seconds()), int(b.Window.Until.Sub(clock()).Seconds())
		for _, u := range b.Uses {
			for s := first; s < last; s++ {
				sums := totals[string(u.Arc)]
				sums[0][s] += sign * int64(u.Kbps)
				if b.Class == "gold" {
					sums[1][s] += sign * int64(u.Kbps)
				}
				if sums[0][s] > 800 || sums[1][s] > 500 || sums[0][s] < 0 || sums[1][s] < 0 {
					over++
				}
				busiest = max(busiest, sums[0][s])
			}
		}
	}
	for _, b := range l.bookings {
		if b.Release {
			for _, old := range held[b.Owner] {
				add(old, -1)
			}
			delete(held, b.Owner)
			continue
		}
		held[b.Owner] = append(held[b.Owner], b)
		add(b, 1)
	}
	return over, busiest
}

// daemon is one ledger on a log that others share.
type daemon struct {
	core   *pathcomp.Core
	ledger *pathcomp.Ledger
	log    *log
	late   chan []pathcomp.Booking // committed, to be settled by somebody, later
}

// admit goes through what a store does for one admission. fate: "durable",
// "aborted", "unknown" (durable, and never settled: left pending), "withdrawn"
// (durable, and withdrawn without being settled) or "late" (durable, and
// settled after others have gone on).
func (d *daemon) admit(owner, fate string, a pathcomp.Admission) error {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	if err := d.ledger.CatchUp(d.log.since(d.ledger.Known())); err != nil {
		return err
	}
	if err := d.ledger.Reserve(owner, a); err != nil {
		return err
	}
	if fate == "aborted" {
		d.ledger.Withdraw(owner)
		return nil
	}
	written := d.log.write(booking(owner, a))
	switch fate {
	case "durable":
		d.ledger.Settle(written)
	case "late":
		d.late <- written
	case "withdrawn":
		d.ledger.Withdraw(owner)
	}
	return nil
}

// giveBack returns what an admission has taken.
func (d *daemon) giveBack(owner string) {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	d.ledger.Settle(d.log.write(pathcomp.Booking{Owner: owner, Release: true, Variant: pathcomp.EveryVariant}))
}

func TestLedgersNeverOverbook(t *testing.T) {
	t.Parallel()
	const seconds, daemons, workers, rounds = 400, 2, 3, 1500
	l := &log{}
	var group sync.WaitGroup
	all := make([]*daemon, daemons)
	var mu sync.Mutex
	admitted := 0
	for i := range all {
		core, ledger := newCore(t, shared())
		d := &daemon{core: core, ledger: ledger, log: l, late: make(chan []pathcomp.Booking, workers*rounds)}
		all[i] = d
		for w := range workers {
			group.Go(func() {
				n := d.work(t, rand.New(rand.NewPCG(uint64(i), uint64(w))), fmt.Sprintf("%d-%d", i, w), seconds, rounds)
				mu.Lock()
				admitted += n
				mu.Unlock()
			})
		}
	}
	group.Wait()
	over, busiest := l.overbooked(seconds)
	if over > 0 {
		t.Errorf("%d seconds are over-booked", over)
	}
	if busiest < 700 || admitted < rounds {
		t.Errorf("busiest second has %d kbit/s, %d admitted: too little to tell", busiest, admitted)
	}
	compareWithLog(t, l, all, seconds)
}

// work admits, aborts and gives back at random.
func (d *daemon) work(t *testing.T, r *rand.Rand, name string, seconds, rounds int) int {
	var mine []string
	admitted := 0
	for i := range rounds {
		if len(mine) > 0 && r.IntN(3) == 0 {
			k := r.IntN(len(mine))
			d.giveBack(mine[k])
			mine = slices.Delete(mine, k, k+1)
		}
		select {
		case written := <-d.late:
			d.ledger.Settle(written)
		default:
		}
		from := r.IntN(seconds - 1)
		demand := pathcomp.Demand{
			From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "z"},
			Kbps: [2]uint64{uint64(1 + r.IntN(300)), uint64(1 + r.IntN(300))}, Class: []string{"gold", "best"}[r.IntN(2)],
			BookingPermille: 1000, Window: window(from, from+1+r.IntN(seconds-from)),
		}
		a, refusal := d.core.Search(demand)
		if refusal != nil {
			continue
		}
		owner := fmt.Sprintf("%s-%d", name, i)
		fate := []string{"durable", "durable", "aborted", "unknown", "withdrawn", "late"}[r.IntN(6)]
		err := d.admit(owner, fate, a)
		if err != nil && !errors.Is(err, pathcomp.ErrNoRoom) {
			t.Error(err)
		}
		if err == nil && fate != "aborted" {
			admitted++
			mine = append(mine, owner)
		}
	}
	return admitted
}

// compareWithLog checks that each ledger, once it has caught up, and a new one
// that loads what is left, hold exactly what the log says.
func compareWithLog(t *testing.T, l *log, daemons []*daemon, seconds int) {
	t.Helper()
	_, fresh := newCore(t, shared())
	live := l.live()
	for _, b := range append(live, pathcomp.Booking{Seq: uint64(len(l.bookings))}) {
		if err := fresh.Load(b); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range daemons {
		for len(d.late) > 0 {
			d.ledger.Settle(<-d.late)
		}
		if err := d.ledger.CatchUp(l.since(d.ledger.Known())); err != nil {
			t.Fatal(err)
		}
		compareWithLive(t, d.ledger, live, seconds)
		if got := d.ledger.Known(); got != uint64(len(l.bookings)) {
			t.Errorf("booking %d is known, want %d", got, len(l.bookings))
		}
	}
	compareWithLive(t, fresh, live, seconds)
	if got := fresh.Known(); got != uint64(len(l.bookings)) {
		t.Errorf("new: booking %d is known, want %d", got, len(l.bookings))
	}
}

// compareWithLive checks all that a ledger tells against live bookings.
func compareWithLive(t rapid.TB, ledger *pathcomp.Ledger, live []pathcomp.Booking, seconds int) {
	t.Helper()
	total, gold := loads(live, seconds)
	until := clock().Add(time.Duration(seconds) * time.Second)
	for _, arc := range []topology.ArcName{"link:l<", "link:l>"} {
		for what, of := range map[string]struct {
			want []int64
			got  []pathcomp.Step
		}{
			"total": {total[arc], ledger.Profile(arc, clock(), until)},
			"gold":  {gold[arc], ledger.ClassProfile(arc, "gold", clock(), until)},
		} {
			want := steps(of.want)
			if slices.Equal(want, of.got) { // what follows is slow
				continue
			}
			if diff := cmp.Diff(want, of.got); diff != "" {
				t.Fatalf("%s of %s (-log +ledger):\n%s", what, arc, diff)
			}
		}
		var owners []string
		for _, b := range live {
			if b.Window.Until.After(clock()) && slices.ContainsFunc(b.Uses, func(u pathcomp.Use) bool { return u.Arc == arc }) {
				owners = append(owners, b.Owner)
			}
		}
		slices.Sort(owners)
		if want, got := slices.Compact(owners), ledger.OwnersOn(arc); !slices.Equal(want, got) {
			t.Fatalf("owners on %s: %v, want %v", arc, got, want)
		}
	}
	byOwner := map[string][]pathcomp.Booking{}
	for _, b := range live {
		byOwner[b.Owner] = append(byOwner[b.Owner], b)
	}
	for owner, want := range byOwner {
		if reflect.DeepEqual(want, ledger.Bookings(owner)) {
			continue
		}
		if diff := cmp.Diff(want, ledger.Bookings(owner), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("bookings of %s (-log +ledger):\n%s", owner, diff)
		}
	}
}

// steps is what a row of loads, one a second, is as a profile.
func steps(loads []int64) []pathcomp.Step {
	out := []pathcomp.Step{{From: clock()}}
	for s, kbps := range loads {
		switch last := &out[len(out)-1]; {
		case s == 0:
			last.Kbps = kbps
		case kbps != last.Kbps:
			out = append(out, pathcomp.Step{From: clock().Add(time.Duration(s) * time.Second), Kbps: kbps})
		}
	}
	return out
}

func TestReserveIsAllOrNothing(t *testing.T) {
	t.Parallel()
	_, ledger := newCore(t, square())
	a := pathcomp.Admission{Class: "gold", Window: window(0, 10), Uses: []pathcomp.Use{
		{Arc: "link:pe1-p1>", Kbps: 10}, {Arc: "link:pe1-p2>", Kbps: 2_000_000},
	}}
	if err := ledger.Reserve("one", a); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("got %v, want ErrNoRoom", err)
	}
	a.Uses[1].Arc = "link:nowhere>"
	if err := ledger.Reserve("one", a); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("unknown arc: got %v, want ErrNoRoom", err)
	}
	if got := ledger.Profile("link:pe1-p1>", clock(), clock().Add(time.Minute)); len(got) != 1 || got[0].Kbps != 0 {
		t.Errorf("something is reserved: %v", got)
	}
}

// TestReserveLooksUpWhatNumbersDoNotTell leaves the numbers of arcs out, and gives
// wrong ones.
func TestReserveLooksUpWhatNumbersDoNotTell(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, square())
	a, refusal := core.Search(demand(1000))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for i, numbers := range [][]int32{a.Arcs, nil, a.Arcs[:3], {-1, 1 << 30, a.Arcs[0]}, slices.Repeat(a.Arcs[:1], len(a.Arcs))} {
		a.Arcs = numbers
		owner := fmt.Sprint("s", i)
		if err := ledger.Reserve(owner, a); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a.Uses, ledger.Bookings(owner)[0].Uses); diff != "" {
			t.Errorf("numbers %v (-want +got):\n%s", numbers, diff)
		}
	}
	a.Uses = append(a.Uses, a.Uses[0])
	if err := ledger.Reserve("twice", a); !errors.Is(err, pathcomp.ErrNoRoom) {
		t.Errorf("an arc used twice: got %v, want ErrNoRoom", err)
	}
}

func TestCatchUpWantsEveryBooking(t *testing.T) {
	t.Parallel()
	_, ledger := newCore(t, shared())
	one := func(seq uint64) pathcomp.Booking {
		return pathcomp.Booking{
			Seq: seq, Owner: "s", Class: "gold", Window: window(0, 10), Uses: []pathcomp.Use{{Arc: "link:l>", Kbps: 10}},
		}
	}
	if err := ledger.CatchUp([]pathcomp.Booking{one(1), one(1), one(3)}); !errors.Is(err, pathcomp.ErrGap) {
		t.Errorf("got %v, want ErrGap", err)
	}
	if got := ledger.Known(); got != 1 {
		t.Errorf("known is %d, want 1", got)
	}
	// Pending entries stay, also the one that became durable unheard.
	unheard := pathcomp.Admission{Class: "best", Window: window(0, 10), Uses: []pathcomp.Use{{Arc: "link:l>", Kbps: 5}}}
	pends := pathcomp.Admission{Class: "best", Window: window(0, 10), Uses: []pathcomp.Use{{Arc: "link:l>", Kbps: 200}}}
	for owner, a := range map[string]pathcomp.Admission{"unheard": unheard, "pends": pends} {
		if err := ledger.Reserve(owner, a); err != nil {
			t.Fatal(err)
		}
	}
	landed := booking("unheard", unheard)
	landed.Seq = 6
	if err := ledger.Reload([]pathcomp.Booking{one(3), one(4), landed, one(7), {Seq: 9}}); err != nil {
		t.Fatal(err)
	}
	want := []pathcomp.Step{{From: clock(), Kbps: 235}, {From: clock().Add(10 * time.Second)}}
	if diff := cmp.Diff(want, ledger.Profile("link:l>", clock(), clock().Add(time.Minute))); diff != "" {
		t.Errorf("after reload (-want +got):\n%s", diff)
	}
	if got := ledger.Known(); got != 9 {
		t.Errorf("known is %d after reload, want 9", got)
	}
	ledger.Withdraw("pends")
	ledger.Withdraw("unheard")
	want[0].Kbps = 35
	if diff := cmp.Diff(want, ledger.Profile("link:l>", clock(), clock().Add(time.Minute))); diff != "" {
		t.Errorf("after what pends was withdrawn (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"s", "unheard"}, ledger.OwnersOn("link:l>")); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesWhatNoStoreKeeps(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]pathcomp.Booking{
		"arc twice":   {Seq: 1, Owner: "s", Uses: []pathcomp.Use{{Arc: "link:l>"}, {Arc: "link:l<"}, {Arc: "link:l>"}}},
		"a release":   {Seq: 1, Owner: "s", Release: true, Variant: 1},
		"any variant": {Seq: 1, Owner: "s", Variant: pathcomp.EveryVariant},
		"its own end": {Seq: 1, Owner: "s", Replaces: "s", Uses: []pathcomp.Use{{Arc: "link:l>"}}},
	} {
		_, ledger := newCore(t, shared())
		if err := ledger.Load(b); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestPendingTakesRoomUntilWithdrawn(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, shared())
	d := pathcomp.Demand{
		From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "z"}, Kbps: [2]uint64{500, 500},
		Class: "gold", BookingPermille: 1000, Window: window(0, 10),
	}
	a, refusal := core.Search(d)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("one", a); err != nil {
		t.Fatal(err)
	}
	if _, refusal = core.Search(d); refusal == nil || refusal.Cause != pathcomp.Bandwidth {
		t.Errorf("beside a pending entry: %v, want bandwidth", refusal)
	}
	d.Class, d.Kbps = "best", [2]uint64{300, 300}
	if _, refusal = core.Search(d); refusal != nil {
		t.Errorf("another class beside a pending entry: %v", refusal)
	}
	d.Kbps = [2]uint64{301, 301}
	if _, refusal = core.Search(d); refusal == nil {
		t.Error("the sum over classes was passed")
	}
	ledger.Withdraw("one")
	if _, refusal = core.Search(d); refusal != nil {
		t.Errorf("after it was withdrawn: %v", refusal)
	}
}
