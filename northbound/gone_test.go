// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestClientThatLeavesIsNoFault: what alarms go by does not count it.
func TestClientThatLeavesIsNoFault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.core.hang = true
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, "GET", "https://api.example.com"+BasePath+"/sessions", nil)
	r.Header.Set("Authorization", "Bearer acme")
	b.srv.ServeHTTP(httptest.NewRecorder(), r)
	if log := b.log.String(); !strings.Contains(log, "status=499") || strings.Contains(log, "level=ERROR") {
		t.Error(log)
	}
}
