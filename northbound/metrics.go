// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts requests by operation and status. A nil Metrics counts nothing.
type Metrics struct {
	requests *prometheus.HistogramVec

	mu   sync.Mutex                      // guards seen
	seen map[outcome]prometheus.Observer // of requests: to look one up by its labels takes longer than to count
}

type outcome struct {
	operation string
	status    int
}

// NewMetrics registers the API's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "s2cd_api_request_seconds", Help: "Time to answer a request of the customers' API.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"operation", "status"}), seen: map[outcome]prometheus.Observer{}}
	reg.MustRegister(m.requests)
	return m
}

func (m *Metrics) observe(operation string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.of(outcome{operation, status}).Observe(took.Seconds())
}

func (m *Metrics) of(o outcome) prometheus.Observer {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.seen[o]
	if !ok {
		one = m.requests.WithLabelValues(o.operation, strconv.Itoa(o.status))
		m.seen[o] = one
	}
	return one
}
