// SPDX-License-Identifier: Apache-2.0

package order

import (
	"time"

	"github.com/s2cd/s2cd/session"
)

// Warning is what is told once before a hold ends, unless it was spent by then.
type Warning struct {
	At         time.Time // when it is due, before the hold's end
	Offers     []string  // ids of what is held
	Sink       session.Sink
	Correlator string // of the request that the offers answered
}

// Expiring is a hold that is about to end. What tells of it is worth nothing
// from its end on.
type Expiring struct {
	Hold   string
	Offers []string // ids
	Until  time.Time
}

// warning says what is told to the sink of an inquiry before what is held for it
// ends; nil: nothing is.
func (a *assessment) warning(caller Caller, q Inquiry) *Warning {
	if q.Warn == nil {
		return nil
	}
	before := min(a.d.Catalogue.WarnBefore, a.promise.Until.Sub(a.now)/2)
	w := &Warning{At: a.promise.Until.Add(-before), Sink: *q.Warn, Correlator: caller.Correlator}
	for _, o := range a.answer.Offers {
		if !o.HeldUntil.IsZero() {
			w.Offers = append(w.Offers, o.ID)
		}
	}
	return w
}
