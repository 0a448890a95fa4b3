// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/s2cd/s2cd/session"
)

// limiter keeps a token bucket for each customer: it fills with the customer's
// rate of requests, and holds what a second brings. Customers are few, therefore
// nothing is ever forgotten.
type limiter struct {
	rate func(session.TenantID) int // requests a second; 0: any number
	now  func() time.Time

	mu      sync.Mutex // guards buckets
	buckets map[session.TenantID]bucket
}

// bucket is what a customer had left at a time.
type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(rate func(session.TenantID) int, now func() time.Time) *limiter {
	return &limiter{rate: rate, now: now, buckets: map[session.TenantID]bucket{}}
}

// take counts a request of a customer, or refuses it and says when the next one
// would be let through.
func (l *limiter) take(t session.TenantID) *fault {
	if l.rate == nil {
		return nil
	}
	rate := float64(l.rate(t))
	if rate <= 0 {
		return nil
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[t]
	if !known {
		b = bucket{left: rate, at: now}
	}
	b.left, b.at = min(rate, b.left+rate*max(0, now.Sub(b.at).Seconds())), now
	if b.left < 1 {
		l.buckets[t] = b
		return &fault{
			status: http.StatusTooManyRequests, code: "TOO_MANY_REQUESTS", message: "Rate limit reached.",
			retryAfter: int(math.Ceil((1 - b.left) / rate)),
		}
	}
	b.left--
	l.buckets[t] = b
	return nil
}
