// SPDX-License-Identifier: Apache-2.0

package southbound

import (
	"context"
	"time"
)

// Transaction is one change of one device. A driver turns the difference
// between Have and Want into a single device transaction; it never writes what
// does not differ and never touches what is not marked.
type Transaction struct {
	ID       string        // unique, at most 32 bytes; names the device's commit
	Fence    uint64        // fencing number of the device lease, grows with every holder
	Epoch    uint64        // store epoch, part of every mark written
	Have     DeviceConfig  // as read before; Want minus Have is what changes
	Want     DeviceConfig  // what the device shall hold
	Rollback time.Duration // the device undoes the change unless confirmed within it; 0: driver's default
}

// Reader reads back what s2cd owns on a device.
type Reader interface {
	// Read returns the marked objects, normalised. The error is an *OpError.
	Read(ctx context.Context) (DeviceConfig, error)
}

// Transactor changes a device, all or nothing. One transaction is open at a
// time on a device; the caller serialises.
type Transactor interface {
	// Apply carries out tx and leaves it to be confirmed. A device without
	// commit-confirmed has then already kept it. The error is an *OpError;
	// of kind InDoubt the device may hold either state.
	Apply(ctx context.Context, tx Transaction) error
	// Confirm makes the applied transaction permanent.
	Confirm(ctx context.Context, tx Transaction) error
	// Cancel undoes the applied transaction, on a device without
	// commit-confirmed by the inverse change.
	Cancel(ctx context.Context, tx Transaction) error
}

// Observer reports what a device measures and counts.
type Observer interface {
	// Observe returns the device's view of tunnels, probes and counters now.
	Observe(ctx context.Context) (Observation, error)
}

// Driver is one managed device.
type Driver interface {
	Reader
	Transactor
	Observer
	Close() error
}

// Observation is a device's operational state of the objects s2cd owns.
type Observation struct {
	At          time.Time
	Probes      []ProbeResult
	Tunnels     []TunnelState
	Attachments []AttachmentState
	Slots       []TunnelSlot
}

// ProbeResult holds a probe's totals since it was configured. Counters only
// grow while Started is unchanged.
type ProbeResult struct {
	VRF, Name      string
	Started        time.Time
	Sent, Received uint64
	FullSent       uint64 // full-size packets with DF
	FullReceived   uint64
	LastRTTMicros  uint32 // of the newest answered packet
	MinRTTMicros   uint32 // over the last Window packets
	MeanRTTMicros  uint32
	MaxRTTMicros   uint32
	Window         uint32 // packets the three above cover
	WindowLost     uint32 // of these, not answered
	LastReply      time.Time
	Error          string // why nothing can be sent, in words; empty: none
}

// TunnelState is what WireGuard says of a tunnel.
type TunnelState struct {
	VRF, Name     string
	LastHandshake time.Time // zero: never
	RxBytes       uint64
	TxBytes       uint64
}

// AttachmentState holds the counters of a subinterface.
type AttachmentState struct {
	Port                string
	VLAN                uint16
	InOctets, OutOctets uint64
}

// TunnelSlot is a place for a tunnel on a gateway: its UDP port and the public
// key that the next tunnel on it will have. The key changes when a tunnel is
// removed.
type TunnelSlot struct {
	Port      uint16
	PublicKey string
}
