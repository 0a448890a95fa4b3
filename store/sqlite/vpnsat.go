// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"

	"github.com/s2cd/s2cd/session"
)

// VPNsAt implements order.Store. Every order asks it: it reads no document.
func (s *Store) VPNsAt(ctx context.Context, tenant session.TenantID, a, z string) ([]session.VPNID, error) {
	var all []session.VPNID
	err := s.readOnce(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.conn.QueryContext(ctx, `SELECT vpn FROM session WHERE tenant = ?1 AND a_point IN (?2, ?3) AND live = 1
			UNION SELECT vpn FROM session WHERE tenant = ?1 AND z_point IN (?2, ?3) AND live = 1`, string(tenant), a, z)
		if err != nil {
			return fmt.Errorf("read VPNs at %s and %s: %w", a, z, err)
		}
		defer rows.Close()
		for rows.Next() {
			var id session.VPNID
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("read VPN at %s or %s: %w", a, z, err)
			}
			all = append(all, id)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read VPNs at %s and %s: %w", a, z, err)
		}
		return nil
	})
	return all, err
}
