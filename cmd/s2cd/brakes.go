// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
)

// Freezes implements northbound.OperatorBrakes.
func (o operations) Freezes(ctx context.Context) ([]provision.Freeze, error) {
	return o.d.store.Freezes(ctx)
}

// SetFreeze also has every device looked at again: a thaw shall not wait. A
// brake on nothing is refused; taking one off never is.
func (o operations) SetFreeze(ctx context.Context, f provision.Freeze, on bool) error {
	if on {
		if err := o.knows(f); err != nil {
			return err
		}
	}
	if err := o.d.store.SetFreeze(ctx, f, on); err != nil {
		return err
	}
	o.d.runner.Resync()
	return nil
}

// knows refuses names that the inventory does not have: a typing error would
// look like a brake.
func (o operations) knows(f provision.Freeze) error {
	var known []string
	switch f.Scope {
	case provision.FreezeDevice:
		for _, s := range o.d.runner.Status() {
			known = append(known, string(s.Device))
		}
	case provision.FreezeTenant:
		for _, t := range o.d.inventory.Tenants {
			known = append(known, string(t.ID))
		}
	case provision.FreezeAll:
		return nil
	}
	if slices.Contains(known, f.Name) {
		return nil
	}
	slices.Sort(known)
	return session.Errorf(session.NotFound, "name", "no %s is called %s, known are %s", f.Scope, f.Name, strings.Join(known, ", "))
}

// frozenTenants names tenants whose sessions are held as they are; devices show
// the other brakes themselves.
func (o operations) frozenTenants(ctx context.Context) ([]northbound.Finding, error) {
	list, err := o.d.store.Freezes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list freezes: %w", err)
	}
	var all []northbound.Finding
	for _, f := range list {
		if f.Scope == provision.FreezeTenant {
			all = append(all, northbound.Finding{Severity: "warning", Subject: "tenant " + f.Name, Detail: "frozen: " + f.Reason})
		}
	}
	return all, nil
}
