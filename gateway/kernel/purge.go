// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/gateway"
)

// Purge removes everything that is ours and gives the rule for local addresses
// its place and the host's settings their values back. The kernel need not be able to hold a VPN for it.
func Purge(ctx context.Context, cfg Config) error {
	r, err := open(cfg)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Apply(ctx, gateway.Desired{})
	faults := []error{err}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		faults = append(faults, r.moveLocalRule(family, 0))
	}
	return errors.Join(append(faults, r.restore())...)
}
