// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"encoding/json"
	"net/http"
)

// FaultsHandler is how scenarios reach the fault verbs:
//
//	POST /{pe}/fault   a [Fault] in JSON, durations in nanoseconds; {} heals
//	POST /{pe}/cut     drops the connections
//	GET  /state        counters by PE
//
// It has no protection: bind it to loopback only.
func FaultsHandler(pes []*PE) http.Handler {
	mux := http.NewServeMux()
	for _, p := range pes {
		mux.HandleFunc("POST /"+p.Name()+"/fault", func(w http.ResponseWriter, r *http.Request) {
			var f Fault
			dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&f); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			p.Faults().Inject(f)
			w.WriteHeader(http.StatusNoContent)
		})
		mux.HandleFunc("POST /"+p.Name()+"/cut", func(w http.ResponseWriter, _ *http.Request) {
			p.Faults().Cut()
			w.WriteHeader(http.StatusNoContent)
		})
	}
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		out := map[string]map[string]int{}
		for _, p := range pes {
			out[p.Name()] = p.Faults().Counters()
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the client has gone
	})
	return mux
}
