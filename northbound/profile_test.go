// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProfilesAreForOperators(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, token string
		status            int
	}{
		{"goroutines", "/operator/v1/profile/goroutine?debug=1", "secret", http.StatusOK},
		{"not a profile", "/operator/v1/profile/none", "secret", http.StatusNotFound},
		{"without the token", "/operator/v1/profile/heap", "", http.StatusUnauthorized},
	} {
		a := newTestAdmin(t, func(c *AdminConfig) { c.Token = "secret" })
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9441"+tt.path, http.NoBody)
		if tt.token != "" {
			r.Header.Set("Authorization", "Bearer "+tt.token)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != tt.status || w.Body.Len() == 0 {
			t.Errorf("%s: status %d and %d bytes, want %d", tt.name, w.Code, w.Body.Len(), tt.status)
		}
	}
}
