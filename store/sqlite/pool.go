// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// pool is a pool as admissions see it.
type pool struct {
	n      int64
	values map[string]*poolValue // by holder; nil: it has none
	gap    *gap
}

// poolValue is a value that a holder has, and what waits to be written of it.
type poolValue struct {
	pool, value int64
	written     bool
}

// gap is the first range of free values from a certain value on, of which the
// lowest may be taken and not yet written.
type gap struct {
	least       int64 // no gap ends between least and last
	first, last int64
	changed     bool // not yet written as it is
	empty       bool
}

// poolNumber returns the number of a pool, made with all its values free if
// there is none of that name: then it stays, whatever becomes of the part under
// way.
func (t *tx) poolNumber(ctx context.Context, name string) (int64, error) {
	if n, ok := t.w.pools[name]; ok {
		return n, nil
	}
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
	if t.saved {
		t.undo = append(t.undo, func() { delete(t.pools, name) })
	}
	return n, nil
}

// pool returns a pool by its number.
func (t *tx) pool(n int64) *pool {
	p := t.seen.pools[n]
	if p == nil {
		p = &pool{n: n, values: map[string]*poolValue{}}
		t.seen.pools[n] = p
	}
	return p
}

// value returns the value that the holder of r has, or the lowest free one.
func (t *tx) value(ctx context.Context, r order.PoolRequest) (*poolValue, error) {
	n, err := t.poolNumber(ctx, r.Pool)
	if err != nil {
		return nil, err
	}
	p := t.pool(n)
	has, known := p.values[r.Holder]
	if !known {
		value, err := t.q.ValueOf(ctx, sqlitedb.ValueOfParams{PoolN: n, Holder: r.Holder})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("read value of %s in pool %s: %w", r.Holder, r.Pool, err)
		}
		if err == nil {
			has = &poolValue{pool: n, value: value, written: true}
		}
		p.values[r.Holder] = has
	}
	if has != nil {
		return has, nil
	}
	value, err := t.takeLowest(ctx, p, r)
	if err != nil {
		return nil, err
	}
	has = &poolValue{pool: n, value: value}
	p.values[r.Holder] = has
	t.undo = append(t.undo, func() { p.values[r.Holder] = nil })
	return has, nil
}

// own makes a session one more owner of values and returns how its row keeps
// them. The same value twice counts once.
func (t *tx) own(values []*poolValue) []byte {
	kept := make([]byte, 0, 4*len(values))
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			continue
		}
		t.owns(owned{v.pool, v.value}, 1)
		kept = appendPair(kept, v.pool, v.value)
	}
	return kept
}

// writePools writes what waits of pools. How many own a value is not written: the
// roster knows.
func (t *tx) writePools(ctx context.Context) error {
	var rows []any
	for _, p := range t.seen.pools {
		if err := t.writeGap(ctx, p.n, p.gap); err != nil {
			return err
		}
		for holder, v := range p.values {
			if v != nil && !v.written {
				rows = append(rows, v.pool, v.value, holder)
			}
		}
	}
	return t.w.many.insert(ctx, into{"INSERT INTO pool_value (pool_n, value, holder)", 3}, rows)
}

func (t *tx) takeLowest(ctx context.Context, p *pool, r order.PoolRequest) (int64, error) {
	least, err := signed("pool value", r.Min)
	if err != nil {
		return 0, err
	}
	most, err := signed("pool value", r.Max)
	if err != nil {
		return 0, err
	}
	free, err := t.findGap(ctx, p, least)
	if err != nil {
		return 0, fmt.Errorf("read free values of pool %s: %w", r.Pool, err)
	}
	value := int64(math.MaxInt64)
	if free != nil {
		value = max(free.first, least)
	}
	if free == nil || value > most {
		if r.Contended {
			return 0, fmt.Errorf("pool %s has no free value: %w", r.Pool, order.ErrConflict)
		}
		return 0, &session.Error{ // pools are named after devices
			Code: session.NoResources, Detail: "there is no place for one more connection at these ends",
			Err: fmt.Errorf("pool %s has no free value from %d to %d", r.Pool, r.Min, r.Max),
		}
	}
	if value > free.first {
		if err := t.splitGap(ctx, p, value); err != nil {
			return 0, fmt.Errorf("take value %d of pool %s: %w", value, r.Pool, err)
		}
		return value, nil
	}
	before := *free
	t.undo = append(t.undo, func() { *free = before })
	free.changed, free.empty = true, free.first == free.last
	if !free.empty {
		free.first++
	}
	return value, nil
}

// findGap returns the first gap that has values from least on, nil if there is
// none.
func (t *tx) findGap(ctx context.Context, p *pool, least int64) (*gap, error) {
	if g := p.gap; g != nil && !g.empty && g.least <= least && least <= g.last {
		return g, nil
	}
	if err := t.letGap(ctx, p); err != nil {
		return nil, err
	}
	row, err := t.q.FirstGap(ctx, sqlitedb.FirstGapParams{Pool: p.n, Least: least})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	if err != nil {
		return nil, err
	}
	p.gap = &gap{least: least, first: row.First, last: row.Last}
	return p.gap, nil
}

// splitGap takes a value out of the middle of p's gap.
func (t *tx) splitGap(ctx context.Context, p *pool, value int64) error {
	g := *p.gap
	if err := t.save(ctx); err != nil {
		return err
	}
	if err := t.letGap(ctx, p); err != nil {
		return err
	}
	if err := t.q.InsertGap(ctx, sqlitedb.InsertGapParams{PoolN: p.n, First: g.first, Last: value - 1}); err != nil {
		return err
	}
	if value < g.last {
		return t.q.MoveGap(ctx, sqlitedb.MoveGapParams{First: value + 1, PoolN: p.n, Last: g.last})
	}
	return t.q.DeleteGap(ctx, sqlitedb.DeleteGapParams{PoolN: p.n, Last: g.last})
}

// letGap writes p's gap if it must, and forgets it.
func (t *tx) letGap(ctx context.Context, p *pool) error {
	g := p.gap
	if g == nil {
		return nil
	}
	if g.changed {
		if err := t.save(ctx); err != nil {
			return err
		}
	}
	t.undo = append(t.undo, func() { p.gap = g })
	p.gap = nil
	return t.writeGap(ctx, p.n, g)
}

// writeGap writes a gap that has changed.
func (t *tx) writeGap(ctx context.Context, pool int64, g *gap) (err error) {
	switch {
	case g == nil || !g.changed:
		return nil
	case g.empty:
		err = t.q.DeleteGap(ctx, sqlitedb.DeleteGapParams{PoolN: pool, Last: g.last})
	default:
		err = t.q.MoveGap(ctx, sqlitedb.MoveGapParams{First: g.first, PoolN: pool, Last: g.last})
	}
	if err != nil {
		return fmt.Errorf("write free values of pool %d: %w", pool, err)
	}
	return nil
}

// disown ends a session's share in its values and frees those that nobody
// else shares.
func (t *tx) disown(ctx context.Context, session int64) error {
	kept, err := t.q.OwnedValues(ctx, session)
	if err != nil {
		return fmt.Errorf("read pool values: %w", err)
	}
	values, err := ownedIn(kept)
	if err != nil {
		return fmt.Errorf("read pool values: %w", err)
	}
	for _, of := range values {
		if t.owns(of, -1) > 0 {
			continue
		}
		n, err := t.q.DeleteValue(ctx, sqlitedb.DeleteValueParams{PoolN: of.pool, Value: of.value})
		if err == nil && n != 1 {
			err = errors.New("it was not taken")
		}
		if err != nil {
			return fmt.Errorf("free value %d of pool %d: %w", of.value, of.pool, err)
		}
		if err := t.widen(ctx, of.pool, of.value); err != nil {
			return fmt.Errorf("free value %d of pool %d: %w", of.value, of.pool, err)
		}
	}
	if err := t.q.DisownValues(ctx, session); err != nil {
		return fmt.Errorf("write pool values: %w", err)
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
