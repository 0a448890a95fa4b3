// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
)

// BenchmarkAdmit searches, reserves and settles one session after another, on
// one core, and gives the oldest back once many are held.
func BenchmarkAdmit(b *testing.B) {
	dir, ok := casesDir()
	if !ok {
		b.Log("no cases here: set S2CD_PATHCOMP_BENCH to their folder")
		return
	}
	for _, name := range []string{"germany50", "csp10k"} {
		g, queries, _ := load(b, dir, name)
		n := pathbench.Network(g)
		b.Run(name+"/igp", func(b *testing.B) { admit(b, n, queries, (*pathcomp.Core).Search) })
		b.Run(name+"/steered", func(b *testing.B) { admit(b, n, queries, (*pathcomp.Core).Steer) })
	}
}

func admit(b *testing.B, n *topology.Network, queries []pathbench.Query, search func(*pathcomp.Core, pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)) {
	ledger := pathcomp.NewLedger(time.Now)
	core, err := pathcomp.NewCore(n, ledger, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	now := time.Now()
	demand := func(i int) pathcomp.Demand {
		q := queries[i%len(queries)]
		from := now.Add(time.Duration(r.IntN(86400)) * time.Second)
		return pathcomp.Demand{
			From: pathcomp.Terminal{Node: n.Nodes[q.From].Name}, To: pathcomp.Terminal{Node: n.Nodes[q.To].Name},
			Kbps: [2]uint64{1000, 1000}, Class: "gold", BookingPermille: 1000,
			Window: pathcomp.Window{From: from, Until: from.Add(time.Duration(1+r.IntN(86400)) * time.Second)},
		}
	}
	for i := range queries {
		_, _ = search(core, demand(i)) // warms the bounds up
	}
	var held []string
	seq := uint64(0)
	admitted := 0
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	for i := range b.N {
		a, refusal := search(core, demand(i))
		if refusal != nil {
			continue
		}
		owner := fmt.Sprint(i)
		if err := ledger.Reserve(owner, a); err != nil {
			b.Fatal(err)
		}
		seq++
		ledger.Settle([]pathcomp.Booking{{Seq: seq, Owner: owner, Class: a.Class, Window: a.Window, Uses: a.Uses}})
		admitted++
		if held = append(held, owner); len(held) > 10_000 {
			seq++
			ledger.Settle([]pathcomp.Booking{{Seq: seq, Owner: held[0], Release: true, Variant: pathcomp.EveryVariant}})
			held = held[1:]
		}
	}
	b.ReportMetric(float64(admitted)/(cpuTime(b)-before).Seconds(), "admissions/cpu-s")
	b.ReportMetric(float64(admitted)/b.Elapsed().Seconds(), "admissions/s")
	b.ReportMetric(float64(admitted)/float64(b.N), "admitted")
}

// cpuTime returns what the process has used: on a shared machine the clock on
// the wall says little.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
