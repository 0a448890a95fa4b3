// SPDX-License-Identifier: Apache-2.0

// Package gatewaytest is a kernel in memory for tests of the agent and of
// those who talk to it: it holds what was realised last and refuses on demand.
package gatewaytest

import (
	"context"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// Kernel implements gateway.Realiser in memory.
type Kernel struct {
	mu      sync.Mutex // guards all below
	held    gateway.Desired
	applies int
	refuse  func(gateway.Desired) error
	faults  []string
}

var _ gateway.Realiser = (*Kernel)(nil)

// NewKernel returns an empty one.
func NewKernel() *Kernel { return &Kernel{} }

// Refuse has Apply fail where f does. What was held then is half of both, as
// in a real kernel: the new configuration's first VRF only.
func (k *Kernel) Refuse(f func(gateway.Desired) error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = f
}

// SetFaults has Apply report these.
func (k *Kernel) SetFaults(faults ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults = faults
}

// Held returns what was realised last and how often something was.
func (k *Kernel) Held() (gateway.Desired, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held, k.applies
}

// Apply implements gateway.Realiser.
func (k *Kernel) Apply(_ context.Context, want gateway.Desired) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.applies++
	if k.refuse != nil {
		if err := k.refuse(want); err != nil {
			k.held.Config.VRFs = want.Config.VRFs[:min(1, len(want.Config.VRFs))]
			return nil, err
		}
	}
	k.held = want
	return k.faults, nil
}

// Observe implements gateway.Realiser with counters that stand still.
func (k *Kernel) Observe(_ context.Context, cfg southbound.DeviceConfig) (gateway.Counters, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out gateway.Counters
	for _, v := range cfg.VRFs {
		for _, a := range v.Attachments {
			out.Attachments = append(out.Attachments, gateway.AttachmentCounters{VRF: v.Name, AttachmentState: southbound.AttachmentState{
				Port: a.Port, VLAN: a.VLAN, InOctets: 11, OutOctets: 1 << 40,
			}})
		}
		for _, t := range v.Tunnels {
			out.Tunnels = append(out.Tunnels, gateway.TunnelCounters{
				VRF: v.Name, Name: t.Name, PublicKey: publicKey(k.held.Keys[t.ListenPort]),
				LastHandshake: time.Unix(1700000000, 0), RxBytes: 1, TxBytes: 2, Userspace: true,
			})
		}
	}
	return out, nil
}

func publicKey(k wgtypes.Key) string { return k.PublicKey().String() }

// Prober returns a gateway.Prober whose every probe is answered.
func (k *Kernel) Prober() *Prober { return &Prober{} }

// Prober implements gateway.Prober in memory.
type Prober struct {
	mu  sync.Mutex // guards cfg
	cfg southbound.DeviceConfig
}

var _ gateway.Prober = (*Prober)(nil)

// Set implements gateway.Prober.
func (p *Prober) Set(cfg southbound.DeviceConfig) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cfg = cfg
}

// Results implements gateway.Prober.
func (p *Prober) Results() []southbound.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []southbound.ProbeResult
	for _, v := range p.cfg.VRFs {
		for _, pr := range v.Probes {
			out = append(out, southbound.ProbeResult{
				VRF: v.Name, Name: pr.Name, Started: time.Unix(1700000000, 0), Sent: 10, Received: 9, FullSent: 1, FullReceived: 1,
				LastRTTMicros: 500, MinRTTMicros: 400, MeanRTTMicros: 450, MaxRTTMicros: 600, Window: 10, WindowLost: 1,
				LastReply: time.Unix(1700000001, 0),
			})
		}
	}
	return out
}

// Close implements gateway.Prober.
func (p *Prober) Close() {}
