// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
)

// mostTries is how often an order is searched again when another has taken the
// room in between.
const mostTries = 5

// Admitting says what is admitted and how.
type Admitting struct {
	Store  order.Store
	Ledger order.Ledger
	// Find returns the path for order number i; false: there is none.
	Find    func(i int) (pathcomp.Admission, bool)
	First   int           // number of the first order
	Most    int           // orders after which it ends; 0: any number
	Callers int           // at the same time, at least 1
	About   time.Duration // how long
	Clock   func() time.Time
}

// Admissions is what came of it.
type Admissions struct {
	Asked     int // orders, from the first on
	Admitted  int
	Refused   int
	Conflicts int // searched again
	Took      time.Duration
}

// Run admits orders from all callers. The error is the first that no caller of a
// store should see; then the rest is not asked any more.
func (a *Admitting) Run(ctx context.Context) (Admissions, error) {
	r := run{Admitting: a, until: a.Clock().Add(a.About)}
	start := a.Clock()
	var group sync.WaitGroup
	faults := make([]error, a.Callers)
	for i := range a.Callers {
		group.Go(func() {
			if faults[i] = r.call(ctx); faults[i] != nil {
				r.failed.Store(true)
			}
		})
	}
	group.Wait()
	out := Admissions{
		Admitted: int(r.admitted.Load()), Refused: int(r.refused.Load()), Conflicts: int(r.conflicts.Load()),
		Took: a.Clock().Sub(start),
	}
	out.Asked = out.Admitted + out.Refused
	return out, errors.Join(faults...)
}

// run is what callers share.
type run struct {
	*Admitting
	until                              time.Time
	next, admitted, refused, conflicts atomic.Int64
	failed                             atomic.Bool
}

func (r *run) call(ctx context.Context) error {
	for !r.failed.Load() {
		i := int(r.next.Add(1) - 1)
		if r.Most > 0 && i >= r.Most || i >= r.Callers && !r.Clock().Before(r.until) {
			return nil
		}
		if err := r.admit(ctx, r.First+i); err != nil {
			return err
		}
	}
	return nil
}

// admit takes one order to its end.
func (r *run) admit(ctx context.Context, i int) error {
	for range mostTries {
		route, ok := r.Find(i)
		if !ok {
			break
		}
		results, err := r.Store.AdmitBatch(ctx, []order.Admission{WithRoute(Order(i), route)}, r.Ledger)
		if err != nil {
			return err
		}
		switch err := results[0].Err; {
		case err == nil:
			r.admitted.Add(1)
			return nil
		case errors.Is(err, order.ErrConflict):
			r.conflicts.Add(1)
		default:
			return err
		}
	}
	r.refused.Add(1)
	return nil
}
