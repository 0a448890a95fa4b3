// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts requests by operation and status. A nil Metrics counts nothing.
type Metrics struct {
	requests *prometheus.HistogramVec
}

// NewMetrics registers the API's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "s2cd_api_request_seconds", Help: "Time to answer a request of the customers' API.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"operation", "status"})}
	reg.MustRegister(m.requests)
	return m
}

func (m *Metrics) observe(operation string, status int, took time.Duration) {
	if m != nil {
		m.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
	}
}
