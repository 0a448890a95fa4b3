// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/session"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := testNow()
	l := newLimiter(func(id session.TenantID) int { return map[session.TenantID]int{"acme": 2}[id] }, func() time.Time { return now })
	steps := []struct {
		pass   time.Duration
		tenant session.TenantID
		ok     bool
	}{
		{0, "acme", true},
		{0, "acme", true},
		{0, "acme", false},
		{0, "other", true}, // no limit
		{0, "other", true},
		{0, "other", true},
		{400 * time.Millisecond, "acme", false},
		{100 * time.Millisecond, "acme", true},
		{-time.Hour, "acme", false}, // a clock that goes back fills nothing
		{time.Hour, "acme", true},
		{0, "acme", true}, // no more than a second brings, however long it was quiet
		{0, "acme", false},
	}
	for i, s := range steps {
		now = now.Add(s.pass)
		f := l.take(s.tenant)
		if (f == nil) != s.ok {
			t.Errorf("step %d: %v", i, f)
		}
		if f != nil && f.retryAfter != 1 {
			t.Errorf("step %d: Retry-After %d", i, f.retryAfter)
		}
	}
}
