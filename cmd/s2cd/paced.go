// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/gnmi"
)

// paced is a model that computes in the turns that all devices share.
type paced struct {
	gnmi.Model

	turns provision.Turns
}

// Changes implements gnmi.Model.
func (p paced) Changes(have, want southbound.DeviceConfig, epoch uint64) (*gpb.SetRequest, error) {
	leave := p.turns.Enter()
	defer leave()
	return p.Model.Changes(have, want, epoch)
}

// ParseConfig implements gnmi.Model.
func (p paced) ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error) {
	leave := p.turns.Enter()
	defer leave()
	return p.Model.ParseConfig(notifications)
}

// ParseState implements gnmi.Model.
func (p paced) ParseState(notifications []*gpb.Notification, now time.Time) (southbound.Observation, error) {
	leave := p.turns.Enter()
	defer leave()
	return p.Model.ParseState(notifications, now)
}
