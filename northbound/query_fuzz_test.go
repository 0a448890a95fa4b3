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
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/sessions", performancePath, someID} {
			q := get(path)
			q.rawQuery = query
			if res := b.do(t, q); res.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s?%s: answer %d", path, query, res.StatusCode)
			}
		}
		b.log.Reset()
	})
}
