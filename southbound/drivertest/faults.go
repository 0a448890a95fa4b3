// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"context"
	"slices"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

// Refuse makes Apply fail when refuse returns an error: with kind Refused, or
// as it is when it is an *southbound.OpError. nil ends it.
func (f *Fake) Refuse(refuse func(southbound.Transaction) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = refuse
}

// Unreachable makes every operation fail with that cause; nil ends it.
func (f *Fake) Unreachable(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unreachable = cause
}

// LoseNext loses the request or the reply of the next Apply.
func (f *Fake) LoseNext(d Doubt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doubt = d
}

// ForeignCommit says whether somebody else's commit is open, which makes Apply
// fail with kind Busy.
func (f *Fake) ForeignCommit(open bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.foreign = open
}

// WithoutCommitConfirmed makes the device keep a change at once.
func (f *Fake) WithoutCommitConfirmed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plain = true
}

// Hook runs at the start of every operation ("read", "apply", "confirm",
// "cancel", "observe") without a lock held: to wait, to signal, or to fail. An
// error that is no *southbound.OpError means Unreachable. nil ends it.
func (f *Fake) Hook(hook func(ctx context.Context, op string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// SetObserve makes Observe answer what observe returns for the configuration
// and the time.
func (f *Fake) SetObserve(observe func(southbound.DeviceConfig, time.Time) southbound.Observation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.observe = observe
}

// Seed puts the device in a state, as if somebody had configured it.
func (f *Fake) Seed(c southbound.DeviceConfig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.config = Clone(c)
	f.config.Normalize()
}

// Config returns what the device holds now, an open commit included.
func (f *Fake) Config() southbound.DeviceConfig {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tick()
	return Clone(f.config)
}

// Open returns the id of the commit that waits for its confirmation, or "".
func (f *Fake) Open() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tick()
	if f.open == nil {
		return ""
	}
	return f.open.id
}

// Records returns the calls of Apply, Confirm and Cancel so far, oldest first.
func (f *Fake) Records() []Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.records)
}

// Writes returns how many VRFs were created, changed or deleted so far.
func (f *Fake) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// Clone returns a copy that shares no memory with c.
func Clone(c southbound.DeviceConfig) southbound.DeviceConfig {
	c.VRFs = slices.Clone(c.VRFs)
	for i := range c.VRFs {
		v := &c.VRFs[i]
		v.ImportRTs, v.ExportRTs = slices.Clone(v.ImportRTs), slices.Clone(v.ExportRTs)
		v.Routes, v.Neighbors = slices.Clone(v.Routes), slices.Clone(v.Neighbors)
		v.Attachments, v.Tunnels, v.Probes = slices.Clone(v.Attachments), slices.Clone(v.Tunnels), slices.Clone(v.Probes)
		for j := range v.Attachments {
			v.Attachments[j].Addresses = slices.Clone(v.Attachments[j].Addresses)
		}
		for j := range v.Tunnels {
			t := &v.Tunnels[j]
			t.Addresses, t.Peer.AllowedIPs = slices.Clone(t.Addresses), slices.Clone(t.Peer.AllowedIPs)
		}
	}
	return c
}

func cloneTx(tx southbound.Transaction) southbound.Transaction {
	tx.Have, tx.Want = Clone(tx.Have), Clone(tx.Want)
	return tx
}
