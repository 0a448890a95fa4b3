// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"encoding/base64"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

// Ports of the tunnels that Answering has keys for: the first, and how many.
const (
	firstTunnelPort = 51820
	tunnelPorts     = 10
)

// Answering is a gateway, for SetObserve, on which every probe comes back as soon
// as it is configured, after 2.5 ms. Its tunnels have keys of their own.
func Answering(c southbound.DeviceConfig, now time.Time) southbound.Observation {
	o := southbound.Observation{At: now}
	for _, v := range c.VRFs {
		for _, p := range v.Probes {
			o.Probes = append(o.Probes, southbound.ProbeResult{
				VRF: v.Name, Name: p.Name, Sent: 10, Received: 10, FullSent: 2, FullReceived: 2,
				MeanRTTMicros: 2500, Window: 10, LastReply: now,
			})
		}
	}
	for i := range uint16(tunnelPorts) {
		key := [32]byte{byte(i + 1)}
		o.Slots = append(o.Slots, southbound.TunnelSlot{Port: firstTunnelPort + i, PublicKey: base64.StdEncoding.EncodeToString(key[:])})
	}
	return o
}
