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
func (p paced) Changes(have, want southbound.DeviceConfig, epoch uint64) (req *gpb.SetRequest, err error) {
	p.turns.Do(func() { req, err = p.Model.Changes(have, want, epoch) })
	return req, err
}

// ParseConfig implements gnmi.Model.
func (p paced) ParseConfig(notifications []*gpb.Notification) (c southbound.DeviceConfig, err error) {
	p.turns.Do(func() { c, err = p.Model.ParseConfig(notifications) })
	return c, err
}

// ParseState implements gnmi.Model.
func (p paced) ParseState(notifications []*gpb.Notification, now time.Time) (o southbound.Observation, err error) {
	p.turns.Do(func() { o, err = p.Model.ParseState(notifications, now) })
	return o, err
}
