// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/gnmi"
)

// paced is a model that computes only while it holds one of the turns that all
// devices share. What a device of hundreds of VRFs is compared with and rendered
// to takes seconds of a processor; were all devices to take them at once, every
// customer's request would wait behind them. A turn rests as long as it was used,
// so that they get a quarter of the processors in the long run, and requests those
// they need. Waiting for a device takes no turn.
type paced struct {
	gnmi.Model

	turns chan struct{} // room for those that compute at the same time
}

// newTurns lets half of the processors compute for devices, one at least.
func newTurns() chan struct{} { return make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)) }

func (p paced) enter() (leave func()) {
	p.turns <- struct{}{}
	began := time.Now()
	return func() { time.AfterFunc(time.Since(began), func() { <-p.turns }) }
}

// Changes implements gnmi.Model.
func (p paced) Changes(have, want southbound.DeviceConfig, epoch uint64) (*gpb.SetRequest, error) {
	defer p.enter()()
	return p.Model.Changes(have, want, epoch)
}

// ParseConfig implements gnmi.Model.
func (p paced) ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error) {
	defer p.enter()()
	return p.Model.ParseConfig(notifications)
}

// ParseState implements gnmi.Model.
func (p paced) ParseState(notifications []*gpb.Notification, now time.Time) (southbound.Observation, error) {
	defer p.enter()()
	return p.Model.ParseState(notifications, now)
}
