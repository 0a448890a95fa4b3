// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
)

// Bounds of the contract. Every JSON reader can hold that many octets.
const (
	mostOctets = 1<<53 - 1
	mostMbps   = 1_000_000
)

// Mbps renders a rate.
func Mbps(kbps uint64) int32 { return int32(min(kbps/1000, mostMbps)) }

// Millis renders a time in milliseconds.
func Millis(micros uint32) float64 { return float64(micros) / 1000 }

// Seconds renders a duration.
func Seconds(d time.Duration) int32 { return int32(min(max(d, 0)/time.Second, 1<<31-1)) }

// Percent renders a share.
func Percent(ppm uint32) float64 { return float64(ppm) / 10_000 }

// Octets renders a count.
func Octets(n uint64) int64 { return int64(min(n, mostOctets)) }

// Screaming renders a word of the core as the contract spells its enums.
func Screaming(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

// Verification renders how a session was proven.
func Verification(how string) api.Verification {
	if v := api.Verification(Screaming(how)); v.Valid() {
		return v
	}
	return api.VerificationUNKNOWN
}
