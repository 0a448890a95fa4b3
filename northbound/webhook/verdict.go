// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"net/http"
	"strconv"
	"time"

	"github.com/s2cd/s2cd/order"
)

// kind says what becomes of the head of a stream.
type kind int

const (
	delivered kind = iota
	retry
	putBack // not tried, the host has no free place
	giveUp
)

// String names the kind in metrics.
func (k kind) String() string {
	return [...]string{delivered: "delivered", retry: "retry", putBack: "postponed", giveUp: "given up"}[k]
}

// verdict is the outcome of one try.
type verdict struct {
	kind   kind
	reason string
	at     time.Time // with retry and putBack
	final  bool      // with giveUp: no later event will be taken either
}

// failed decides after a try that did not succeed: again later, or never.
// after is the Retry-After of the answer, zero without one; what is longer than
// Config.MaxRetry would leave too few tries.
func (w *Worker) failed(s order.Stream, reason string, after time.Duration) verdict {
	now := w.cfg.Now()
	since := s.Since
	if since.IsZero() {
		since = now
	}
	end := since.Add(w.cfg.GiveUpAfter)
	if !now.Before(end) {
		return verdict{kind: giveUp, reason: "not delivered for " + w.cfg.GiveUpAfter.String() + ", at last: " + reason}
	}
	at := now.Add(max(min(after, w.cfg.MaxRetry), w.backoff(now.Sub(since))))
	if at.After(end) {
		at = end // one last try
	}
	return verdict{kind: retry, reason: reason, at: at}
}

// inTime gives up what would be tried again when the hold that it tells of has
// ended.
func inTime(s order.Stream, v verdict) verdict {
	if s.Expiring == nil || v.kind != retry && v.kind != putBack || v.at.Before(s.Expiring.Until) {
		return v
	}
	reason := "not told before the hold's end"
	if v.reason != "" {
		reason += ", at last: " + v.reason
	}
	return verdict{kind: giveUp, reason: reason, final: true}
}

// backoff grows with the time that was spent trying, which doubles it at every
// try, and strays by half to either side so that many streams spread.
func (w *Worker) backoff(spent time.Duration) time.Duration {
	base := min(max(spent, w.cfg.MinBackoff), w.cfg.MaxBackoff)
	return time.Duration(float64(base) * (0.5 + w.cfg.Random()))
}

// retryAfter reads the header in both forms of RFC 9110 section 10.2.3.
func retryAfter(h http.Header, now time.Time) time.Duration {
	raw := h.Get("Retry-After")
	if n, err := strconv.ParseUint(raw, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(raw); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
