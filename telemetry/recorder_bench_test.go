// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"fmt"
	"testing"
	"time"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// BenchmarkTick takes in a look at a gateway with 1,000 sessions: nothing is kept.
func BenchmarkTick(b *testing.B) {
	const sessions = 1000
	l := newLab(b.Context(), b, opened(b), siteToCloud().ID)
	l.levels["A"] = session.Level{Name: "A", MeasureEvery: 10 * time.Second}
	var o southbound.Observation
	for i := range sessions {
		s := l.session
		s.ID = session.ID(fmt.Sprintf("0f3e8a52-1b7c-4a7e-9d3c-%012d", i))
		s.ExpiresAt = noon.AddDate(1, 0, 0)
		l.Follow(s)
		o.Probes = append(o.Probes, southbound.ProbeResult{Name: provision.ProbeName(provision.ProvenProbe, s.ID, "z"), Started: noon, MeanRTTMicros: 4000})
	}
	l.Flush = time.Hour
	b.ReportAllocs()
	for b.Loop() {
		l.clock = l.clock.Add(time.Second)
		for i := range o.Probes {
			o.Probes[i].Sent, o.Probes[i].Received = o.Probes[i].Sent+10, o.Probes[i].Received+10
		}
		l.monitor.look(b.Context(), Source{Device: "gw1", Observer: &told{o: o}})
		l.Tick(b.Context())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sessions, "ns/session")
}
