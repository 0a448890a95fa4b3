// SPDX-License-Identifier: Apache-2.0

package pe

import "context"

// treeOnly is a box that is nothing but the tree: what the schema, the limits
// and the transactions do is real, no namespace and no FRR is needed.
type treeOnly struct{}

var _ realiser = treeOnly{}

// Apply implements realiser.
func (treeOnly) Apply(_ context.Context, _ *Plan, halfway func() error) error {
	if halfway == nil {
		return nil
	}
	return halfway()
}
