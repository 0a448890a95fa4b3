// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"testing"
)

// FuzzQueries sends query strings to what only reads.
func FuzzQueries(f *testing.F) {
	b := withSession(f)
	for _, seed := range []string{
		"page=1&perPage=100&orderBy=name&order=asc", "createdAt.gte=2026-12-01T08:00:00Z&startTime.lte=2026-12-01T08:00:00%2B01:00",
		"windowStart.gte=2026-12-01T08:00:00Z&windowStart.lte=9999-12-31T23:59:60Z", "page=2147483647", "status=REQUESTED,&sla=A,A,A,A", "orderBy", "%zz", "name=%00",
	} {
		for kind := range uint8(3) {
			f.Add(kind, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, query string) {
		q := get([]string{"/sessions", performancePath, someID}[kind%3])
		q.rawQuery = query
		if res := b.do(t, q); res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s?%s: answer %d", q.path, query, res.StatusCode)
		}
		b.log.Reset()
		b.core.filters, b.core.windows, b.core.callers = nil, nil, nil
	})
}
