// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// Audit looks for what should never be: bandwidth or pool values held by
// nobody, values that are neither taken nor free, or both. It returns each
// fault in words; none is the only good answer.
func (s *Store) Audit(ctx context.Context) ([]string, error) {
	var faults []string
	err := s.readLong(ctx, func(ctx context.Context, r *reader) error {
		for _, look := range []struct {
			at     func(context.Context) ([]string, error)
			format string
		}{
			{r.q.ReleasedHolders, "session %s is released and holds bandwidth or pool values"},
			{r.q.WrongTenantUse, "the use of tenant %s is not the sum of its sessions"},
			{r.q.WrongListed, "how many sessions tenant %s has is not how many there are"},
			{r.q.WrongPhases, "how many sessions are %s is not how many there are"},
			{r.q.StrayVPNs, "VPN %s has no session"},
			{r.q.StrayBookings, "%s has bandwidth booked and is neither a live session nor a live hold"},
			{r.q.StrayWarnings, "hold %s has ended, and its customer is still to be warned"},
		} {
			names, err := look.at(ctx)
			if err != nil {
				return fmt.Errorf("audit: %w", err)
			}
			for _, name := range names {
				faults = append(faults, fmt.Sprintf(look.format, name))
			}
		}
		of, err := auditPools(ctx, r.q)
		faults = append(faults, of...)
		return err
	})
	return faults, err
}

// stretch is a run of values that is free, or one value that is taken.
type stretch struct {
	first, last int64
}

// auditPools checks that values and gaps together are each number once.
func auditPools(ctx context.Context, q *sqlitedb.Queries) ([]string, error) {
	values, err := q.PoolValues(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit pool values: %w", err)
	}
	gaps, err := q.PoolGaps(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit free pool values: %w", err)
	}
	owners, faults, err := ownersOf(ctx, q)
	if err != nil {
		return nil, err
	}
	pools := map[string][]stretch{}
	for _, v := range values {
		pools[v.Name] = append(pools[v.Name], stretch{v.Value, v.Value})
		if owners[owned{v.N, v.Value}] == 0 {
			faults = append(faults, fmt.Sprintf("value %d of pool %s (%s) is taken and nobody owns it", v.Value, v.Name, v.Holder))
		}
		delete(owners, owned{v.N, v.Value})
	}
	for of := range owners {
		faults = append(faults, fmt.Sprintf("value %d of pool %d is owned and not taken", of.value, of.pool))
	}
	for _, g := range gaps {
		pools[g.Name] = append(pools[g.Name], stretch{g.First, g.Last})
	}
	for name, line := range pools {
		slices.SortFunc(line, func(a, b stretch) int { return cmp.Compare(a.first, b.first) })
		next := int64(0)
		for i, one := range line {
			end := i == len(line)-1
			if one.first != next || one.last < one.first || end != (one.last == math.MaxInt64) {
				faults = append(faults, fmt.Sprintf("pool %s is wrong at value %d", name, next))
				break
			}
			next = one.last + 1
		}
	}
	return faults, nil
}

// ownersOf counts the sessions that own each value of each pool.
func ownersOf(ctx context.Context, q *sqlitedb.Queries) (owners map[owned]int64, faults []string, err error) {
	rows, err := q.Owners(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("audit owners of pool values: %w", err)
	}
	owners = map[owned]int64{}
	for _, row := range rows {
		values, err := ownedIn(row.PoolValues)
		if err != nil {
			faults = append(faults, fmt.Sprintf("the pool values of session %s cannot be read", row.ID))
		}
		for _, of := range values {
			owners[of]++
		}
	}
	return owners, faults, nil
}
