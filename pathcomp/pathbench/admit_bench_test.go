// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

// BenchmarkAdmit searches, reserves and settles one session after another, on
// one core. When 10,000 are held they are given back, off the clock of what it
// reports as admissions.
func BenchmarkAdmit(b *testing.B) {
	dir, ok := casesDir()
	if !ok {
		b.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, name := range []string{"germany50", "csp10k"} {
		g, queries, _ := load(b, dir, name)
		b.Run(name+"/igp", func(b *testing.B) { admit(b, g, queries, (*pathcomp.Core).Search) })
		b.Run(name+"/steered", func(b *testing.B) { admit(b, g, queries, (*pathcomp.Core).Steer) })
	}
}

func admit(b *testing.B, g *pathbench.Graph, queries []pathbench.Query, search func(*pathcomp.Core, pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)) {
	a := admitting(b, g, queries, search)
	a.Most, a.About = b.N, time.Hour
	b.ReportAllocs()
	b.ResetTimer()
	got, err := a.Run()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(got.AdmissionsPerCPUSecond, "admissions/cpu-s")
	b.ReportMetric(got.AdmissionsPerSecond, "admissions/s")
	b.ReportMetric(float64(got.Admitted)/float64(b.N), "admitted")
	b.ReportMetric(float64(got.OverbookedLinkSeconds), "overbooked-s")
}

// admitting is ready to admit sessions of 100 kbit/s, for which there is room
// whatever is held.
func admitting(t testing.TB, g *pathbench.Graph, queries []pathbench.Query, search func(*pathcomp.Core, pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)) *pathbench.Admitting {
	t.Helper()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	a := &pathbench.Admitting{
		Ledger: pathcomp.NewLedger(clock), Workers: 1, Keep: 10_000,
		Traffic: &pathbench.Traffic{Network: pathbench.Network(g), Queries: queries, Kbps: 100, Start: now, Seed: 1},
		Clocks:  pathbench.Clocks{Wall: time.Now, CPU: pathbench.ProcessTime},
	}
	core, err := pathcomp.NewCore(a.Traffic.Network, a.Ledger, clock)
	if err != nil {
		t.Fatal(err)
	}
	a.Search = func(d pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal) { return search(core, d) }
	if err := a.Traffic.Prepare(t.Context(), core, a.Search); err != nil {
		t.Fatal(err)
	}
	return a
}
