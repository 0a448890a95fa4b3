// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"maps"
	"slices"
)

// Scopes lists the scopes that the contract's operations need, sorted.
func Scopes() ([]string, error) {
	c, err := loadContract()
	if err != nil {
		return nil, fmt.Errorf("northbound: %w", err)
	}
	all := map[string]bool{}
	for _, o := range c.ops {
		all[o.scope] = true
	}
	return slices.Sorted(maps.Keys(all)), nil
}
