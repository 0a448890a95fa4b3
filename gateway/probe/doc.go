// SPDX-License-Identifier: Apache-2.0

// Package probe measures from inside a VRF with ICMP echo (RFC 792, RFC 4443):
// round trip and loss by small packets, and by full-size ones with the
// don't-fragment bit whether the path carries the promised MTU. It knows no
// gNMI and changes nothing.
package probe
