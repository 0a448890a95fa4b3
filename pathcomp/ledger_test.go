// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// log is what a store keeps: each arc's changes, in order of version. Its lock
// is that of the arcs' rows.
type log struct {
	mu      sync.Mutex
	changes map[topology.ArcName][]pathcomp.Change
}

// since returns the changes of arc after version.
func (l *log) since(arc topology.ArcName, version uint64) []pathcomp.Change {
	return l.changes[arc][version:]
}

// write appends a change for each use and returns them with their versions.
func (l *log) write(owner string, a pathcomp.Admission, sign int64) []pathcomp.Change {
	out := make([]pathcomp.Change, 0, len(a.Uses))
	for _, u := range a.Uses {
		c := pathcomp.Change{
			Arc: u.Arc, Version: uint64(len(l.changes[u.Arc]) + 1), Owner: owner,
			Class: a.Class, Kbps: sign * int64(u.Kbps), Window: a.Window,
		}
		l.changes[u.Arc] = append(l.changes[u.Arc], c)
		out = append(out, c)
	}
	return out
}

// overbooked sums, second by second, all that is in the log and returns the
// seconds in which an arc has more than its limits, and the busiest second.
func (l *log) overbooked(seconds int) (over int, busiest int64) {
	for _, changes := range l.changes {
		total := make([]int64, seconds)
		gold := make([]int64, seconds)
		for _, c := range changes {
			first, last := int(c.Window.From.Sub(clock()).Seconds()), int(c.Window.Until.Sub(clock()).Seconds())
			for s := first; s < last; s++ {
				total[s] += c.Kbps
				if c.Class == "gold" {
					gold[s] += c.Kbps
				}
			}
		}
		for s := range total {
			if total[s] > 800 || gold[s] > 500 || total[s] < 0 || gold[s] < 0 {
				over++
			}
			busiest = max(busiest, total[s])
		}
	}
	return over, busiest
}

// daemon is one ledger on a log that others share.
type daemon struct {
	core   *pathcomp.Core
	ledger *pathcomp.Ledger
	log    *log
	late   chan []pathcomp.Change // committed, to be settled by somebody, later
}

// admit goes through what a store does for one admission. fate: "durable",
// "aborted", "unknown" (durable, and withdrawn without being settled) or "late"
// (durable, and settled after others have gone on).
func (d *daemon) admit(owner, fate string, a pathcomp.Admission) error {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	for _, u := range a.Uses {
		if err := d.ledger.CatchUp(d.log.since(u.Arc, d.ledger.Known(u.Arc))); err != nil {
			return err
		}
	}
	if err := d.ledger.Reserve(owner, a); err != nil {
		return err
	}
	if fate == "aborted" {
		d.ledger.Withdraw(owner)
		return nil
	}
	changes := d.log.write(owner, a, 1)
	switch fate {
	case "durable":
		d.ledger.Settle(changes)
	case "late":
		d.late <- changes
	case "unknown":
		d.ledger.Withdraw(owner)
	}
	return nil
}

// giveBack returns what an admission has taken.
func (d *daemon) giveBack(owner string, a pathcomp.Admission) {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	d.ledger.Settle(d.log.write(owner, a, -1))
}

func TestLedgersNeverOverbook(t *testing.T) {
	t.Parallel()
	const seconds, daemons, workers, rounds = 400, 2, 3, 1500
	l := &log{changes: map[topology.ArcName][]pathcomp.Change{}}
	var group sync.WaitGroup
	all := make([]*daemon, daemons)
	var mu sync.Mutex
	admitted := 0
	for i := range all {
		core, ledger := newCore(t, shared())
		d := &daemon{core: core, ledger: ledger, log: l, late: make(chan []pathcomp.Change, workers*rounds)}
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
	type held struct {
		owner string
		a     pathcomp.Admission
	}
	var mine []held
	admitted := 0
	for i := range rounds {
		if len(mine) > 0 && r.IntN(3) == 0 {
			k := r.IntN(len(mine))
			d.giveBack(mine[k].owner, mine[k].a)
			mine = slices.Delete(mine, k, k+1)
		}
		select {
		case changes := <-d.late:
			d.ledger.Settle(changes)
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
		fate := []string{"durable", "durable", "aborted", "unknown", "late"}[r.IntN(5)]
		err := d.admit(owner, fate, a)
		if err != nil && !errors.Is(err, pathcomp.ErrNoRoom) {
			t.Error(err)
		}
		if err == nil && fate != "aborted" {
			admitted++
			mine = append(mine, held{owner, a})
		}
	}
	return admitted
}

// compareWithLog checks that each ledger, once it has caught up, and a new one
// that loads what is left, hold exactly what the log says.
func compareWithLog(t *testing.T, l *log, daemons []*daemon, seconds int) {
	t.Helper()
	_, fresh := newCore(t, shared())
	until := clock().Add(time.Duration(seconds) * time.Second)
	for arc, changes := range l.changes {
		for _, c := range changes {
			c.Version = uint64(len(changes))
			if err := fresh.Load(c); err != nil {
				t.Fatal(err)
			}
		}
		want := fresh.Profile(arc, clock(), until)
		for i, d := range daemons {
			for len(d.late) > 0 {
				d.ledger.Settle(<-d.late)
			}
			if err := d.ledger.CatchUp(l.since(arc, d.ledger.Known(arc))); err != nil {
				t.Fatal(err)
			}
			if got := d.ledger.Known(arc); got != uint64(len(changes)) {
				t.Errorf("daemon %d knows version %d of %s, want %d", i, got, arc, len(changes))
			}
			if diff := cmp.Diff(want, d.ledger.Profile(arc, clock(), until)); diff != "" {
				t.Errorf("daemon %d, %s (-log +ledger):\n%s", i, arc, diff)
			}
		}
	}
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

func TestCatchUpWantsEveryVersion(t *testing.T) {
	t.Parallel()
	_, ledger := newCore(t, shared())
	change := func(version uint64) pathcomp.Change {
		return pathcomp.Change{Arc: "link:l>", Version: version, Owner: "s", Class: "gold", Kbps: 10, Window: window(0, 10)}
	}
	if err := ledger.CatchUp([]pathcomp.Change{change(1), change(1), change(3)}); !errors.Is(err, pathcomp.ErrGap) {
		t.Errorf("got %v, want ErrGap", err)
	}
	if got := ledger.Known("link:l>"); got != 1 {
		t.Errorf("known is %d, want 1", got)
	}
	ledger.Reload("link:l>", 9, []pathcomp.Change{change(9), change(9), change(9)})
	want := []pathcomp.Step{{From: clock(), Kbps: 30}, {From: clock().Add(10 * time.Second)}}
	if diff := cmp.Diff(want, ledger.Profile("link:l>", clock(), clock().Add(time.Minute))); diff != "" {
		t.Errorf("after reload (-want +got):\n%s", diff)
	}
	if got := ledger.Known("link:l>"); got != 9 {
		t.Errorf("known is %d after reload, want 9", got)
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
