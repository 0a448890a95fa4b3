// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// pool returns the number of a pool, made with all its values free if there
// is none of that name.
func (t *tx) pool(ctx context.Context, name string) (int64, error) {
	if n, ok := t.pools[name]; ok {
		return n, nil
	}
	n, err := t.q.Pool(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		if n, err = t.q.InsertPool(ctx, name); err == nil {
			err = t.q.InsertGap(ctx, sqlitedb.InsertGapParams{PoolN: n, First: 0, Last: math.MaxInt64})
		}
	}
	if err != nil {
		return 0, fmt.Errorf("read pool %s: %w", name, err)
	}
	t.pools[name] = n
	t.undo = append(t.undo, func() { delete(t.pools, name) })
	return n, nil
}

// value returns the value that the holder of r has, or the lowest free one.
func (t *tx) value(ctx context.Context, r order.PoolRequest) (n, value int64, err error) {
	pool, err := t.pool(ctx, r.Pool)
	if err != nil {
		return 0, 0, err
	}
	has, err := t.q.ValueOf(ctx, sqlitedb.ValueOfParams{PoolN: pool, Holder: r.Holder})
	if err == nil {
		return has.N, has.Value, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("read value of %s in pool %s: %w", r.Holder, r.Pool, err)
	}
	if value, err = t.takeLowest(ctx, pool, r); err != nil {
		return 0, 0, err
	}
	n, err = t.q.InsertValue(ctx, sqlitedb.InsertValueParams{PoolN: pool, Value: value, Holder: r.Holder})
	if err != nil {
		return 0, 0, fmt.Errorf("give value %d of pool %s: %w", value, r.Pool, err)
	}
	return n, value, nil
}

func (t *tx) takeLowest(ctx context.Context, pool int64, r order.PoolRequest) (int64, error) {
	least, err := signed("pool value", r.Min)
	if err != nil {
		return 0, err
	}
	most, err := signed("pool value", r.Max)
	if err != nil {
		return 0, err
	}
	gap, err := t.q.FirstGap(ctx, sqlitedb.FirstGapParams{Pool: pool, Least: least})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read free values of pool %s: %w", r.Pool, err)
	}
	value := max(gap.First, least)
	if (err != nil || value > most) && r.Contended {
		return 0, fmt.Errorf("pool %s has no free value: %w", r.Pool, order.ErrConflict)
	}
	if err != nil || value > most {
		return 0, session.Errorf(session.NoResources, "", "pool %s has no free value from %d to %d", r.Pool, r.Min, r.Max)
	}
	if gap.First < value {
		err = t.q.InsertGap(ctx, sqlitedb.InsertGapParams{PoolN: pool, First: gap.First, Last: value - 1})
	} else {
		err = nil
	}
	if err == nil && value < gap.Last {
		err = t.q.MoveGap(ctx, sqlitedb.MoveGapParams{First: value + 1, PoolN: pool, Last: gap.Last})
	} else if err == nil {
		err = t.q.DeleteGap(ctx, sqlitedb.DeleteGapParams{PoolN: pool, Last: gap.Last})
	}
	if err != nil {
		return 0, fmt.Errorf("take value %d of pool %s: %w", value, r.Pool, err)
	}
	return value, nil
}

// disown ends a session's share in its values and frees those that nobody
// else shares.
func (t *tx) disown(ctx context.Context, session int64) error {
	owned, err := t.q.OwnedValues(ctx, session)
	if err != nil {
		return fmt.Errorf("read pool values: %w", err)
	}
	for _, v := range owned {
		if err := t.q.DeleteOwner(ctx, sqlitedb.DeleteOwnerParams{SessionN: session, ValueN: v.N}); err != nil {
			return fmt.Errorf("disown pool value %d: %w", v.Value, err)
		}
		others, err := t.q.ValueOwned(ctx, v.N)
		if err != nil {
			return fmt.Errorf("read owners of pool value %d: %w", v.Value, err)
		}
		if others {
			continue
		}
		if err := t.q.DeleteValue(ctx, v.N); err != nil {
			return fmt.Errorf("free pool value %d: %w", v.Value, err)
		}
		if err := t.widen(ctx, v.PoolN, v.Value); err != nil {
			return fmt.Errorf("free pool value %d: %w", v.Value, err)
		}
	}
	return nil
}

// widen adds a freed value to the gaps, joining those it touches.
func (t *tx) widen(ctx context.Context, pool, value int64) error {
	first, last := value, value
	if value > 0 {
		left, err := t.q.FirstGap(ctx, sqlitedb.FirstGapParams{Pool: pool, Least: value - 1})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && left.Last == value-1 {
			first = left.First
			if err := t.q.DeleteGap(ctx, sqlitedb.DeleteGapParams{PoolN: pool, Last: left.Last}); err != nil {
				return err
			}
		}
	}
	if value < math.MaxInt64 {
		right, err := t.q.FirstGap(ctx, sqlitedb.FirstGapParams{Pool: pool, Least: value + 1})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && right.First == value+1 {
			return t.q.MoveGap(ctx, sqlitedb.MoveGapParams{First: first, PoolN: pool, Last: right.Last})
		}
	}
	return t.q.InsertGap(ctx, sqlitedb.InsertGapParams{PoolN: pool, First: first, Last: last})
}
