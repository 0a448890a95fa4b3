// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Result is what one phase came to.
type Result struct {
	Phase    string         `json:"phase"`
	Asked    int            `json:"rateAsked"`    // a second
	Achieved float64        `json:"rateAchieved"` // answers a second, from the first arrival to the last answer
	Calls    int            `json:"calls"`
	P50      Millis         `json:"p50Ms"`
	P90      Millis         `json:"p90Ms"`
	P99      Millis         `json:"p99Ms"`
	P999     Millis         `json:"p999Ms"`
	Max      Millis         `json:"maxMs"`
	Limit    Millis         `json:"limitP99Ms"`
	Statuses map[string]int `json:"statuses"` // "none": no answer
	Wrong    int            `json:"wrong"`    // answers that were not what was wanted
	First    string         `json:"firstWrong,omitempty"`
	CPU      CPU            `json:"cpu"`
	Sessions map[string]int `json:"sessionsByPhase"` // at the end
}

// Millis is a duration as people compare it, in ms with three digits.
type Millis time.Duration

// MarshalJSON implements json.Marshaler.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(m).Seconds()*1000, 'f', 3, 64), nil
}

// result sums a run up.
func (r *run) result(phase string, rate int, limit time.Duration) Result {
	out := Result{Phase: phase, Asked: rate, Calls: len(r.calls), Limit: Millis(limit), Statuses: map[string]int{}}
	for i, c := range r.calls {
		a := r.answers[i]
		said := strconv.Itoa(a.status) + " " + string(a.body)
		if r.errs[i] != nil {
			out.Statuses["none"]++
			said = r.errs[i].Error()
		} else {
			out.Statuses[strconv.Itoa(a.status)]++
		}
		if r.errs[i] == nil && a.status == c.want {
			continue
		}
		if out.Wrong++; out.First == "" {
			out.First = fmt.Sprintf("%s %s %s: %s", c.method, c.path, c.body, said)
		}
	}
	out.Achieved = float64(len(r.calls)) / r.lasted.Seconds()
	took := slices.Sorted(slices.Values(r.took))
	out.P50, out.P90, out.P99, out.P999, out.Max = quantile(took, 500), quantile(took, 900), quantile(took, 990), quantile(took, 999), quantile(took, 1000)
	return out
}

// quantile returns the smallest value that at least so many of 1000 do not
// exceed: one that was measured, not an estimate.
func quantile(sorted []time.Duration, permille int) Millis {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*permille + 999) / 1000
	return Millis(sorted[max(rank, 1)-1])
}
