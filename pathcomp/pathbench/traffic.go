// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

const (
	gold = "gold" // class of all traffic
	// mostGateways bounds the destinations: clouds are reached in few places.
	mostGateways = 100
)

// Traffic makes demands of the queries on a graph, one query after the other: a
// fixed rate both ways, a round trip of at most twice the query's bound, and a
// window that begins within a day and lasts up to a day, by chance.
type Traffic struct {
	Network *topology.Network
	Queries []Query
	Kbps    uint64    // each way, of each demand
	Fresh   bool      // each round of the queries has bounds a microsecond wider: no answer is remembered
	Start   time.Time // of the day
	Seed    uint64
}

// Demand returns demand number i. The same i gives the same demand.
func (t *Traffic) Demand(i int) pathcomp.Demand {
	const day = 24 * 60 * 60 // seconds
	r := rand.New(rand.NewPCG(t.Seed, uint64(i)))
	q := t.Queries[i%len(t.Queries)]
	if t.Fresh {
		q.Micros += uint32(i / len(t.Queries))
	}
	from := t.Start.Add(time.Duration(r.IntN(day)) * time.Second)
	return pathcomp.Demand{
		From: pathcomp.Terminal{Node: t.Network.Nodes[q.From].Name}, To: pathcomp.Terminal{Node: t.Network.Nodes[q.To].Name},
		Kbps: [2]uint64{t.Kbps, t.Kbps}, Class: gold, BookingPermille: 1000, MaxRTTMicros: 2 * q.Micros,
		Window: pathcomp.Window{From: from, Until: from.Add(time.Duration(1+r.IntN(day)) * time.Second)},
	}
}

// Prepare makes an empty core ready for the traffic. It drops the queries that a
// search does not answer, for what is measured is admissions, and all but those
// to the first 100 destinations. The error says that there are none left.
func (t *Traffic) Prepare(ctx context.Context, core *pathcomp.Core, search Search) error {
	var possible []Query
	gateways := map[uint32]bool{}
	for i, q := range t.Queries {
		if !gateways[q.To] && len(gateways) == mostGateways {
			continue
		}
		gateways[q.To] = true
		core.Prepare(ctx, t.Network.Nodes[q.To].Name)
		if _, refusal := search(t.Demand(i)); refusal == nil {
			possible = append(possible, q)
		}
	}
	if t.Queries = possible; len(possible) == 0 {
		return errors.New("no query has an answer")
	}
	return nil
}

// Search answers a demand: Core.Steer, or Core.Search.
type Search func(pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)
