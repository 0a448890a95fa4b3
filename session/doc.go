// SPDX-License-Identifier: Apache-2.0

// Package session is the domain of s2cd: tenants and their access points, VPNs,
// sessions and their life, service levels, offers and money. It does no I/O,
// reads no clock and imports nothing of the rest but topology's vocabulary.
package session
