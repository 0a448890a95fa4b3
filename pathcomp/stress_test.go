// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
)

// What goes on: all by the count of the customers' operations.
const (
	customers     = 8
	betweenAudits = 2000
	aSecond       = 4 // of the clock that all see
	aChange       = 100
	aRead         = 25

	fewestOfAnyKind = 50
)

// trial is a core that customers, the network and readers use at once.
type trial struct {
	core   *pathcomp.Core
	ledger *pathcomp.Ledger
	record record
	late   chan pathcomp.Booking
	time   atomic.Int64 // operations begun
	pace   [2]chan struct{}
}

// paces of the goroutines that are no customers.
const (
	changes = iota
	reads
)

func (t *trial) now() time.Time { return at(t.time.Load() / aSecond) }

// deliver has the ledger catch up with the log.
func (t *trial) deliver() error { return t.ledger.CatchUp(t.record.since(t.ledger.Known())) }

// TestNeverOverbooked has goroutines admit, extend, shift, change, hold, spend,
// abort and release on one ledger, while the network changes under them and
// others read. Whenever all are quiet, what a store would have is summed up by
// code that the calendars do not share.
//
// S2CD_STRESS_OPERATIONS says how many operations, if not 100,000.
func TestNeverOverbooked(t *testing.T) {
	t.Parallel()
	operations := 100_000
	if text := os.Getenv("S2CD_STRESS_OPERATIONS"); text != "" {
		var err error
		if operations, err = strconv.Atoi(text); err != nil {
			t.Fatalf("S2CD_STRESS_OPERATIONS: %v", err)
		}
	}
	x, n := newTrial(t)
	all := make([]*customer, customers)
	for i := range all {
		all[i] = &customer{
			trial: x, name: strconv.Itoa(i), random: rand.New(rand.NewPCG(3, uint64(i))), counts: map[string]int{},
		}
	}
	a := auditor{trial: x, network: n, counts: map[string]int{}}
	begin := time.Now()
	for done := 0; done < operations && !t.Failed(); done += betweenAudits {
		x.round(t, n, all, uint64(done))
		for _, c := range all {
			if err := c.repair(); err != nil {
				t.Fatal(err)
			}
		}
		a.audit(t)
		n.reset()
	}
	took := time.Since(begin)
	for _, c := range all {
		for what, count := range c.counts {
			a.counts[what] += count
		}
	}
	t.Logf("%d operations, %.0f/s: %v", x.time.Load(), float64(x.time.Load())/took.Seconds(), a.counts)
	for _, what := range []string{
		"ordered", "extended", "shifted", "changed", "moved", "held", "spent", "let go", "released", "aborted",
		"no room", "stale", "refused: bandwidth", "repaired", "full seconds", "excesses",
	} {
		if a.counts[what] < fewestOfAnyKind {
			t.Errorf("%s %d times: too little to tell", what, a.counts[what])
		}
	}
}

func newTrial(t *testing.T) (*trial, *changing) {
	t.Helper()
	x := &trial{record: record{live: map[string][]pathcomp.Booking{}}, late: make(chan pathcomp.Booking, customers)}
	n := newChanging(rand.New(rand.NewPCG(1, 1)))
	x.ledger = pathcomp.NewLedger(x.now)
	var err error
	if x.core, err = pathcomp.NewCore(n.clone(), x.ledger, x.now); err != nil {
		t.Fatal(err)
	}
	return x, n
}

// round ends when all have done their share.
func (t *trial) round(tb testing.TB, n *changing, all []*customer, seed uint64) {
	var busy, beside sync.WaitGroup
	for i := range t.pace {
		t.pace[i] = make(chan struct{})
	}
	on := func(pace int, operate func() error) {
		beside.Go(func() {
			for range t.pace[pace] {
				if err := operate(); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	on(changes, func() error {
		if n.random.IntN(20) == 0 {
			return t.reload()
		}
		return n.change(t.core)
	})
	for i := range 2 {
		r := reader{trial: t, arcs: n.arcs, random: rand.New(rand.NewPCG(seed, uint64(i)))}
		on(reads, r.read)
	}
	for _, c := range all {
		busy.Go(func() {
			for range betweenAudits / customers {
				if err := c.operate(); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	busy.Wait()
	for i := range t.pace {
		close(t.pace[i])
	}
	beside.Wait()
}

// tick begins an operation and says when others do something.
func (t *trial) tick() {
	n := t.time.Add(1)
	if n%aChange == 0 {
		t.pace[changes] <- struct{}{}
	}
	if n%aRead == 0 {
		t.pace[reads] <- struct{}{}
	}
}

// reload loads the ledger anew, as one that has missed too much.
func (t *trial) reload() error {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return t.ledger.Reload(t.record.all())
}

// auditor looks at everything while all are quiet.
type auditor struct {
	*trial
	network *changing
	loads   map[string][]stretch // at the last audit
	counts  map[string]int
}

func (a *auditor) audit(t *testing.T) {
	t.Helper()
	if err := a.deliver(); err != nil {
		t.Fatal(err)
	}
	a.record.tail = nil
	for len(a.late) > 0 {
		<-a.late
	}
	now := offset(a.now())
	items := a.record.items(now)
	loads := stretches(items)
	// What was sold before a capacity was lowered is no over-booking; a second
	// that has more than that, and more than the most that it might, is.
	if over := audit.Overbooked(append(items, beyond(a.loads, a.network.ceilings)...), a.network.ceilings); over > 0 {
		t.Errorf("%d link-seconds are over-booked", over)
	}
	a.loads = loads
	limits := a.network.limits()
	want := excesses(loads, limits, a.network.arcs)
	if diff := cmp.Diff(want, a.ledger.Excesses()); diff != "" {
		t.Errorf("excesses (-record +ledger):\n%s", diff)
	}
	a.counts["excesses"] += len(want)
	for name, list := range loads {
		for _, s := range list {
			if s.kbps > limits[name].Total*9/10 {
				a.counts["full seconds"] += int(s.until - s.from)
			}
		}
	}
	a.compare(t, now)
}

// compare looks whether the ledger, and one that is new, say what the record says.
func (a *auditor) compare(t *testing.T, now int64) {
	t.Helper()
	fresh := pathcomp.NewLedger(a.now)
	if _, err := pathcomp.NewCore(a.network.clone(), fresh, a.now); err != nil {
		t.Fatal(err)
	}
	owners := map[string][]string{}
	for _, b := range a.record.all() {
		if err := fresh.Load(b); err != nil {
			t.Fatal(err)
		}
		for _, u := range b.Uses {
			if offset(b.Window.Until) > now {
				owners[string(u.Arc)] = append(owners[string(u.Arc)], b.Owner)
			}
		}
	}
	for what, l := range map[string]*pathcomp.Ledger{"ledger": a.ledger, "new": fresh} {
		for _, arc := range a.network.arcs {
			got := map[string][]pathcomp.Step{
				of(arc, ""):     l.Profile(arc, at(now), at(now+1<<20)),
				of(arc, "gold"): l.ClassProfile(arc, "gold", at(now), at(now+1<<20)),
				of(arc, "best"): l.ClassProfile(arc, "best", at(now), at(now+1<<20)),
			}
			for name, steps := range got {
				if want := profileOf(a.loads[name], now); !slices.EqualFunc(want, steps, sameStep) {
					t.Errorf("%s, %s (-record +ledger):\n%s", what, name, cmp.Diff(want, steps))
				}
			}
			want := slices.Sorted(slices.Values(owners[string(arc)]))
			if got := l.OwnersOn(arc); !slices.Equal(slices.Compact(want), got) {
				t.Errorf("%s: owners on %s are %v, want %v", what, arc, got, want)
			}
		}
		if l.Known() != a.record.newest {
			t.Errorf("%s knows booking %d, want %d", what, l.Known(), a.record.newest)
		}
	}
	if diff := cmp.Diff(fresh.Excesses(), a.ledger.Excesses()); diff != "" {
		t.Errorf("excesses (-new +ledger):\n%s", diff)
	}
}

func sameStep(x, y pathcomp.Step) bool { return x.From.Equal(y.From) && x.Kbps == y.Kbps }
