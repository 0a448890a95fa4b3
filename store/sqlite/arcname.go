// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"sync"

	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
	"github.com/s2cd/s2cd/topology"
)

// arcNames keeps the numbers that arcs have in this store. An arc keeps its
// number for ever, so what is known stays true.
type arcNames struct {
	mu      sync.RWMutex // guards all below
	numbers map[topology.ArcName]int64
	names   map[int64]topology.ArcName
}

func newArcNames() *arcNames {
	return &arcNames{numbers: map[topology.ArcName]int64{}, names: map[int64]topology.ArcName{}}
}

func (a *arcNames) number(name topology.ArcName) (int64, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	n, ok := a.numbers[name]
	return n, ok
}

// add makes arcs known whose rows are durable.
func (a *arcNames) add(numbers map[topology.ArcName]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, n := range numbers {
		a.numbers[name], a.names[n] = n, name
	}
}

// of returns what finds the name of an arc by its number, in the snapshot that
// q reads where the arc is not known yet.
func (a *arcNames) of(ctx context.Context, q *sqlitedb.Queries) func(int64) (topology.ArcName, error) {
	return func(n int64) (topology.ArcName, error) {
		if name, ok := a.name(n); ok {
			return name, nil
		}
		rows, err := q.Arcs(ctx)
		if err != nil {
			return "", fmt.Errorf("read arcs: %w", err)
		}
		all := make(map[topology.ArcName]int64, len(rows))
		for _, row := range rows {
			all[topology.ArcName(row.Name)] = row.N
		}
		a.add(all)
		if name, ok := a.name(n); ok {
			return name, nil
		}
		return "", fmt.Errorf("there is no arc %d", n)
	}
}

func (a *arcNames) name(n int64) (topology.ArcName, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	name, ok := a.names[n]
	return name, ok
}
