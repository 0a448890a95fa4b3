// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"net/http/pprof"
)

// profiles lets an operator see where time and memory go: GET .../profile?seconds=N
// for CPU (N below 30, 10 to be told soon), GET .../profile/heap, allocs,
// goroutine, mutex or block for the others; 'go tool pprof' reads the answers. GET
// .../profile/trace?seconds=N says what waits for what; 'go tool trace' reads it.
func (a *Admin) profiles() {
	a.mux.HandleFunc("GET "+operatorPath+"/profile", pprof.Profile)
	a.mux.HandleFunc("GET "+operatorPath+"/profile/trace", pprof.Trace)
	a.mux.HandleFunc("GET "+operatorPath+"/profile/{name}", func(w http.ResponseWriter, r *http.Request) {
		pprof.Handler(r.PathValue("name")).ServeHTTP(w, r)
	})
}
