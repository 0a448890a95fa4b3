// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/pathcomp"
)

// mostTries is how often a demand is searched again when another has taken the
// room in between.
const mostTries = 5

// Admitting says what is admitted in memory and how.
type Admitting struct {
	Search  Search
	Ledger  *pathcomp.Ledger // that Search looks at
	Traffic *Traffic
	Workers int           // at least 1
	About   time.Duration // how long
	Most    int           // demands after which it ends all the same; 0: any
	Keep    int           // held at most, at least 1; then all is given back
	Clocks  Clocks        // CPU of the whole process
}

// Admissions is what came of it.
type Admissions struct {
	Workers                int     `json:"workers"`
	Admitted               int     `json:"admitted"`
	Refused                int     `json:"refused"`
	Conflicts              int     `json:"conflicts"` // searched again
	AdmissionsPerSecond    float64 `json:"admissionsPerSecond"`
	AdmissionsPerCPUSecond float64 `json:"admissionsPerCpuSecond"`
	Held                   int     `json:"held"`                  // at the end
	OverbookedLinkSeconds  int64   `json:"overbookedLinkSeconds"` // of all that was held at the same time
}

// Run searches, reserves and settles one demand after another. When enough are
// held, and at the end, it stops the clocks, sweeps what is held for what is
// over-booked, and gives it back.
func (a *Admitting) Run() (Admissions, error) {
	r := admitting{Admitting: a, seq: a.Ledger.Known(), workers: make([]admitter, a.Workers)}
	for i := range r.workers {
		r.workers[i].admitting = &r
	}
	for again := true; again; {
		r.round()
		again = r.took < a.About && (a.Most == 0 || int(r.next.Load()) < a.Most) && r.fault() == nil
	}
	r.out.Workers = a.Workers
	r.out.AdmissionsPerSecond = float64(r.out.Admitted) / max(r.took.Seconds(), 1e-9)
	r.out.AdmissionsPerCPUSecond = float64(r.out.Admitted) / max(r.used.Seconds(), 1e-9)
	return r.out, r.fault()
}

// admitting is what workers share.
type admitting struct {
	*Admitting
	workers    []admitter
	out        Admissions
	took, used time.Duration // on the wall, and of processors

	until  time.Time // end of the round
	next   atomic.Int64
	held   atomic.Int64
	settle sync.Mutex // guards seq: bookings are settled in the order of their numbers
	seq    uint64
}

// round admits until enough are held or the time is up.
func (r *admitting) round() {
	start, cpu := r.Clocks.Wall(), r.Clocks.CPU()
	r.until = start.Add(r.About - r.took)
	var group sync.WaitGroup
	for i := range r.workers {
		group.Go(r.workers[i].run)
	}
	group.Wait()
	r.took, r.used = r.took+r.Clocks.Wall().Sub(start), r.used+r.Clocks.CPU()-cpu
	var sweep Sweep
	r.out.Held = int(r.held.Swap(0))
	for i := range r.workers {
		w := &r.workers[i]
		r.out.Admitted, r.out.Refused, r.out.Conflicts = r.out.Admitted+len(w.held), r.out.Refused+w.refused, r.out.Conflicts+w.conflicts
		for _, b := range w.held {
			sweep.Add(b.Class, b.Window, b.Uses)
			r.book(pathcomp.Booking{Owner: b.Owner, Release: true, Variant: pathcomp.EveryVariant})
		}
		w.held, w.refused, w.conflicts = w.held[:0], 0, 0
	}
	r.out.OverbookedLinkSeconds += sweep.Overbooked(r.Traffic.Network)
}

func (r *admitting) fault() error {
	faults := make([]error, len(r.workers))
	for i := range r.workers {
		faults[i] = r.workers[i].fault
	}
	return errors.Join(faults...)
}

// book makes a booking the next of the log.
func (r *admitting) book(b pathcomp.Booking) {
	r.settle.Lock()
	defer r.settle.Unlock()
	r.seq++
	b.Seq = r.seq
	r.Ledger.Settle([]pathcomp.Booking{b})
}

// admitter is one worker, in a round.
type admitter struct {
	*admitting
	held               []pathcomp.Booking
	refused, conflicts int
	fault              error
}

// run takes one demand at least.
func (w *admitter) run() {
	for w.fault == nil {
		i := int(w.next.Add(1) - 1)
		if w.Most > 0 && i >= w.Most {
			return
		}
		w.fault = w.admit(strconv.Itoa(i), w.Traffic.Demand(i))
		if int(w.admitting.held.Load()) >= w.Keep || !w.Clocks.Wall().Before(w.until) {
			return
		}
	}
}

// admit takes one demand to its end. The error is none of those that a search
// again can mend.
func (w *admitter) admit(owner string, d pathcomp.Demand) error {
	for range mostTries {
		a, ok := w.find(d)
		if !ok {
			break
		}
		switch err := w.Ledger.Reserve(owner, a); {
		case errors.Is(err, pathcomp.ErrNoRoom):
			w.conflicts++
			continue
		case err != nil:
			return err
		}
		b := pathcomp.Booking{Owner: owner, Class: a.Class, Window: a.Window, Uses: a.Uses}
		w.book(b)
		w.held = append(w.held, b)
		w.admitting.held.Add(1)
		return nil
	}
	w.refused++
	return nil
}

func (w *admitter) find(d pathcomp.Demand) (pathcomp.Admission, bool) {
	a, refusal := w.Search(d)
	return a, refusal == nil
}

// ProcessTime returns what the whole process has used of processors.
func ProcessTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("CPU time: " + err.Error()) // every Linux tells
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
