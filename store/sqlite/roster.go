// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// roster is what the writer knows by heart of live sessions, since every order
// asks for it and would change it: in which VPNs those at an access point are, and
// how many own a value of a pool. It is counted when the store is opened, and
// follows each commit from then on.
type roster struct {
	owners map[owned]int64 // the writer's alone
	unsure bool            // a commit may have taken place or not: it is to be counted anew

	mu sync.RWMutex // guards the below, which others read
	at map[place]map[session.VPNID]int
}

// owned is a value of a pool.
type owned struct{ pool, value int64 }

// place is a customer's access point.
type place struct {
	tenant session.TenantID
	point  string
}

// stay is what a session is part of while it lives.
type stay struct {
	tenant session.TenantID
	vpn    session.VPNID
	a, z   string // access points
}

// turnover is what a transaction changes in the roster.
type turnover struct {
	owners map[owned]int64 // how many more own a value, or fewer
	stays  map[stay]int    // how many more sessions live so, or fewer
}

func newTurnover() turnover { return turnover{owners: map[owned]int64{}, stays: map[stay]int{}} }

// count has a roster know what the store holds, and nothing else.
func (r *roster) count(ctx context.Context, q *sqlitedb.Queries) error {
	rows, err := q.LiveSessions(ctx)
	if err != nil {
		return fmt.Errorf("count live sessions: %w", err)
	}
	all := newTurnover()
	for _, row := range rows {
		all.stays[stay{session.TenantID(row.Tenant), session.VPNID(row.Vpn), row.APoint, row.ZPoint}]++
		values, err := ownedIn(row.PoolValues)
		if err != nil {
			return fmt.Errorf("count owners of pool values: a session of VPN %s: %w", row.Vpn, err)
		}
		for _, of := range values {
			all.owners[of]++
		}
	}
	r.unsure, r.owners = false, map[owned]int64{}
	r.mu.Lock()
	r.at = map[place]map[session.VPNID]int{}
	r.mu.Unlock()
	r.committed(all)
	return nil
}

// committed takes in what a transaction changed.
func (r *roster) committed(by turnover) {
	for of, more := range by.owners {
		if r.owners[of] += more; r.owners[of] == 0 {
			delete(r.owners, of)
		}
	}
	if len(by.stays) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, more := range by.stays {
		for _, at := range [2]place{{s.tenant, s.a}, {s.tenant, s.z}} {
			r.add(at, s.vpn, more)
		}
	}
}

// add counts more sessions of a VPN at a place, or fewer. The caller holds mu.
func (r *roster) add(at place, vpn session.VPNID, more int) {
	if r.at[at] == nil {
		r.at[at] = map[session.VPNID]int{}
	}
	if r.at[at][vpn] += more; r.at[at][vpn] == 0 {
		delete(r.at[at], vpn)
	}
	if len(r.at[at]) == 0 {
		delete(r.at, at)
	}
}

// VPNsAt implements order.Store.
func (s *Store) VPNsAt(_ context.Context, tenant session.TenantID, a, z string) ([]session.VPNID, error) {
	r := s.writer.roster
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := slices.AppendSeq(slices.Collect(maps.Keys(r.at[place{tenant, a}])), maps.Keys(r.at[place{tenant, z}]))
	slices.Sort(all)
	return slices.Compact(all), nil
}

// owns changes how many own a value in the part under way, and returns how many do
// then.
func (t *tx) owns(of owned, more int64) int64 {
	t.undo = append(t.undo, func() { t.turnover.owners[of] -= more })
	t.turnover.owners[of] += more
	return t.w.roster.owners[of] + t.turnover.owners[of]
}

// lives changes how many sessions live so in the part under way.
func (t *tx) lives(s stay, more int) {
	t.undo = append(t.undo, func() { t.turnover.stays[s] -= more })
	t.turnover.stays[s] += more
}

// ownedIn returns the values that a session owns, as its row keeps them; with an
// error, those before the fault.
func ownedIn(kept []byte) (values []owned, err error) {
	for len(kept) > 0 {
		var of owned
		if of.pool, of.value, kept, err = cutPair(kept); err != nil {
			return values, err
		}
		values = append(values, of)
	}
	return values, nil
}
