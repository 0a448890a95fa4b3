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
	Keep    int           // held at most, all workers together; the oldest is given back
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
	Held                   int     `json:"held"`
	OverbookedLinkSeconds  int64   `json:"overbookedLinkSeconds"` // of what is held at the end
}

// Run searches, reserves and settles one demand after another and gives the
// oldest back once enough are held. In the end all is given back.
func (a *Admitting) Run() (Admissions, error) {
	r := admitting{Admitting: a, until: a.Clocks.Wall().Add(a.About), seq: a.Ledger.Known()}
	start, cpu := a.Clocks.Wall(), a.Clocks.CPU()
	workers := make([]admitter, a.Workers)
	var group sync.WaitGroup
	for i := range workers {
		workers[i].admitting = &r
		group.Go(workers[i].run)
	}
	group.Wait()
	took, used := a.Clocks.Wall().Sub(start), a.Clocks.CPU()-cpu
	out, sweep := Admissions{Workers: a.Workers}, Sweep{}
	var faults []error
	for i := range workers {
		w := &workers[i]
		out.Admitted, out.Refused, out.Conflicts = out.Admitted+w.admitted, out.Refused+w.refused, out.Conflicts+w.conflicts
		out.Held += len(w.held)
		faults = append(faults, w.fault)
		for _, b := range w.held {
			sweep.Add(b.Class, b.Window, b.Uses)
		}
	}
	out.OverbookedLinkSeconds = sweep.Overbooked(a.Traffic.Network)
	out.AdmissionsPerSecond = float64(out.Admitted) / max(took.Seconds(), 1e-9)
	out.AdmissionsPerCPUSecond = float64(out.Admitted) / max(used.Seconds(), 1e-9)
	for i := range workers {
		workers[i].release(0)
	}
	return out, errors.Join(faults...)
}

// admitting is what workers share.
type admitting struct {
	*Admitting
	until  time.Time
	next   atomic.Int64 // demand
	settle sync.Mutex   // guards seq: bookings are settled in the order of their numbers
	seq    uint64
}

// admitter is one worker.
type admitter struct {
	*admitting
	held                         []pathcomp.Booking
	admitted, refused, conflicts int
	fault                        error
}

func (w *admitter) run() {
	for w.fault == nil {
		i := int(w.next.Add(1) - 1)
		if w.Most > 0 && i >= w.Most || i >= w.Workers && !w.Clocks.Wall().Before(w.until) {
			return
		}
		w.fault = w.admit(strconv.Itoa(i), w.Traffic.Demand(i))
		w.release(max(1, w.Keep/w.Workers))
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
		w.admitted++
		return nil
	}
	w.refused++
	return nil
}

func (w *admitter) find(d pathcomp.Demand) (pathcomp.Admission, bool) {
	a, refusal := w.Search(d)
	return a, refusal == nil
}

// release gives the oldest back until so many are held.
func (w *admitter) release(most int) {
	for len(w.held) > most {
		w.book(pathcomp.Booking{Owner: w.held[0].Owner, Release: true, Variant: pathcomp.EveryVariant})
		w.held = w.held[1:]
	}
}

// book makes a booking the next of the log.
func (w *admitter) book(b pathcomp.Booking) {
	w.settle.Lock()
	defer w.settle.Unlock()
	w.seq++
	b.Seq = w.seq
	w.Ledger.Settle([]pathcomp.Booking{b})
}

// ProcessTime returns what the whole process has used of processors.
func ProcessTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("CPU time: " + err.Error()) // every Linux tells
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
