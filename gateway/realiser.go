// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/southbound"
)

// Desired is what the kernel shall hold.
type Desired struct {
	Config southbound.DeviceConfig
	// Keys holds the private key of every listen port that Config uses.
	Keys map[uint16]wgtypes.Key
}

// Realiser makes the kernel equal to a configuration.
type Realiser interface {
	// Apply makes, changes and removes what the agent owns until it equals
	// want. It is idempotent, adopts what already fits without touching it and
	// may be called from any state. Faults are what works less well than asked
	// for, in words. One VRF that fails does not keep the others from being
	// realised: the error joins one *ObjectError for each object that is to
	// blame; any other error in it means that nothing is known of any VRF.
	Apply(ctx context.Context, want Desired) (faults []string, err error)
	// Observe returns counters of the tunnels and attachments of cfg that are there.
	Observe(ctx context.Context, cfg southbound.DeviceConfig) (Counters, error)
}

// Counters is what the kernel counts.
type Counters struct {
	Tunnels     []TunnelCounters
	Attachments []AttachmentCounters
}

// TunnelCounters is one WireGuard interface.
type TunnelCounters struct {
	VRF, Name     string
	PublicKey     string // this end's
	LastHandshake time.Time
	RxBytes       uint64
	TxBytes       uint64
	Userspace     bool
}

// AttachmentCounters is one VLAN subinterface.
type AttachmentCounters struct {
	VRF string
	southbound.AttachmentState
}

// Prober measures.
type Prober interface {
	// Set starts, keeps and stops probes until they are those of cfg. A probe
	// that did not change keeps its totals.
	Set(cfg southbound.DeviceConfig)
	// Results returns the totals of every running probe.
	Results() []southbound.ProbeResult
	// Close stops all and waits for them.
	Close()
}

// ObjectError names the object of the configuration that cannot be realised.
type ObjectError struct {
	VRF    string // the VRF it belongs to, also one that should be gone; always set
	Object string // for example "vrf red tunnel wg0"
	Err    error
}

// Error implements error.
func (e *ObjectError) Error() string { return fmt.Sprintf("%s: %v", e.Object, e.Err) }

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }
