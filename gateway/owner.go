// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"

	"github.com/s2cd/s2cd/southbound"
)

// checkOwners refuses a change that takes a VRF from its owner: to another VPN,
// or to a store older than the one that ordered it, as after the return to an
// old backup. A delete carries no mark; its store is known by what the same
// change writes.
func checkOwners(running, next southbound.DeviceConfig) error {
	is := byName(next)
	changed := differing(running, next)
	var epoch uint64 // newest that the change writes
	writes := false
	for name := range changed {
		if v, ok := is[name]; ok {
			epoch, writes = max(epoch, v.Mark.Epoch), true
		}
	}
	for _, old := range running.VRFs {
		if !changed[old.Name] {
			continue
		}
		now, ok := is[old.Name]
		switch {
		case ok && now.Mark.VPN != old.Mark.VPN:
			return fmt.Errorf("vrf %s belongs to vpn %s, not to vpn %s", old.Name, old.Mark.VPN, now.Mark.VPN)
		case ok && now.Mark.Epoch < old.Mark.Epoch:
			return fmt.Errorf("vrf %s is of epoch %d, newer than %d", old.Name, old.Mark.Epoch, now.Mark.Epoch)
		case !ok && writes && epoch < old.Mark.Epoch:
			return fmt.Errorf("vrf %s is of epoch %d, newer than %d, and cannot be deleted", old.Name, old.Mark.Epoch, epoch)
		}
	}
	return nil
}
