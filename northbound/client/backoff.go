// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// Backoff is how a request is repeated: after a pause that doubles from First to
// Most, of which up to a half is left to chance, and never before the time that
// the provider asks for. A request that would have to wait longer than Most is
// not repeated.
type Backoff struct {
	Tries int           // in all, 5 by default; 1 repeats nothing
	First time.Duration // 250 ms by default
	Most  time.Duration // 30 s by default
}

func (b Backoff) complete() Backoff {
	return Backoff{
		Tries: cmp.Or(max(b.Tries, 0), 5),
		First: cmp.Or(max(b.First, 0), 250*time.Millisecond),
		Most:  cmp.Or(max(b.Most, 0), 30*time.Second),
	}
}

// pause is the time before try number done+1, at least 1.
func (b Backoff) pause(done int, err error) time.Duration {
	d := b.First
	for range done - 1 {
		if d = min(2*d, b.Most); d == b.Most {
			break
		}
	}
	d -= rand.N(d/2 + 1) //nolint:gosec // spreads load, guards nothing
	var e *Error
	if errors.As(err, &e) {
		d = max(d, e.RetryAfter)
	}
	return d
}

// repetition says what a second request may do that meets the first one's outcome.
type repetition int

const (
	once       repetition = iota // another effect: repeated only if the first one had none
	repeatable                   // the same: read only, or known by its key
)

// cause is what a failed try tells of its outcome.
type cause int

const (
	final         cause = iota // it will fail again
	refusedForNow              // nothing was done, and later it may be
	unsent                     // it never got there
	unknown                    // it may have been done
)

// again reports whether a request that failed with err is worth repeating and
// safe to repeat.
func (r repetition) again(err error) bool {
	switch causeOf(err) {
	case refusedForNow, unsent:
		return true
	case unknown:
		return r == repeatable
	case final:
	}
	return false
}

// causeOf sorts what a try failed with.
func causeOf(err error) cause {
	var e *Error
	var issuer *oauth2.RetrieveError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var anyNet net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &certificate):
		return final
	case errors.As(err, &e):
		return causeOfStatus(e.Status, e.Code)
	case errors.Is(err, errToken) && errors.As(err, &issuer):
		return min(causeOfStatus(issuer.Response.StatusCode, ""), unsent)
	case errors.Is(err, errToken) && errors.As(err, &anyNet): // the token comes before the request
		return unsent
	case errors.As(err, &op) && op.Op == "dial":
		return unsent
	case errors.Is(err, errLost), errors.As(err, &anyNet): // *url.Error is one, whatever it wraps
		return unknown
	}
	return final
}

// causeOfStatus sorts an answer. A quota is not filled up by waiting.
func causeOfStatus(status int, code string) cause {
	switch status {
	case http.StatusTooManyRequests:
		if code == "QUOTA_EXCEEDED" {
			return final
		}
		return refusedForNow
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return unknown
	}
	return final
}

// sleep waits for d; it says false at once where ctx would end before.
func sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
