// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// readAhead looks for what the admissions of a transaction are going to ask
// for, many at once. What it does not find is known not to be there.
func (t *tx) readAhead(ctx context.Context, all []*order.Admission) error {
	if len(all) < 2 {
		return nil
	}
	for _, read := range []func(context.Context, []*order.Admission) error{
		t.readSessions, t.readKeys, t.readVPNs, t.readValues,
	} {
		if err := read(ctx, all); err != nil {
			return err
		}
	}
	t.seen.any = true
	return nil
}

func (t *tx) readSessions(ctx context.Context, all []*order.Admission) error {
	ids := make([]any, 0, len(all))
	for _, a := range all {
		ids = append(ids, string(a.Session.ID))
		t.seen.ids[a.Session.ID] = false
	}
	text := into{"SELECT s.id FROM w CROSS JOIN session s ON s.id = w.column1", 1}
	return t.w.many.find(ctx, text, ids, func(rows *sql.Rows) error {
		var id session.ID
		err := rows.Scan(&id)
		t.seen.ids[id] = true
		return err //nolint:wrapcheck // find does
	})
}

func (t *tx) readKeys(ctx context.Context, all []*order.Admission) error {
	var keys []any
	for _, a := range all {
		if a.Key != "" {
			k := keyOf(*a)
			keys = append(keys, k.Tenant, k.Client, k.Key)
			t.seen.fresh[k] = struct{}{}
		}
	}
	text := into{"SELECT i.tenant, i.client, i.key FROM w CROSS JOIN idempotency i " +
		"ON i.tenant = w.column1 AND i.client = w.column2 AND i.key = w.column3", 3}
	return t.w.many.find(ctx, text, keys, func(rows *sql.Rows) error {
		var k sqlitedb.IdempotencyKeyParams
		err := rows.Scan(&k.Tenant, &k.Client, &k.Key)
		delete(t.seen.fresh, k)
		return err //nolint:wrapcheck // find does
	})
}

func (t *tx) readVPNs(ctx context.Context, all []*order.Admission) error {
	var ids []any
	for _, a := range all {
		if id := a.Session.VPN.ID; t.seen.vpns[id] == nil {
			t.seen.vpns[id] = &vpn{whole: true}
			ids = append(ids, string(id))
		}
	}
	text := into{"SELECT v.id, v.tenant FROM w CROSS JOIN vpn v ON v.id = w.column1", 1}
	return t.w.many.find(ctx, text, ids, func(rows *sql.Rows) error {
		var id session.VPNID
		var v vpn
		err := rows.Scan(&id, &v.tenant)
		t.seen.vpns[id] = &v
		return err //nolint:wrapcheck // find does
	})
}

func (t *tx) readValues(ctx context.Context, all []*order.Admission) error {
	var holders []any
	for _, a := range all {
		for _, r := range a.Pools {
			n, err := t.poolNumber(ctx, r.Pool)
			if err != nil {
				return err
			}
			p := t.pool(n)
			if _, asked := p.values[r.Holder]; !asked {
				p.values[r.Holder] = nil
				holders = append(holders, n, r.Holder)
			}
		}
	}
	text := into{"SELECT v.pool_n, v.holder, v.value FROM w CROSS JOIN pool_value v " +
		"ON v.pool_n = w.column1 AND v.holder = w.column2", 2}
	return t.w.many.find(ctx, text, holders, func(rows *sql.Rows) error {
		var holder string
		v := poolValue{written: true}
		err := rows.Scan(&v.pool, &holder, &v.value)
		t.pool(v.pool).values[holder] = &v
		return err //nolint:wrapcheck // find does
	})
}
